"""Each filter, on events and on findings."""

import pytest

from honeyweir.model import Level


@pytest.fixture
def wanted(honeyweir):
    """The hosts of the events that pass some filters."""

    def ask(*arguments):
        outcome = honeyweir("events", "--json", *arguments)
        return [event["host"] for event in outcome.json if event["host"]]

    return ask


def test_decoy(archive, wanted):
    archive.exchange("http://a/", decoy="one")
    archive.exchange("http://b/", decoy="two")
    archive.exchange("http://c/", decoy="three")
    assert wanted("--decoy", "two") == ["b"]
    assert wanted("--decoy", "one", "--decoy", "three") == ["a", "c"]
    assert wanted("--decoy", "nobody") == []


def test_host_takes_in_subdomains_and_no_others(archive, wanted):
    hosts = ["evil.example", "WWW.Evil.Example", "a.b.evil.example", "notevil.example", "evil"]
    for host in hosts:
        archive.exchange(f"http://{host}/")
    assert wanted("--host", "evil.example") == hosts[:3]
    assert wanted("--host", "EVIL.example.") == hosts[:3]
    assert wanted("--host", "evil", "--host", "notevil.example") == hosts[3:]


@pytest.mark.parametrize("pattern", ["%", "e_il.example", "\\", "' OR 1=1 --"])
def test_a_host_is_no_pattern(archive, wanted, pattern):
    archive.exchange("http://evil.example/")
    assert wanted("--host", pattern) == []


def test_host_finds_queries_and_handshakes_too(archive, wanted):
    archive.query("x.evil.example")
    archive.handshake(sni="evil.example")
    assert wanted("--host", "evil.example") == ["x.evil.example", "evil.example"]


def test_since_and_until_take_in_the_moment_itself(archive, wanted):
    for host in "abc":
        archive.exchange(f"http://{host}/")
    moment = "2025-11-24T16:00:03"
    assert wanted("--since", moment) == ["b", "c"]
    assert wanted("--until", moment) == ["a", "b"]
    assert wanted("--since", moment, "--until", moment) == ["b"]


def test_since_may_be_how_long_ago(archive, wanted):
    archive.exchange("http://long-ago/")
    assert wanted("--since", "10m") == []
    assert wanted("--since", "999999d") == ["long-ago"]


def test_a_wrong_time_is_wrong_usage(honeyweir):
    told = honeyweir("events", "--since", "yesterday")
    assert told.code == 2
    assert "Invalid value for '--since': 'yesterday' is no time: write" in told.err


def test_level_means_that_and_above(archive, wanted):
    for level in Level:
        archive.finding(archive.exchange(f"http://{level}/"), level=level)
    archive.exchange("http://none/")
    assert wanted("--level", "high") == ["high", "critical"]
    assert wanted("--level", "informational") == [str(level) for level in Level]


def test_protocol(archive, honeyweir):
    archive.exchange()
    archive.query("a.example")
    archive.message(b"x", "udp")
    told = honeyweir("events", "--json", "--protocol", "dns", "--protocol", "udp").json
    assert [event["protocol"] for event in told] == ["dns", "udp"]
    assert honeyweir("events", "--protocol", "smtp").code == 2


def test_text_is_found_in_url_headers_and_bodies(archive, wanted):
    archive.exchange("http://a/secret-plan")
    archive.exchange("http://b/", headers=((b"X-Note", b"a secret plan"),))
    archive.exchange("http://c/", request=b"the SECRET PLAN")
    archive.exchange("http://d/", response=b"plan secret")
    assert wanted("--text", "secret plan") == ["a", "b", "c"]
    assert wanted("--text", "plan", "--text", "secret") == ["a", "b", "c", "d"]


@pytest.mark.parametrize("words", ['"', "a AND", "NEAR(", "*", "!!!", "text:x", "", "\\"])
def test_text_is_no_query_language(archive, wanted, words):
    archive.exchange("http://a/")
    assert wanted("--text", words) in ([], ["a"])


def test_filters_must_all_hold(archive, wanted):
    archive.finding(archive.exchange("http://a.example/x", decoy="one"))
    archive.finding(archive.exchange("http://a.example/y", decoy="two"))
    archive.exchange("http://b.example/x", decoy="one")
    filters = ("--decoy", "one", "--host", "example", "--text", "x", "--level", "low")
    assert wanted(*filters, "--protocol", "http", "--since", "2025-01-01") == ["a.example"]


@pytest.fixture
def found(honeyweir):
    """The titles of the findings that pass some filters."""
    return lambda *arguments: [
        row["title"] for row in honeyweir("findings", "--json", *arguments).json
    ]


def test_findings_by_decoy_and_level(archive, found):
    archive.finding(archive.exchange(decoy="one"), title="a", level=Level.LOW)
    archive.finding(archive.exchange(decoy="two"), title="b", level=Level.HIGH)
    assert found("--decoy", "one") == ["a"]
    assert found("--level", "medium") == ["b"]


def test_findings_by_what_one_of_their_events_is(archive, found):
    archive.finding(archive.query("evil.example"), archive.exchange("http://b/x"), title="both")
    archive.finding(archive.exchange("http://other/"), title="other")
    assert found("--host", "evil.example") == ["both"]
    assert found("--protocol", "dns") == ["both"]
    assert found("--protocol", "http") == ["both", "other"]
    assert found("--text", "other") == ["other"]


def test_a_finding_that_goes_on_is_found_by_its_last_event(archive, found):
    archive.finding(*(archive.exchange() for _ in range(5)), title="long")
    archive.finding(archive.exchange(), title="later")
    assert found("--since", "2025-11-24T16:00:04") == ["long", "later"]
    assert found("--since", "2025-11-24T16:00:06.000001") == ["later"]
    assert found("--until", "2025-11-24T16:00:02") == ["long"]
