"""Generations, refusals and the negative cache, without an event loop."""

from __future__ import annotations

import pytest

from seawall import Issued, Snapshot
from seawall._credential_ledger import Boarding, Ledger
from seawall._credential_life import Failure, Life, Moment

START = Moment(wall=1_000_000.0, monotonic=5_000.0)


def at(seconds: float) -> Moment:
    """Name a moment on both clocks."""
    return Moment(START.wall + seconds, START.monotonic + seconds)


def lead(ledger: Ledger[str], now: Moment) -> Boarding[str]:
    """Board a flight that is ours to start."""
    boarding = ledger.board(now)
    assert isinstance(boarding, Boarding)
    assert boarding.leads
    return boarding


def issue(
    ledger: Ledger[str], now: Moment = START, life: Life | None = None
) -> Snapshot[str]:
    """Let a flight bring a new credential."""
    life = Life(now) if life is None else life
    return ledger.land(lead(ledger, now).flight, Issued("token"), life)


def break_down(ledger: Ledger[str], now: Moment) -> Failure:
    """Let a flight bring nothing."""
    flight = lead(ledger, now).flight
    return ledger.fail(flight, OSError("idp"), now, permanent=False, hint=None)


def pause_of(ledger: Ledger[str], now: Moment) -> float:
    """Seconds until somebody may ask again."""
    failure = ledger.board(now)
    assert isinstance(failure, Failure)
    return failure.until - now.monotonic


@pytest.fixture
def ledger() -> Ledger[str]:
    """Start with nothing known."""
    return Ledger(None)


def test_only_the_first_one_leads(ledger: Ledger[str]) -> None:
    """Everybody else takes the same flight."""
    first, second = ledger.board(START), ledger.board(START)
    assert isinstance(first, Boarding)
    assert isinstance(second, Boarding)
    assert first.leads
    assert not second.leads
    assert first.flight is second.flight


def test_generations_count_from_one(ledger: Ledger[str]) -> None:
    """Events carry them, and their order is the order of publication."""
    assert ledger.generation == 0
    snapshots = [issue(ledger)]
    ledger.reject(1, START)
    snapshots.append(issue(ledger))
    assert [snapshot.generation for snapshot in snapshots] == [1, 2]
    assert ledger.generation == 2


def test_the_current_credential_is_refused_once(ledger: Ledger[str]) -> None:
    """Of N reports about one generation the first is news."""
    snapshot = issue(ledger)
    assert ledger.reject(1, START) is True
    assert ledger.reject(1, START) is False
    assert ledger.valid(START) is None
    assert ledger.fresh(START) is None
    assert snapshot.generation == 1


def test_a_late_report_kills_nothing(ledger: Ledger[str]) -> None:
    """A 401 of the old token says nothing about the new one."""
    issue(ledger)
    ledger.reject(1, START)
    second = issue(ledger)
    assert ledger.reject(1, START) is False
    assert ledger.fresh(START) is second


def test_a_report_about_one_that_expired_meanwhile_is_no_news(
    ledger: Ledger[str],
) -> None:
    """It was never refused, and two of those are no disabled account."""
    for generation in (1, 2, 3):
        now = at(50.0 * generation)
        issue(ledger, now, Life(now, 10, 20, 30))
        if generation > 1:
            assert ledger.reject(generation - 1, now) is False
    ledger.reject(3, at(150))
    assert lead(ledger, at(150)).leads


def test_there_is_nothing_to_refuse_before_the_first_one(ledger: Ledger[str]) -> None:
    """Somebody else's snapshot, perhaps."""
    assert ledger.reject(1, START) is False


def test_ahead_of_expiry_one_leads_and_the_others_are_served(
    ledger: Ledger[str],
) -> None:
    """Nobody waits for what is not urgent."""
    snapshot = issue(ledger, life=Life(START, 10, 20, 30))
    assert lead(ledger, at(15)).ahead is snapshot
    assert ledger.board(at(15)) is snapshot


def test_in_the_last_minute_everybody_waits(ledger: Ledger[str]) -> None:
    """The credential may be gone before the operation is done."""
    issue(ledger, life=Life(START, 10, 20, 30))
    assert lead(ledger, at(25)).ahead is None
    waiting = ledger.board(at(25))
    assert isinstance(waiting, Boarding)
    assert waiting.ahead is None


def test_a_credential_published_meanwhile_is_taken(ledger: Ledger[str]) -> None:
    """Between a look and the lock, another thread may have been faster."""
    snapshot = issue(ledger)
    assert ledger.board(START) is snapshot


def test_a_failure_keeps_the_credential_that_is_still_valid(
    ledger: Ledger[str],
) -> None:
    """Nine minutes of life are nine minutes to try again in."""
    snapshot = issue(ledger, life=Life(START, 10, 20, 30))
    break_down(ledger, at(25))
    assert ledger.board(at(25)) is snapshot
    assert ledger.valid(at(25)) is snapshot


def test_nobody_asks_again_before_the_pause_is_over(ledger: Ledger[str]) -> None:
    """A negative answer is an answer too."""
    failure = break_down(ledger, START)
    assert ledger.board(at(0.4)) is failure
    assert lead(ledger, at(1.1)).leads


def test_failures_in_a_row_wait_longer(ledger: Ledger[str]) -> None:
    """58 of them and more: the pause stays a minute, and a number."""
    now = 0.0
    for failures in range(1, 80):
        failure = break_down(ledger, at(now))
        assert failure.failures == failures
        assert failure.until - at(now).monotonic <= 60.0
        now += 61.0
    issue(ledger, at(now))
    ledger.reject(1, at(now))
    assert break_down(ledger, at(now)).failures == 1  # a success begins anew


def test_what_is_remembered_of_a_failure_is_not_the_error(
    ledger: Ledger[str],
) -> None:
    """Its traceback would keep every frame of the login alive, with the password."""
    failure = break_down(ledger, START)
    assert failure.reason == "OSError, 1 in a row"
    assert not hasattr(failure, "error")


def test_one_refused_credential_is_replaced_at_once(ledger: Ledger[str]) -> None:
    """That is what refreshing is for."""
    issue(ledger)
    ledger.reject(1, START)
    assert lead(ledger, START).leads


def test_two_in_a_row_refused_at_once_start_a_pause(ledger: Ledger[str]) -> None:
    """A disabled account must not log in as fast as it can."""
    for generation in (1, 2):
        issue(ledger)
        ledger.reject(generation, START)
    assert 0.5 <= pause_of(ledger, START) <= 1.0


def test_the_pauses_of_a_disabled_account_grow(ledger: Ledger[str]) -> None:
    """One login a minute in the end."""
    now = 0.0
    for generation in range(1, 12):
        issue(ledger, at(now))
        ledger.reject(generation, at(now))
        now += 0.0 if generation == 1 else 60.1
    issue(ledger, at(now))
    ledger.reject(12, at(now))
    assert 30.0 <= pause_of(ledger, at(now)) <= 60.0


@pytest.mark.parametrize("proven", [1, 2])
def test_a_credential_that_served_once_was_no_fault(
    ledger: Ledger[str], proven: int
) -> None:
    """Only generations that were of no use at all, and in a row, count."""
    for generation in (1, 2):
        issue(ledger)
        if generation == proven:
            ledger.prove(generation)
            ledger.prove(generation)  # every success says so, the first one counts
        ledger.reject(generation, START)
    assert lead(ledger, START).leads


def test_a_success_that_is_told_late_counts(ledger: Ledger[str]) -> None:
    """The slow operation that succeeded, and the fast one that was refused after it."""
    issue(ledger)
    ledger.reject(1, START)
    ledger.prove(1)
    issue(ledger)
    ledger.reject(2, START)
    assert lead(ledger, START).leads


def test_a_credential_that_lasted_was_of_use(ledger: Ledger[str]) -> None:
    """Who calls `get` and `reject` only tells of no success, and need not wait."""
    now = 0.0
    for generation in range(1, 10):
        issue(ledger, at(now))
        now += 3600.0
        ledger.reject(generation, at(now))
        assert isinstance(ledger.board(at(now)), Boarding)
        flight = ledger.board(at(now))
        assert isinstance(flight, Boarding)
        ledger.abandon(flight.flight)


def test_an_abandoned_flight_is_taken_over(ledger: Ledger[str]) -> None:
    """The next one to board leads another one."""
    first = lead(ledger, START).flight
    ledger.abandon(first)
    second = lead(ledger, START).flight
    assert second is not first
    ledger.abandon(first)  # it ended long ago: nothing happens to the other one
    third = ledger.board(START)
    assert isinstance(third, Boarding)
    assert third.flight is second
