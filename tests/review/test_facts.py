"""What is known of a connection."""

import pytest

from honeyweir.model import Certificate
from honeyweir.review.facts import LISTED, connection, handshakes, origins

CERTIFICATE = Certificate(
    sha256="ab" * 32,
    subject="CN=origin.example",
    issuer="CN=Authority",
    serial="0A",
    not_before=1_700_000_000_000_000,
    not_after=1_800_000_000_000_000,
    names=["origin.example"],
    key="RSA 2048",
    self_signed=False,
)


def test_a_connection_that_is_open_and_one_that_is_over(archive, records):
    open_one, closed = archive.connection("one"), archive.connection("two")
    archive.connection_end(closed, error="reset by peer")
    reader = records()
    assert connection(reader, open_one.id) == {
        "id": open_one.id,
        "time": "2025-11-24T16:00:01.000000Z",
        "mode": "regular",
        "client": "10.0.0.5:40000",
        "gateway": "10.0.0.1:8080",
        "ended": None,
        "error": None,
    }
    over = connection(reader, closed.id)
    assert (over["ended"], over["error"]) == ("2025-11-24T16:00:03.000000Z", "reset by peer")


def test_a_connection_that_is_not_there_is_none(records):
    assert connection(records(), "nothing") is None


def test_a_handshake_with_the_decoy(archive, records):
    event = archive.handshake()
    (told,) = handshakes(records(), "id", event.id)
    assert told["side"] == "client"
    assert told["offered_ciphers"] == [0x1301, 0xC02F]
    assert (told["verified"], told["certificate"]) == (None, None)


def test_a_handshake_with_the_origin_has_its_certificate(archive, records):
    event = archive.handshake(CERTIFICATE)
    (told,) = handshakes(records(), "id", event.id)
    assert told["verified"] is False
    assert told["certificate"] == {
        "subject": "CN=origin.example",
        "issuer": "CN=Authority",
        "serial": "0A",
        "not_before": "2023-11-14T22:13:20.000000Z",
        "not_after": "2027-01-15T08:00:00.000000Z",
        "names": ["origin.example"],
        "key": "RSA 2048",
        "self_signed": False,
        "sha256": "ab" * 32,
    }


def test_an_origin_that_was_reached_and_one_that_was_not(archive, records):
    reached, failed = archive.server_connection(), archive.server_connection(error="refused")
    told = origins(records(), "connection", reached.connection)
    assert [origin["id"] for origin in told] == [reached.id, failed.id]
    assert [origin["server"] for origin in told] == ["origin.example:443"] * 2
    assert [origin["peer"] for origin in told] == ["192.0.2.80:443", None]
    assert [origin["error"] for origin in told] == [None, "refused"]


@pytest.mark.parametrize("make", ["handshake", "server_connection"])
def test_of_very_many_the_first_are_listed(archive, records, make):
    events = [getattr(archive, make)() for _ in range(LISTED + 3)]
    ask = handshakes if make == "handshake" else origins
    told = ask(records(), "connection", events[0].connection)
    assert [fact["id"] for fact in told] == [event.id for event in events[:LISTED]]


def test_another_connection_is_none_of_its_business(archive, records):
    mine, _ = archive.handshake(decoy="one"), archive.handshake(decoy="two")
    told = handshakes(records(), "connection", mine.connection)
    assert [fact["id"] for fact in told] == [mine.id]
