"""What the pages say is true, and nothing public is left out."""

from __future__ import annotations

import contextlib
import contextvars
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import seawall.patterns
import seawall.testing
from seawall import CircuitBreaker, CircuitOpenError, Consecutive

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_ext"))

from circuit_diagram import (  # noqa: E402 -- the folder of the extensions
    TRANSITIONS,
    Signal,
    Transition,
    changes,
    drawing,
)
from classification_tables import libraries  # noqa: E402
from public_names import public_names  # noqa: E402

# What seawall.patterns passes on is documented where it comes from.
PASSED_ON = {
    name
    for name in seawall.patterns.__all__
    if getattr(seawall, name, None) is getattr(seawall.patterns, name)
}


def page(name: str) -> str:
    """Read a page."""
    return (DOCS / f"{name}.md").read_text()


def found(pattern: str, name: str) -> set[str]:
    """Find what *pattern* captures at the beginnings of lines."""
    return set(re.findall(pattern, page(name), re.MULTILINE))


@pytest.mark.parametrize("module", [seawall, seawall.patterns, seawall.testing])
def test_every_public_name_is_in_the_reference(module: ModuleType) -> None:
    """What is not documented is not public, and nobody can rely on it."""
    entries = found(r"^\.\. [\w:]+:: (seawall[\w.]*)", "reference/api")
    expected = {
        f"{module.__name__}.{name}"
        for name in public_names(module)
        if module is not seawall.patterns or name not in PASSED_ON
    }
    assert expected - entries == set()


def test_every_entry_of_the_reference_is_public() -> None:
    """A name that was renamed must not linger."""
    public = {
        f"{module.__name__}.{name}"
        for module in (seawall, seawall.patterns, seawall.testing)
        for name in public_names(module)
    }
    entries = found(r"^\.\. [\w:]+:: (seawall[\w.]*)", "reference/api")
    assert entries - public == set()


def test_every_library_of_the_table_has_a_section() -> None:
    """The data grows by a library; the page must not forget it."""
    shown = found(r"^```\{classification\} (\w+)$", "reference/errors")
    assert shown == libraries()


def test_pages_of_policies_are_made_alike() -> None:
    """Whoever knows one page knows where to look in all of them."""
    common = [
        "About",
        "Usage",
        "Options and defaults",
        "Errors and events",
        "Anti-patterns",
    ]
    for policy in (
        "retry",
        "breaker",
        "timeout",
        "fallback",
        "credentials",
        "pipeline",
    ):
        headings = re.findall(r"^## (.*)$", page(f"howto/{policy}"), re.MULTILINE)
        assert [h for h in headings if h in common] == common, policy


def test_everything_that_is_shown_as_output_was_printed() -> None:
    """A block of any other language is not run, and says so by its language."""
    allowed = {"python", "output", "console", "eval-rst"}
    for path in DOCS.rglob("*.md"):
        languages = set(re.findall(r"^ *```([\w-]+)", path.read_text(), re.MULTILINE))
        assert languages <= allowed, path


# ---------------------------------------------------------------- the breaker's states


class Circuit:
    """A real breaker that is taken through the table."""

    def __init__(self) -> None:
        self.now = 0.0
        self.breaker = CircuitBreaker(
            "table", trip=Consecutive(2), break_duration=10.0, clock=self
        )
        self.do: dict[Signal, Callable[[], object]] = {
            Signal.SUCCESS: self.succeed,
            Signal.FAILURE: self.fail,
            Signal.LAST_FAILURE: lambda: (self.fail(), self.fail()),
            Signal.CANCELLED: self.cancel,
            Signal.CALL: self.rejected,
            Signal.CALL_AFTER_BREAK: lambda: (self.wait(), self.cancel()),
            Signal.SURPLUS_CALL: lambda: self.breaker.call_sync(self.elsewhere),
            Signal.PROBE_SUCCEEDS: self.succeed,
            Signal.LAST_PROBE_SUCCEEDS: lambda: (self.succeed(), self.succeed()),
            Signal.PROBE_FAILS: self.fail,
            Signal.PROBE_CANCELLED: self.cancel,
        }
        self.reach = {
            "closed": lambda: None,
            "open": self.do[Signal.LAST_FAILURE],
            "half_open": lambda: (
                self.do[Signal.LAST_FAILURE](),
                self.do[Signal.CALL_AFTER_BREAK](),
            ),
        }

    def monotonic(self) -> float:
        """Stand still until somebody waits."""
        return self.now

    def wall(self) -> float:
        """The same."""
        return self.now

    def sleep(self, duration: float) -> None:
        """Go on."""
        self.now += duration

    def wait(self) -> None:
        """Wait until the break is over."""
        self.now += 10.0

    def succeed(self) -> None:
        """Make a call that returns."""
        self.breaker.call_sync(lambda: None)

    def fail(self) -> None:
        """Make a call that fails."""
        self._raise(ConnectionRefusedError())

    def cancel(self) -> None:
        """Make a call that is stopped."""
        self._raise(KeyboardInterrupt())

    def rejected(self) -> None:
        """Make a call that is not made."""
        with pytest.raises(CircuitOpenError):
            self.succeed()

    def elsewhere(self) -> None:
        """Call from a task that is not the probe's."""
        contextvars.Context().run(self.rejected)

    def _raise(self, error: BaseException) -> None:
        def fn() -> None:
            raise error

        with contextlib.suppress(type(error)):
            self.breaker.call_sync(fn)


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: row.signal.name.lower())
def test_the_breaker_does_what_the_table_says(row: Transition) -> None:
    """The diagram and the table of the page are drawn from these rows."""
    circuit = Circuit()
    circuit.reach[row.state.value]()
    assert circuit.breaker.state is row.state
    circuit.do[row.signal]()
    assert circuit.breaker.state is row.next


def test_every_signal_has_a_row() -> None:
    """A signal that nobody decided on would be missing from the page."""
    assert {row.signal for row in TRANSITIONS} == set(Signal)


def test_every_change_of_state_is_drawn() -> None:
    """One arrow each."""
    assert drawing().count('class="arrow"') == len(set(changes())) == len(changes())
