"""A stale cache against a slow and obvious one, whatever is asked of both."""

from __future__ import annotations

import attrs
from hypothesis import given
from hypothesis import strategies as st

from seawall import InfraUnavailableError, Outcome, StaleCache

FRESH, STALE, ENTRIES = 10.0, 20.0, 3


class Clock:
    """Two clocks, set by hand."""

    def __init__(self) -> None:
        self.now = self.day = 0.0

    def monotonic(self) -> float:
        """Read it."""
        return self.now

    def wall(self) -> float:
        """Read the other one."""
        return self.day

    def sleep(self, duration: float, /) -> None:
        """Wait for nothing."""
        raise AssertionError(duration)


@attrs.frozen
class Kept:
    """A value, and when it was asked for."""

    key: str
    value: int
    now: float
    day: float


class Model:
    """A list, searched from end to end; the one used last is its last one."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.kept: list[Kept] = []

    def age(self, one: Kept) -> float:
        """Believe the clock that says older."""
        return max(self.clock.now - one.now, self.clock.day - one.day)

    def ask(self, key: str, answer: int | None) -> tuple[int | None, str, float | None]:
        """Answer as the cache should: value, source, age if old."""
        found = [one for one in self.kept if one.key == key]
        self.kept = [one for one in self.kept if one.key != key] + found
        if found and self.age(found[0]) < FRESH:
            return found[0].value, "cache", None
        if answer is not None:
            self.kept = [one for one in self.kept if one.key != key]
            self.kept.append(Kept(key, answer, self.clock.now, self.clock.day))
            self.kept = self.kept[-ENTRIES:]
            return answer, "primary", None
        if found and self.age(found[0]) < FRESH + STALE:
            return found[0].value, "stale", self.age(found[0])
        self.kept = [one for one in self.kept if one.key != key]
        return None, "primary", None

    def invalidate(self, key: str) -> None:
        """Forget it."""
        self.kept = [one for one in self.kept if one.key != key]


keys = st.sampled_from("abcde")
actions = st.one_of(
    st.tuples(st.just("ask"), keys, st.none() | st.integers(0, 99)),
    st.tuples(st.just("pass"), st.sampled_from([0.5, 5, 9.5, 10, 20, 30]), st.none()),
    st.tuples(st.just("set"), st.sampled_from([-100.0, 15.0, 40.0]), st.none()),
    st.tuples(st.just("invalidate"), keys, st.none()),
    st.tuples(st.just("clear"), st.none(), st.none()),
)


@given(st.lists(actions, max_size=60))
def test_it_does_what_the_slow_one_does(
    history: list[tuple[str, object, int | None]],
) -> None:
    """Values, sources, ages, and who is pushed out."""
    clock = Clock()
    model = Model(clock)
    cache = StaleCache(
        key=lambda key, _: key,
        fresh_for=FRESH,
        stale_if_error=STALE,
        max_entries=ENTRIES,
        clock=clock,
    )
    for action, what, answer in history:
        match action, what:
            case "ask", str(key):
                outcome: Outcome[int] = cache.outcome_sync(primary, key, answer)
                told = outcome.value, outcome.source, outcome.stale_for
                assert told == model.ask(key, answer)
                assert outcome.ok == (outcome.value is not None)
            case "pass", float(duration) | int(duration):
                clock.now += duration
                clock.day += duration
            case "set", float(step):
                clock.day += step
            case "invalidate", str(key):
                cache.invalidate(key)
                model.invalidate(key)
            case _:
                cache.clear()
                model.kept.clear()
        assert len(cache) == len(model.kept)


def primary(_: str, answer: int | None) -> int:
    """Answer, or be down."""
    if answer is None:
        raise InfraUnavailableError("down")
    return answer
