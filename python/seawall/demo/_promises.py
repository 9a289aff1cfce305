"""What seawall promises, and what was measured.

Each promise is judged from the record of a run alone; nothing is assumed.
"""

from __future__ import annotations

import math
from typing import Final, final

import attrs

from seawall import CircuitState

from ._record import DEADLINE, Lane, Record
from ._service import BREAK

TOLERANCE: Final = 0.1
"""Seconds for which a call may be past its deadline: event loop, garbage, busy CPU."""

LOGIN_WINDOW: Final = 1.0
"""Seconds after the revocation in which logins are the revocation's doing."""

RECOVERY: Final = BREAK + 1.0
"""Seconds from database back to circuit closed: the rest of a break, and two probes."""


@final
@attrs.frozen(kw_only=True)
class Verdict:
    """One promise, judged.

    Attributes:
        name: A word for programs.
        promise: What was promised.
        kept: Whether it was kept.
        figure: What was measured with seawall.
        bare: The same without, or None.
        broken: What went wrong, in words; None if nothing did.
        values: The figures for programs.
    """

    name: str
    promise: str
    figure: str
    bare: str | None = None
    broken: str | None = None
    values: dict[str, float] = attrs.field(factory=dict[str, float])

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return self.broken is None


def judge(record: Record) -> list[Verdict]:
    """Judge every promise."""
    return [
        _deadline(record),
        _reached(record),
        _stale(record),
        _one_login(record),
        _recovery(record),
        _leaks(record),
    ]


def _deadline(record: Record) -> Verdict:
    worst, worst_bare = (_slowest(lane) for lane in (record.guarded, record.bare))
    overrun = max(0.0, worst - DEADLINE)
    late = sum(sample.elapsed > DEADLINE for sample in record.bare.samples)
    broken = None
    if not record.guarded.samples:
        broken = "no call was made at all"
    elif worst > DEADLINE + TOLERANCE:
        broken = (
            f"a call took {worst:.3f} s; promised were {DEADLINE:g} s, and "
            f"{TOLERANCE:g} s of tolerance"
        )
    return Verdict(
        name="deadline",
        promise=(
            f"no call past its deadline of {DEADLINE:g} s "
            f"(tolerance {TOLERANCE * 1000:.0f} ms)"
        ),
        figure=f"overrun {overrun * 1000:.0f} ms, slowest {worst:.2f} s",
        bare=f"{late} past it, slowest {worst_bare:.2f} s",
        broken=broken,
        values={
            "calls": len(record.guarded.samples),
            "slowest": worst,
            "overrun": overrun,
            "tolerance": TOLERANCE,
            "slowest_bare": worst_bare,
            "late_bare": late,
        },
    )


def _slowest(lane: Lane) -> float:
    return max((sample.elapsed for sample in lane.samples), default=0.0)


def _reached(record: Record) -> Verdict:
    with_seawall = [
        at for at in record.guarded.attempts if record.database_at(at) != "up"
    ]
    without = [at for at in record.bare.attempts if record.database_at(at) != "up"]
    opened = record.opened_at()
    broken = None
    probes = 0
    if opened is None or not without:
        broken = "the circuit never opened"
    else:
        after = sum(at > opened for at in with_seawall)
        probes = sum(
            state is CircuitState.HALF_OPEN and record.database_at(at) != "up"
            for at, state in record.guarded.circuit
        )
        if after > probes:
            broken = (
                f"{after} calls reached for the database behind an open circuit, "
                f"which let only {probes} probes through"
            )
        elif len(with_seawall) >= len(without):
            broken = (
                f"{len(with_seawall)} calls, not fewer than the {len(without)} without"
            )
    return Verdict(
        name="reached",
        promise="an open circuit lets only probes reach a dead database",
        figure=f"{len(with_seawall)} calls, {probes} of them probes",
        bare=f"{len(without)} calls",
        broken=broken,
        values={
            "with": len(with_seawall),
            "without": len(without),
            "probes": probes,
        },
    )


def _stale(record: Record) -> Verdict:
    stale = sum(sample.kept for sample in record.guarded.samples)
    wrong = sum(sample.kept is not sample.marked for sample in record.guarded.samples)
    failed = record.guarded.kinds()["failed"]
    failed_bare = record.bare.kinds()["failed"]
    broken = None
    if wrong:
        broken = f"{wrong} answers say of themselves what they are not"
    elif failed:
        broken = f"{failed} look-ups failed that the cache could have answered"
    elif not stale:
        broken = "no stale answer was served, although the database was down"
    return Verdict(
        name="stale",
        promise="stale answers instead of errors, each marked as stale",
        figure=f"{stale} stale, all marked; {failed} errors"
        if not wrong
        else f"{stale} stale, {wrong} wrongly marked",
        bare=f"{failed_bare} errors",
        broken=broken,
        values={
            "stale": stale,
            "wrongly_marked": wrong,
            "failed": failed,
            "failed_bare": failed_bare,
        },
    )


def _one_login(record: Record) -> Verdict:
    revoked = record.marks.get("revoke", math.inf)
    ours, bares = (
        sum(revoked <= at < revoked + LOGIN_WINDOW for at in lane.logins)
        for lane in (record.guarded, record.bare)
    )
    broken = None
    if revoked == math.inf:
        broken = "the token was never revoked"
    elif ours != 1:
        broken = f"{ours} logins in the {LOGIN_WINDOW:g} s after the revocation, not 1"
    return Verdict(
        name="one_login",
        promise="one login after the revocation",
        figure=_times(ours, "login"),
        bare=_times(bares, "login"),
        broken=broken,
        values={
            "logins": ours,
            "logins_bare": bares,
            "logins_total": len(record.guarded.logins),
            "logins_total_bare": len(record.bare.logins),
        },
    )


def _recovery(record: Record) -> Verdict:
    back, closed = record.marks.get("back"), record.closed_at()
    promise = f"circuit closed within {RECOVERY:g} s of the database being back"
    if back is None or closed is None:
        broken = (
            "the database never came back"
            if back is None
            else f"the circuit never closed: it ended {_last_state(record)}"
        )
        return Verdict(name="recovery", promise=promise, figure="never", broken=broken)
    # It may close between the server's readiness and our noticing it.
    took = max(0.0, closed - back)
    late = f"it took {took:.2f} s; promised were {RECOVERY:g} s"
    return Verdict(
        name="recovery",
        promise=promise,
        figure=f"{took:.2f} s",
        broken=late if took > RECOVERY else None,
        values={"seconds": took, "promised": RECOVERY},
    )


def _last_state(record: Record) -> str:
    return record.guarded.state_at(math.inf).value.replace("_", "-")


def _leaks(record: Record) -> Verdict:
    return Verdict(
        name="leaks",
        promise="no task, permit, thread, server or file left behind",
        figure="nothing" if not record.leaks else f"{len(record.leaks)} kinds",
        broken=", ".join(record.leaks) + " left behind" if record.leaks else None,
        values={"leaks": len(record.leaks)},
    )


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
