"""Handshakes that failed are findings."""

import pytest

from honeyweir.inspect.failed_handshake import inspect
from honeyweir.model import Connection, Decoy, Event, Handshake, Level


def handshake(side: str, error: str | None) -> Handshake:
    return Handshake(
        id="e1",
        time=5,
        connection="c1",
        protocol="tls",
        decoy=Decoy("files"),
        src=("10.0.0.1", 1),
        dst=None,
        side=side,
        sni="c2.example",
        version=None,
        cipher=None,
        alpn=None,
        error=error,
    )


@pytest.mark.parametrize(("side", "level"), [("client", Level.MEDIUM), ("server", Level.LOW)])
def test_a_failed_handshake_is_a_finding_with_its_alert(side: str, level: Level) -> None:
    (finding,) = inspect(handshake(side, "tlsv1 alert unknown ca"))
    assert (finding.source, finding.rule_id) == ("failed_handshake", f"failed_handshake.{side}")
    assert (finding.level, finding.decoy.name, finding.events) == (level, "files", ["e1"])
    assert [evidence.value for evidence in finding.evidence] == [
        "tlsv1 alert unknown ca",
        "c2.example",
    ]


def test_a_handshake_that_was_made_is_none() -> None:
    assert list(inspect(handshake("client", None))) == []


def test_other_events_are_none() -> None:
    event: Event = Connection(
        id="c1",
        time=5,
        connection="c1",
        protocol="tcp",
        decoy=Decoy("files"),
        src=("10.0.0.1", 1),
        dst=None,
        mode="regular",
        gateway=None,
    )
    assert list(inspect(event)) == []
