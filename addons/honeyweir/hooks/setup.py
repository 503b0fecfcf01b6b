"""mitmproxy's options, ours among them: read, checked, and made into a weir.

Ours are texts: mitmproxy runs on without an addon whose typed option has a wrong value.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.log import ALERT

from honeyweir import paths, yamlfile
from honeyweir.hooks import dispatch, options, sentinel
from honeyweir.hooks.guard import Gate
from honeyweir.policy.load import Policy, load
from honeyweir.policy.problem import PolicyError
from honeyweir.record.keys import signing_key
from honeyweir.record.writer import Recorder, RecordError
from honeyweir.respond import ACTIONS
from honeyweir.tap import inventory
from honeyweir.tap.connections import Connections
from honeyweir.tap.inventory import Inventory
from honeyweir.weir import Weir

logger = logging.getLogger(__name__)


_LISTINGS = {"--options", "--commands"}
"""With these, mitmdump loads its scripts only to list what they declare, and ends."""


class SetupError(Exception):
    """The monitor cannot start; the message names the option and says what to do."""


class Setup:
    """Declares the options, and opens the gate once all of them are good."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self._read = False

    def load(self, loader: Loader) -> None:
        """Nothing passes from here on until the options have been read."""
        sentinel.post(self.gate)
        dispatch.install(ctx.master.addons)
        for option in options.OPTIONS:
            loader.add_option(option.name, option.type, option.default, option.help)

    def configure(self, updated: Collection[str]) -> None:
        """Read the options once, before the first connection is accepted, and open the gate.

        A later change of ours is refused, since it would not count.
        """
        if self._read:
            self._refuse_changes(updated)
        elif not _LISTINGS.intersection(sys.argv):
            self._read = True
            self._open()

    def running(self) -> None:
        """Say what is watched: the sign that the gate is open."""
        if weir := self.gate.weir:
            logger.log(
                ALERT,
                "honeyweir: recording to %s, %d rules in force (policy %s)",
                weir.recorder.path,
                len(weir.policy.rules),
                weir.policy.hash[:12],
            )

    def _open(self) -> None:
        try:
            self.gate.weir = build()
        except SetupError as error:
            # mitmproxy ends a start during which an error was logged with exit code 1. An
            # exception here would end it too, but bury the message under a traceback.
            logger.error("honeyweir: %s", error)  # noqa: TRY400 (the message is for the operator)

    def done(self) -> None:
        """Close the gate, and write what is still in hand."""
        weir, self.gate.weir = self.gate.weir, None
        if weir is not None:
            try:
                weir.recorder.close()
            except RecordError as error:
                logger.error("honeyweir: %s", error)  # noqa: TRY400 (the message is for the operator)

    def _refuse_changes(self, updated: Collection[str]) -> None:
        ours = sorted(name for name in updated if name.startswith("weir_"))
        if ours:
            raise exceptions.OptionsError(f"{ours[0]} is read at the start: restart to change it")
        weir = self.gate.weir
        if weir is None:
            return
        if "stream_large_bodies" in updated:
            raise exceptions.OptionsError("stream_large_bodies is set by weir_stream_above")
        options.check_mitmproxy()
        weir.verifies_origins = not ctx.options.ssl_insecure


def build() -> Weir:
    """The stages as the options have them. Raises SetupError for the first that is wrong."""
    try:
        options.check_unknown(ctx.options.deferred)
        options.check_mitmproxy()
        block_on_error = options.on_error(ctx.options.weir_on_error) == "block"
        keep = options.size("weir_keep", ctx.options.weir_keep)
        stream_above = options.size("weir_stream_above", ctx.options.weir_stream_above)
        interval = options.milliseconds("weir_commit_interval", ctx.options.weir_commit_interval)
    except ValueError as error:
        raise SetupError(str(error)) from None
    policy = _policy(ctx.options.weir_policies)
    decoys = _inventory(ctx.options.weir_decoys)
    recorder = _recorder(policy, interval)
    ctx.options.update(stream_large_bodies=str(stream_above))
    if ctx.options.ignore_hosts or ctx.options.allow_hosts:
        ctx.options.update(show_ignored_hosts=True)  # what is not decrypted is recorded as it is
    return Weir(
        policy=policy,
        recorder=recorder,
        connections=Connections(decoys),
        keep=keep,
        block_on_error=block_on_error,
        verifies_origins=not ctx.options.ssl_insecure,
    )


def _policy(names: Sequence[str]) -> Policy:
    given = [Path(name).expanduser() for name in names] or [paths.policies()]
    try:
        return load(given, ACTIONS)
    except PolicyError as error:
        raise SetupError(f"weir_policies: nothing was loaded.\n{error}") from None


def _inventory(name: str | None) -> Inventory:
    path = Path(name).expanduser() if name else paths.policies() / "decoys.yaml"
    try:
        return inventory.load(path)
    except yamlfile.FileError as error:
        raise SetupError(f"weir_decoys: {error}") from None


def _recorder(policy: Policy, interval: float) -> Recorder:
    path = Path(ctx.options.weir_db).expanduser() if ctx.options.weir_db else paths.records()
    if not ctx.options.weir_db:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        key = signing_key(Path(ctx.options.confdir).expanduser())
        return Recorder(
            path,
            policy=(policy.hash, policy.content),
            key=key,
            commit_interval=interval,
            accept_while_broken=ctx.options.weir_on_error == "pass",
        )
    except (RecordError, OSError) as error:
        raise SetupError(f"weir_db: {error}") from None
