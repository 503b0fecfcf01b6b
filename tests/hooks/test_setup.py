"""From options to an open gate, and what may change while it is open."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import exceptions
from mitmproxy.test import taddons

from honeyweir import paths
from honeyweir.hooks.dispatch import Dispatch
from honeyweir.hooks.guard import Gate
from honeyweir.hooks.sentinel import NAME
from honeyweir.hooks.setup import Setup, SetupError, build
from honeyweir.record.errors import RecordError
from stage import rule, rule_id


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    """Options under which nothing outside of the test's folder is touched."""
    policy = tmp_path / "policy.yml"
    policy.write_text(rule(1, "cs-host: a"))
    return {
        "confdir": str(tmp_path),
        "weir_db": str(tmp_path / "records.db"),
        "weir_policies": [str(policy)],
    }


@pytest.fixture
def setup(context: taddons.context) -> Iterator[Setup]:
    """Loaded, as mitmproxy loads a script, but not configured."""
    made = Setup(Gate())
    context.master.addons.add(made)
    yield made
    made.done()


Start = Callable[..., Setup]


@pytest.fixture
def start(context: taddons.context, setup: Setup, given: dict[str, Any]) -> Start:
    """Configures with some options, the way mitmproxy does at its start."""

    def configure(**values: Any) -> Setup:
        context.options.update(**{**given, **values})
        return setup

    return configure


def test_loading_posts_the_sentinel_and_the_dispatch_before_the_gate_is_open(
    context: taddons.context, setup: Setup
) -> None:
    assert context.master.addons.get(NAME).gate is setup.gate
    assert isinstance(context.master.addons.trigger_event.__self__, Dispatch)
    assert setup.gate.weir is None
    assert context.options.weir_on_error == "block"


def test_configuring_opens_the_gate(start: Start, tmp_path: Path) -> None:
    weir = start(weir_keep="3k", weir_on_error="pass", ssl_insecure=True).gate.open()
    assert [found.id for found in weir.policy.rules] == [rule_id(1)]
    assert (weir.keep, weir.block_on_error, weir.verifies_origins) == (3072, False, False)
    assert weir.recorder.path == tmp_path / "records.db"


def test_the_defaults_block_and_verify(start: Start) -> None:
    weir = start().gate.open()
    assert (weir.keep, weir.block_on_error, weir.verifies_origins) == (8 << 20, True, True)


def test_large_bodies_are_streamed_from_our_limit_on(
    context: taddons.context, start: Start
) -> None:
    start(weir_stream_above="64k")
    assert context.options.stream_large_bodies == str(64 << 10)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, False),
        ({"ignore_hosts": [r"pinned\.example"]}, True),
        ({"allow_hosts": [r"shop\.example"]}, True),
    ],
)
def test_what_is_not_decrypted_is_shown_to_us(
    context: taddons.context, start: Start, values: dict[str, Any], shown: bool
) -> None:
    assert start(**values).gate.weir
    assert context.options.show_ignored_hosts is shown


def test_decoys_are_named_by_the_inventory_that_is_given(start: Start, tmp_path: Path) -> None:
    inventory = tmp_path / "decoys.yaml"
    inventory.write_text("decoys: [{address: 10.0.5.7, name: files}]\n")
    weir = start(weir_decoys=str(inventory)).gate.open()
    assert weir.connections.inventory.decoy("10.0.5.7").name == "files"


def test_without_a_word_the_policies_that_ship_are_in_force_and_records_are_at_home(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HONEYWEIR_DB", raising=False)
    monkeypatch.setenv("HONEYWEIR_HOME", str(tmp_path / "home"))
    weir = start(weir_db=None, weir_policies=[]).gate.open()
    assert weir.recorder.path == tmp_path / "home" / "records.db"
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    assert {Path(found.path).parent for found in weir.policy.rules} == {paths.policies()}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"weir_on_error": "ignore"}, "weir_on_error: 'ignore' is not one of"),
        ({"weir_keep": "lots"}, "weir_keep: 'lots' is no size"),
        ({"weir_stream_above": "-1"}, "weir_stream_above: '-1' is no size"),
        ({"weir_commit_interval": "0"}, "weir_commit_interval: 0 is not from 1"),
        ({"weir_policies": ["/nonexistent"]}, "weir_policies: nothing was loaded.\n"),
        ({"weir_decoys": "/nonexistent"}, "weir_decoys: /nonexistent"),
        ({"weir_db": "/nonexistent/records.db"}, "weir_db: "),
        ({"store_streamed_bodies": True}, "store_streamed_bodies: holds bodies"),
    ],
)
def test_a_wrong_option_is_an_error_that_names_it_and_the_gate_stays_closed(
    start: Start, caplog: pytest.LogCaptureFixture, values: dict[str, Any], message: str
) -> None:
    assert start(**values).gate.weir is None
    (error,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert error.getMessage().startswith(f"honeyweir: {message}")
    assert error.exc_info is None


def test_an_option_that_is_misspelt_is_an_error(
    context: taddons.context, setup: Setup, given: dict[str, Any]
) -> None:
    context.options.update(**given)
    context.options.set("weir_polices=x", defer=True)
    with pytest.raises(SetupError, match="did you mean 'weir_policies'"):
        build()


def test_after_a_wrong_start_nothing_opens_the_gate_later(
    context: taddons.context, start: Start, tmp_path: Path
) -> None:
    setup = start(weir_keep="lots")
    with pytest.raises(exceptions.OptionsError, match="weir_keep is read at the start"):
        context.configure(setup, weir_keep="8m")
    context.configure(setup, ssl_insecure=True)
    assert setup.gate.weir is None


@pytest.mark.parametrize("option", ["--options", "--commands"])
def test_where_options_are_only_listed_nothing_is_opened(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["mitmdump", option])
    assert start().gate.weir is None
    assert not (tmp_path / "records.db").exists()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"weir_keep": "1k"}, "weir_keep is read at the start: restart to change it"),
        ({"weir_policies": ["b"], "weir_db": "a"}, "weir_db is read at the start"),
        ({"stream_large_bodies": "1g"}, "stream_large_bodies is set by weir_stream_above"),
    ],
)
def test_a_change_that_would_not_count_is_refused(
    context: taddons.context, start: Start, values: dict[str, Any], message: str
) -> None:
    setup = start()
    weir, before = setup.gate.weir, {name: getattr(context.options, name) for name in values}
    with pytest.raises(exceptions.OptionsError, match=message):
        context.configure(setup, **values)
    assert {name: getattr(context.options, name) for name in values} == before
    assert setup.gate.weir is weir


def test_whether_origins_are_verified_follows_the_option(
    context: taddons.context, start: Start
) -> None:
    setup = start()
    context.configure(setup, ssl_insecure=True)
    assert setup.gate.open().verifies_origins is False
    context.configure(setup, ssl_insecure=False)
    assert setup.gate.open().verifies_origins is True


def test_running_says_what_is_watched(
    start: Start, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    setup = start()
    with caplog.at_level(logging.INFO):
        setup.running()
    assert f"recording to {tmp_path / 'records.db'}, 1 rules in force" in caplog.text
    assert setup.gate.open().policy.hash[:12] in caplog.text


def test_running_says_nothing_of_a_gate_that_is_closed(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    setup = start(weir_keep="lots")
    caplog.clear()
    setup.running()
    assert not caplog.records


def test_done_closes_the_gate_and_the_records(start: Start) -> None:
    setup = start()
    weir = setup.gate.open()
    setup.done()
    assert setup.gate.weir is None
    with pytest.raises(RecordError, match="the records are closed"):
        weir.recorder.set_policy(weir.policy.hash, weir.policy.content)


def test_a_script_that_is_loaded_again_opens_the_gate_that_the_sentinel_watches(
    context: taddons.context, start: Start
) -> None:
    old = start()
    context.master.addons.remove(old)
    new = Setup(Gate())
    context.master.addons.add(new)
    assert old.gate.weir is None
    assert context.master.addons.get(NAME).gate is new.gate
    context.configure(new)
    assert new.gate.open().policy.rules
    new.done()
