"""Windows, expiry on two clocks and pauses, as arithmetic."""

from __future__ import annotations

import copy
import math
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seawall import Category, Issued, Snapshot
from seawall._credential_life import (
    MAX_HINT,
    Life,
    Moment,
    State,
    is_permanent,
    life_of,
    pause_after,
)

BEGAN = Moment(wall=1_000_000.0, monotonic=5_000.0)


def later(duration: float) -> Moment:
    """Name a moment on both clocks."""
    return Moment(BEGAN.wall + duration, BEGAN.monotonic + duration)


@pytest.mark.parametrize(
    ("lifetime", "window"),
    [
        (60.0, 30.0),
        (600.0, 300.0),
        (1200.0, 300.0),
        (1201.0, 600.5),
        (3600.0, 900.0),
        (5400.0, 900.0),
        (7201.0, 3600.0),
        (86_400.0, 3600.0),
    ],
)
def test_the_window_ahead_of_expiry_grows_with_the_lifetime(
    lifetime: float, window: float
) -> None:
    """5, 15 or 60 minutes, half the life at most; half of that at least."""
    drawn = [
        life_of(Issued("t", expires_in=lifetime), BEGAN, BEGAN) for _ in range(200)
    ]
    windows = [life.expires - life.advisory for life in drawn]
    assert all(window / 2 <= each <= window for each in windows)
    # A fleet that logged in together must not do so again together.
    assert max(windows) - min(windows) > window / 4


def test_everybody_waits_only_in_the_last_minute() -> None:
    """Up to then one refreshes, and the others are served."""
    life = life_of(Issued("t", expires_in=3600), BEGAN, BEGAN)
    assert life.mandatory == 3540.0
    assert life.state(later(3539)) is State.ADVISORY
    assert life.state(later(3540)) is State.MANDATORY
    assert life.state(later(3599.9)) is State.MANDATORY
    assert life.state(later(3600)) is State.EXPIRED


def test_a_short_life_leaves_time_before_everybody_waits() -> None:
    """A token of two seconds is refreshed ahead like one of two hours."""
    for _ in range(50):
        life = life_of(Issued("t", expires_in=2.0), BEGAN, BEGAN)
        assert 1.0 <= life.advisory < life.mandatory < 2.0


def test_a_slow_answer_still_leaves_a_fresh_half() -> None:
    """Lifetime shorter than the window: no refresh at every call."""
    life = life_of(Issued("t", expires_in=100), BEGAN, later(90))
    assert life.state(later(90)) is State.FRESH
    assert life.advisory >= 95.0


def test_seconds_count_from_before_the_request() -> None:
    """The server counted from when it answered, which was later at most."""
    life = life_of(Issued("t", expires_in=100), BEGAN, later(50))
    assert life.state(later(99.9)).valid
    assert life.state(later(100.1)) is State.EXPIRED


def test_of_two_expiries_the_earlier_one_counts() -> None:
    """Whoever says "expired" is believed."""
    soon = datetime.fromtimestamp(BEGAN.wall + 50, UTC)
    late = datetime.fromtimestamp(BEGAN.wall + 500, UTC)
    by_date = life_of(Issued("t", expires_in=100, expires_at=soon), BEGAN, BEGAN)
    by_seconds = life_of(Issued("t", expires_in=100, expires_at=late), BEGAN, BEGAN)
    only_date = life_of(Issued("t", expires_at=late), BEGAN, BEGAN)
    lives = (by_date.expires, by_seconds.expires, only_date.expires)
    assert lives == (50.0, 100.0, 500.0)


def test_either_clock_may_notice_the_expiry() -> None:
    """One stands still in a suspended machine, the other one can be set back."""
    life = life_of(Issued("t", expires_in=100), BEGAN, BEGAN)
    suspended = Moment(BEGAN.wall + 101, BEGAN.monotonic)
    set_back = Moment(BEGAN.wall - 7200, BEGAN.monotonic + 101)
    assert life.state(suspended) is State.EXPIRED
    assert life.state(set_back) is State.EXPIRED


def test_a_clock_that_is_set_back_makes_nothing_younger() -> None:
    """The other one goes on."""
    life = life_of(Issued("t", expires_in=3600), BEGAN, BEGAN)
    assert life.state(Moment(0.0, BEGAN.monotonic + 3590)) is State.MANDATORY


def test_what_never_expires_is_fresh_for_ever() -> None:
    """Infinity is no number to subtract from itself."""
    for issued in (Issued("t"), Issued("t", expires_in=math.inf)):
        assert life_of(issued, BEGAN, BEGAN).state(later(1e12)) is State.FRESH


def test_a_servers_hint_wins() -> None:
    """Exactly, not spread: it knows its own load."""
    life = life_of(Issued("t", expires_in=3600, refresh_in=60), BEGAN, BEGAN)
    assert life.advisory == 60.0
    assert life.mandatory == 3540.0


def test_a_hint_counts_without_an_expiry_too() -> None:
    """Then nothing is ever mandatory."""
    life = life_of(Issued("t", refresh_in=60), BEGAN, BEGAN)
    assert life.state(later(59)) is State.FRESH
    assert life.state(later(1e9)) is State.ADVISORY


@pytest.mark.parametrize("hint", [0.0, -5.0, 0.3])
def test_a_hint_to_refresh_at_once_is_no_loop(hint: float) -> None:
    """Each `get` would be a login."""
    life = life_of(Issued("t", expires_in=3600, refresh_in=hint), BEGAN, later(10))
    assert life.advisory == 11.0


def test_a_hint_after_the_expiry_is_no_hint() -> None:
    """The credential is replaced when it is gone."""
    life = life_of(Issued("t", expires_in=60, refresh_in=600), BEGAN, BEGAN)
    assert life.state(later(59.9)) is State.FRESH
    assert life.state(later(60)) is State.EXPIRED


@pytest.mark.parametrize("lasts", [0.0, -1.0, -math.inf])
def test_what_is_issued_expired_is_expired_at_once(lasts: float) -> None:
    """Publication asks, and refuses it."""
    life = life_of(Issued("t", expires_in=lasts), BEGAN, BEGAN)
    assert life.state(BEGAN) is State.EXPIRED


def test_what_a_credential_says_of_itself_beats_the_clocks() -> None:
    """It may have been revoked."""
    assert Life().state(Moment(0.0, 0.0, expired=True)) is State.EXPIRED


def test_pauses_double_up_to_a_minute() -> None:
    """Half to all of 1, 2, 4, ... 60 s, with the spread kept at the cap."""
    for failures, longest in ((1, 1.0), (2, 2.0), (3, 4.0), (7, 60.0), (58, 60.0)):
        drawn = [pause_after(failures) for _ in range(200)]
        assert all(longest / 2 <= pause <= longest for pause in drawn)
        assert max(drawn) - min(drawn) > longest / 8


@pytest.mark.parametrize("failures", [58, 1_025, 2**31, 2**63])
def test_no_number_of_failures_is_too_many(failures: int) -> None:
    """2**1024 is no float; peers raise OverflowError there, and stay broken."""
    assert 30.0 <= pause_after(failures) <= 60.0


def test_a_permanent_failure_is_looked_at_again_soon() -> None:
    """The account may be unlocked any moment, and asking costs little."""
    drawn = [pause_after(9, permanent=True) for _ in range(200)]
    assert all(1.0 <= pause <= 5.0 for pause in drawn)


def test_a_source_that_says_when_is_not_asked_before() -> None:
    """At least Retry-After, but not for years because of a typo."""
    assert pause_after(1, hint=120.0) == 120.0
    assert pause_after(1, hint=0.0) >= 0.5
    assert pause_after(1, hint=1e9) == MAX_HINT


def test_only_what_time_does_not_heal_is_permanent() -> None:
    """An unknown error may be gone in a minute."""
    assert is_permanent(Category.AUTHENTICATION)
    assert not is_permanent(Category.OTHER)
    assert not is_permanent(Category.TIMEOUT)


def test_durations_may_be_timedeltas() -> None:
    """As everywhere."""
    issued = Issued("t", expires_in=timedelta(minutes=1), refresh_in=timedelta(0, 30))
    assert (issued.expires_in, issued.refresh_in) == (60.0, 30.0)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"expires_in": "60"}, TypeError, "expires_in must be a number of seconds"),
        ({"expires_in": math.nan}, ValueError, "expires_in must be"),
        ({"refresh_in": math.nan}, ValueError, "refresh_in must be"),
        ({"refresh_in": True}, TypeError, "refresh_in must be a number of seconds"),
        ({"expires_at": 1_700_000_000}, TypeError, "datetime.fromtimestamp"),
        ({"expires_at": datetime(2030, 1, 1)}, ValueError, "time zone"),  # noqa: DTZ001
    ],
)
def test_a_source_is_told_what_it_did_wrong(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    """A naive date would be hours off, and nobody would notice before the 401s."""
    with pytest.raises(error, match=words):
        Issued("hunter2", **options)


@pytest.mark.parametrize("holder", [Issued("hunter2"), Snapshot("hunter2", 1)])
def test_what_holds_a_credential_does_not_show_it(holder: object) -> None:
    """Logs, debuggers and pickles are read by others."""
    assert "hunter2" not in f"{holder!r} {holder!s}"
    for let_out in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither pickled nor copied"):
            let_out(holder)
