"""Times in microseconds."""

import time

import pytest

from honeyweir.tap.clock import microseconds, now


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, 0),
        (946681200, 946681200_000_000),
        (1_760_011_200.000001, 1_760_011_200_000_001),
        (1_760_011_200.999999, 1_760_011_200_999_999),
        (0.0000006, 1),
    ],
)
def test_a_time_is_rounded_to_the_microsecond(seconds: float, expected: int) -> None:
    assert microseconds(seconds) == expected


def test_a_time_that_is_not_there_is_now() -> None:
    before = now()
    assert before <= microseconds(None) <= now()


def test_now_is_the_time_of_the_system() -> None:
    before = time.time_ns() // 1000
    assert before <= now() <= time.time_ns() // 1000
