"""No exception of ours reaches mitmproxy, whatever raises and wherever."""

import logging
from collections.abc import Callable

import pytest
from mitmproxy import connection
from mitmproxy.test import tflow

from honeyweir.hooks.guard import ClosedError, Gate, Hooks, guarded
from honeyweir.model import Event
from hooks.conftest import Stand


class Failing(Hooks[connection.Client]):
    """An addon of ours whose hook raises, and of which more can be made to."""

    def __init__(self, gate: Gate, *also: str) -> None:
        super().__init__(gate)
        self.also = also
        self.blocked: list[connection.Client] = []

    @guarded
    def hook(self, client: connection.Client) -> None:
        """Fails at once."""
        self.weir()
        raise ValueError("the hook failed")

    def block(self, subject: connection.Client) -> None:
        if "block" in self.also:
            raise OSError("the block failed")
        self.blocked.append(subject)

    def client_of(self, subject: connection.Client) -> connection.Client:
        return subject

    def event_of(self, subject: connection.Client) -> Event | None:
        if "event_of" in self.also:
            raise LookupError("the event failed")
        return super().event_of(subject)


@pytest.fixture
def client() -> connection.Client:
    return tflow.tclient_conn()


FAILURE = "SELECT count(*) FROM findings WHERE rule_id = 'honeyweir.failure'"


def test_a_hook_that_raises_blocks_its_flow(stand: Stand, client: connection.Client) -> None:
    addon = Failing(stand.gate)
    addon.hook(client)
    assert addon.blocked == [client]


def test_a_hook_that_raises_lets_its_flow_pass_where_the_operator_says_so(
    make_stand: Callable[..., Stand], client: connection.Client
) -> None:
    stand = make_stand(block_on_error=False)
    addon = Failing(stand.gate)
    stand.weir.connection(client)
    addon.hook(client)
    assert addon.blocked == []
    assert stand.row(FAILURE) == (1,)


def test_a_failure_is_put_down_to_the_connection(stand: Stand, client: connection.Client) -> None:
    event = stand.weir.connection(client)
    Failing(stand.gate).hook(client)
    found = stand.row(
        "SELECT f.source, f.level, f.decoy, f.evidence, x.event"
        " FROM findings f JOIN finding_events x ON x.finding = f.id"
    )
    assert found[:3] == ("honeyweir", "high", "127.0.0.1")
    assert "ValueError: the hook failed" in found[3]
    assert found[4] == event.id


def test_a_failure_on_a_client_that_is_not_in_the_records_is_logged_only(
    stand: Stand, client: connection.Client, caplog: pytest.LogCaptureFixture
) -> None:
    addon = Failing(stand.gate)
    addon.hook(client)
    assert "was blocked, since honeyweir failed on it" in caplog.text
    assert addon.blocked == [client]
    assert stand.count("findings") == 0


def test_an_event_that_cannot_be_told_does_not_keep_the_flow_from_being_blocked(
    stand: Stand, client: connection.Client
) -> None:
    stand.weir.connection(client)
    addon = Failing(stand.gate, "event_of")
    addon.hook(client)
    assert addon.blocked == [client]
    assert stand.count("findings") == 0


def test_a_block_that_raises_is_logged_and_stays_inside(
    stand: Stand, client: connection.Client, caplog: pytest.LogCaptureFixture
) -> None:
    Failing(stand.gate, "block").hook(client)
    assert "a flow could not be blocked" in caplog.text
    assert "the block failed" in caplog.text


@pytest.mark.parametrize("block_on_error", [True, False])
def test_records_that_cannot_be_written_do_not_keep_the_flow_from_its_outcome(
    make_stand: Callable[..., Stand], client: connection.Client, block_on_error: bool
) -> None:
    stand = make_stand(block_on_error=block_on_error)
    stand.weir.connection(client)
    stand.weir.recorder.close()
    addon = Failing(stand.gate)
    addon.hook(client)
    assert bool(addon.blocked) is block_on_error


def test_while_the_gate_is_closed_every_hook_blocks(client: connection.Client) -> None:
    addon = Failing(Gate())
    addon.hook(client)
    assert addon.blocked == [client]


def test_a_closed_gate_says_that_it_is(client: connection.Client) -> None:
    with pytest.raises(ClosedError, match="the monitor is not ready"):
        Gate().open()


def test_the_gate_opens_to_the_weir(stand: Stand) -> None:
    assert stand.gate.open() is stand.weir
    assert Failing(stand.gate).weir() is stand.weir


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_end_of_the_process_is_not_held_up(
    stand: Stand, client: connection.Client, error: type[BaseException]
) -> None:
    class Ending(Failing):
        @guarded
        def hook(self, client: connection.Client) -> None:
            """Ends the process."""
            raise error

    with pytest.raises(error):
        Ending(stand.gate).hook(client)


def test_the_trace_of_a_failure_is_logged_once_for_each_place(
    stand: Stand, client: connection.Client, caplog: pytest.LogCaptureFixture
) -> None:
    addon = Failing(stand.gate)
    for _ in range(3):
        addon.hook(client)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 3
    assert [bool(record.exc_info) for record in errors] == [True, False, False]


def test_a_guarded_hook_keeps_its_name(stand: Stand) -> None:
    assert Failing(stand.gate).hook.__name__ == "hook"
    assert Failing(stand.gate).hook.__doc__ == "Fails at once."
