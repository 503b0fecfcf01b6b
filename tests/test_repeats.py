"""Which finding an event adds to."""

from honeyweir.model import Decoy, Finding, Level
from honeyweir.repeats import WINDOW, Repeats


def finding(time: int = 0, rule: str = "r", decoy: str = "d") -> Finding:
    return Finding(
        time=time,
        source="sigma",
        rule_id=rule,
        title="t",
        level=Level.LOW,
        decoy=Decoy(decoy),
        events=["e"],
    )


def test_the_same_of_the_same_within_the_window_is_one_finding() -> None:
    repeats = Repeats()
    first, new = repeats.identify(finding(), "host")
    assert new
    assert repeats.identify(finding(WINDOW - 1), "host") == (first, False)


def test_after_the_window_it_is_a_new_finding() -> None:
    repeats = Repeats()
    first, _ = repeats.identify(finding(), "host")
    second, new = repeats.identify(finding(WINDOW), "host")
    assert new
    assert second != first


def test_another_rule_decoy_or_host_is_another_finding() -> None:
    repeats = Repeats()
    first, _ = repeats.identify(finding(), "host")
    others = [
        repeats.identify(finding(rule="s"), "host"),
        repeats.identify(finding(decoy="e"), "host"),
        repeats.identify(finding(), None),
    ]
    assert all(new for _, new in others)
    assert len({first, *(identity for identity, _ in others)}) == 4


def test_a_clock_that_jumps_back_begins_anew() -> None:
    repeats = Repeats()
    repeats.identify(finding(WINDOW), "host")
    assert repeats.identify(finding(0), "host")[1]


def test_what_is_remembered_is_bounded() -> None:
    repeats = Repeats()
    for number in range(20_000):
        repeats.identify(finding(rule=str(number)), "host")
    assert len(repeats._recent) == 10_000
    assert repeats.identify(finding(rule="0"), "host")[1]
    assert not repeats.identify(finding(rule="19999"), "host")[1]


def test_what_stands_in_place_of_a_host_is_not_kept_whole() -> None:
    repeats = Repeats()
    repeats.identify(finding(), "x" * 1_000_000)
    assert all(len(host or "") < 300 for *_, host in repeats._recent)
