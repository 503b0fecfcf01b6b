"""The status command: the records at a glance."""

from honeyweir.model import Level
from honeyweir.review.summary import KEYS


def test_whose_traffic_and_how_much(archive, honeyweir):
    archive.exchange(request=b"12345", response=b"1234567890", decoy="one")
    archive.exchange(decoy="one")
    archive.query("a.example", decoy="one")
    archive.message(b"123", decoy="two")
    archive.message(b"1", from_client=False, decoy="two")
    (told,) = honeyweir("status", "--json").json
    assert told["decoys"] == [
        {
            "decoy": "one",
            "first": "2025-11-24T16:00:02.000000Z",
            "last": "2025-11-24T16:00:04.000000Z",
            "connections": 1,
            "exchanges": 2,
            "queries": 1,
            "messages": 0,
            "request_bytes": 5,
            "response_bytes": 10,
        },
        {
            "decoy": "two",
            "first": "2025-11-24T16:00:06.000000Z",
            "last": "2025-11-24T16:00:07.000000Z",
            "connections": 1,
            "exchanges": 0,
            "queries": 0,
            "messages": 2,
            "request_bytes": 3,
            "response_bytes": 1,
        },
    ]


def test_what_was_found_and_done(archive, honeyweir):
    event = archive.exchange()
    archive.finding(event, level=Level.HIGH)
    archive.finding(event, level=Level.HIGH)
    archive.response(event, "block")
    archive.response(event, "alter", b"a", b"b")
    archive.response(event, "alter", b"a", b"b")
    (told,) = honeyweir("status", "--json").json
    assert told["findings"]["high"] == 2
    assert list(told["findings"]) == ["critical", "high", "medium", "low", "informational"]
    assert told["responses"] == {"alter": 2, "block": 1}


def test_the_hosts_that_were_asked_for_most(archive, honeyweir):
    for number in range(12):
        archive.query(f"host{number}.example")
    archive.exchange("http://host3.example/")
    (told,) = honeyweir("status", "--json").json
    assert told["hosts"][0] == {"host": "host3.example", "events": 2}
    assert len(told["hosts"]) == 10


def test_the_state_of_the_records(archive, honeyweir, change):
    archive.exchange()
    change("INSERT INTO rejects VALUES (1, 1, 'events', '[]', 'why')")
    (told,) = honeyweir("status", "--json").json
    assert list(told) == list(KEYS)
    assert told["path"] == str(archive.path)
    assert told["bytes"] >= archive.path.stat().st_size
    assert told["policy"] == "0" * 64
    assert 0 <= told["last_commit_age"] < 600
    assert told["rejects"] == 1


def test_the_filters_hold_for_all_that_is_counted(archive, honeyweir):
    for decoy in ("one", "two"):
        event = archive.exchange(f"http://{decoy}.example/", decoy=decoy)
        archive.finding(event)
        archive.response(event)
    (told,) = honeyweir("status", "--json", "--decoy", "one").json
    assert [decoy["decoy"] for decoy in told["decoys"]] == ["one"]
    assert told["findings"]["high"] == 1
    assert told["responses"] == {"block": 1}
    assert told["hosts"] == [{"host": "one.example", "events": 1}]


def test_counts_add_up_over_slices(archive, honeyweir, monkeypatch):
    monkeypatch.setattr("honeyweir.review.summary._SLICE", 3)
    for _ in range(10):
        archive.exchange(response=b"1234")
    (told,) = honeyweir("status", "--json").json
    (decoy,) = told["decoys"]
    assert (decoy["exchanges"], decoy["response_bytes"], decoy["connections"]) == (10, 40, 1)
    assert decoy["first"] < decoy["last"]


def test_people_see_it_on_one_page(archive, honeyweir):
    archive.finding(archive.exchange(), level=Level.HIGH)
    shown = honeyweir("status").out
    assert shown.startswith(f"{archive.path}\n  size")
    assert "\nfin-01  2025-11-24 16:00:02" in shown
    assert "\n  high           1\n" in shown
    assert "\n         1  origin.example" in shown


def test_records_without_events_have_a_status_too(honeyweir):
    told = honeyweir("status")
    assert told.code == 0
    assert "last commit" in told.out
    assert told.err.startswith("no events to show")
