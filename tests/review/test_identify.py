"""Which event or finding an id means."""

import pytest

from honeyweir.record.errors import RecordError
from honeyweir.review.identify import Subject, identify

BOTH = ("events", "findings")


def test_a_whole_id_its_beginning_and_its_end_mean_the_same(archive, records):
    event = archive.exchange()
    archive.exchange()
    connection = records()
    for given in (event.id, event.id.upper(), f" {event.id} ", event.id[:-1], event.id[-12:]):
        assert identify(connection, given, *BOTH) == Subject("events", event.id)


def test_findings_have_ids_too(archive, records):
    finding = archive.finding(archive.exchange())
    connection = records()
    assert identify(connection, finding[-12:], *BOTH) == Subject("findings", finding)
    with pytest.raises(RecordError, match="among the events"):
        identify(connection, finding, "events")


def test_what_could_be_several_names_them(archive, records):
    events = [archive.exchange() for _ in range(3)]
    with pytest.raises(RecordError) as raised:
        identify(records(), "019ab", *BOTH)
    assert "could be any of these" in str(raised.value)
    assert all(f"{event.id}  (events)" in str(raised.value) for event in events)


def test_of_very_many_only_some_are_named(archive, records):
    for _ in range(30):
        archive.exchange()
    with pytest.raises(RecordError) as raised:
        identify(records(), "0", *BOTH)
    assert str(raised.value).count("(events)") == 10
    assert str(raised.value).endswith("...")


def test_an_id_that_nothing_has_is_told(archive, records):
    archive.exchange()
    with pytest.raises(
        RecordError, match="nothing has the id 'ffff' among the events and findings"
    ):
        identify(records(), "ffff", *BOTH)


@pytest.mark.parametrize("given", ["", "xyz", "%", "' OR '1", "0" * 37, "\x1b[2J"])
def test_what_cannot_be_an_id_is_refused(archive, records, given):
    with pytest.raises(RecordError, match="is no id"):
        identify(records(), given, *BOTH)
