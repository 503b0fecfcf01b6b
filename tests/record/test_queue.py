"""The queue between the threads that carry traffic and the writer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from honeyweir.record.errors import RecordError
from honeyweir.record.queue import BATCH_ROWS, BATCH_SIZE, Queue
from honeyweir.record.row import Row
from record.waiting import eventually

EVENT = Row("events", ("id",))
REPLY = Row("replies", ("id",))
POLICY = Row("policies", ("hash",))

LONG = 3600.0  # seconds: not reached in a test


@pytest.fixture
def background() -> Iterator[Callable[[Callable[[], object]], list[object]]]:
    """Runs a function in a thread; gives a list to which its result is added, or what it raised."""
    threads: list[threading.Thread] = []

    def start(function: Callable[[], object]) -> list[object]:
        outcome: list[object] = []

        def run() -> None:
            try:
                outcome.append(function())
            except RecordError as error:
                outcome.append(error)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return outcome

    yield start
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


Background = Callable[[Callable[[], object]], list[object]]


def queue(rows: int = 100, size: int = 1 << 30, interval: float = LONG, **options: bool) -> Queue:
    return Queue(rows, size, interval, **options)


def taken(queue: Queue) -> list[list[Row]]:
    """What the writer would be given now."""
    return [list(group.rows) for group in queue.take(until=time.monotonic())]


def test_rows_are_taken_in_the_order_in_which_they_were_put() -> None:
    waiting = queue()
    for row in (EVENT, REPLY, EVENT):
        waiting.put([row])
    waiting.close()
    assert taken(waiting) == [[EVENT], [REPLY], [EVENT]]
    assert taken(waiting) == []


def test_rows_wait_for_others_to_come() -> None:
    waiting = queue()
    waiting.put([EVENT])
    assert taken(waiting) == []
    assert waiting.rows == 1


def test_a_large_batch_does_not_wait() -> None:
    many = queue(rows=10_000)
    many.put([REPLY] * BATCH_ROWS)
    assert len(taken(many)[0]) == BATCH_ROWS
    heavy = queue()
    heavy.put([REPLY._replace(size=BATCH_SIZE)])
    assert len(taken(heavy)) == 1


def test_a_batch_is_not_much_larger_than_it_need_be() -> None:
    waiting = queue(rows=100_000)
    for _ in range(3):
        waiting.put([REPLY] * (BATCH_ROWS - 1))
    assert [len(taken(waiting)), len(taken(waiting))] == [2, 0]


def test_a_new_policy_begins_a_batch() -> None:
    waiting = queue()
    for row in (EVENT, POLICY, REPLY):
        waiting.put([row])
    waiting.close()
    assert taken(waiting) == [[EVENT]]
    assert taken(waiting) == [[POLICY], [REPLY]]


def test_putting_blocks_while_the_queue_is_full(background: Background) -> None:
    waiting = queue(rows=1)
    waiting.put([EVENT])
    outcome = background(lambda: waiting.put([REPLY]))
    groups = waiting.take()
    assert [len(groups), outcome] == [1, []]
    waiting.done(groups)
    eventually(lambda: outcome == [None])
    assert waiting.rows == 1


def test_what_is_in_the_writers_hands_takes_room_until_it_is_on_disk(
    background: Background,
) -> None:
    waiting = queue(size=100_000)
    waiting.put([REPLY._replace(size=200_000)])
    outcome = background(lambda: waiting.put([EVENT]))
    groups = waiting.take()
    assert waiting.rows == 1
    assert outcome == []
    waiting.done(groups)
    eventually(lambda: outcome)


def test_putting_blocks_while_the_writer_is_an_interval_behind(background: Background) -> None:
    waiting = queue(interval=0.001)
    waiting.put([EVENT])
    groups = waiting.take()
    eventually(lambda: time.monotonic() > groups[0].time + 0.001)
    outcome = background(lambda: waiting.put([REPLY]))
    assert outcome == []
    waiting.done(groups)
    eventually(lambda: outcome == [None])


def test_what_is_old_counts_for_nothing_while_there_is_a_failure() -> None:
    waiting = queue(interval=0.0)
    waiting.put([EVENT])
    waiting.fail("the disk is full")
    waiting.put([REPLY])
    assert waiting.rows == 2


def test_more_than_the_whole_bound_is_taken_once_there_is_room() -> None:
    waiting = queue(rows=10)
    waiting.put([REPLY] * 500)
    waiting.close()
    assert len(taken(waiting)[0]) == 500


def test_a_failure_wakes_those_who_wait_for_room(background: Background) -> None:
    waiting = queue(rows=1)
    waiting.put([EVENT])
    outcome = background(lambda: waiting.put([REPLY]))
    waiting.take()
    waiting.fail("the disk is full")
    eventually(lambda: outcome)
    assert str(outcome[0]) == "the disk is full"


def test_while_there_is_a_failure_only_what_was_let_through_is_taken() -> None:
    waiting = queue(rows=3)
    waiting.fail("the disk is full")
    waiting.put([REPLY])
    with pytest.raises(RecordError, match="the disk is full"):
        waiting.put([REPLY, EVENT])
    waiting.put([REPLY, REPLY])
    with pytest.raises(RecordError, match="the disk is full"):
        waiting.put([REPLY])
    assert [waiting.rows, waiting.mend(), waiting.failure] == [3, 3, None]


def test_all_that_fits_is_taken_where_traffic_goes_on_without_records() -> None:
    waiting = queue(rows=1, accept_while_broken=True)
    waiting.fail("the disk is full")
    waiting.put([EVENT])
    with pytest.raises(RecordError):
        waiting.put([EVENT])
    assert waiting.rows == 1


def test_nothing_is_taken_after_the_end(background: Background) -> None:
    waiting = queue(rows=1)
    waiting.put([EVENT])
    outcome = background(lambda: waiting.put([REPLY]))
    waiting.close()
    eventually(lambda: outcome)
    assert str(outcome[0]) == "the records are closed"
    assert [waiting.drained, taken(waiting), waiting.drained] == [False, [[EVENT]], True]


def test_the_writer_is_woken_by_the_first_row(background: Background) -> None:
    waiting = queue(interval=0.0)
    outcome = background(waiting.take)
    waiting.put([EVENT])
    eventually(lambda: outcome)
    assert len(outcome) == 1
