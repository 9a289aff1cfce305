"""Several policies around one call, outermost first.

The standard stack is: total time-out, fallback, retry, circuit breaker, credential,
time-out of one attempt. Orders that cannot do what they look like are warned about when
the pipeline is built, because none of them fails before the bad day.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Final, final

import attrs

from ._breaker import CircuitBreaker
from ._breakers import Breakers, Keyed
from ._call import Stage
from ._credentials import CredentialRefresh, Injected
from ._decorate import Guarded, Reporting
from ._errors import SeawallWarning
from ._fallback import Fallback
from ._retry import Retry
from ._stale import StaleCache
from ._timeout import Timeout
from ._trip import FailureRatio
from ._validate import seconds


@final
@attrs.frozen(init=False)
class Pipeline(Reporting):
    """Put several policies around a call, outermost first.

    ::

        guard = Pipeline(
            Timeout(5.0),  # in total
            Fallback(Step("cache", from_cache)),
            Retry(max_attempts=3, idempotent=True),
            CircuitBreaker("users-db"),
            Timeout(1.0),  # one attempt
        )


        @guard
        async def get_user(user_id: str) -> User: ...


        outcome = await guard.outcome(get_user, "42")  # .value .source .attempts

    One policy object may stand in many pipelines: a breaker is shared by design.

    Args:
        policies: Policies or pipelines, outermost first.
        name: What the pipeline is called in its repr. None: nothing.

    Raises:
        TypeError: If something is no policy, or *name* no text.
        ValueError: If there is none at all.

    Warns:
        SeawallWarning: If the order defeats the purpose of a policy.
    """

    policies: tuple[Guarded, ...]
    name: str | None
    _stages: tuple[Stage, ...] = attrs.field(init=False, eq=False, repr=False)

    def __init__(self, *policies: Guarded, name: str | None = None) -> None:
        if not policies:
            raise ValueError(
                "a pipeline needs at least one policy: write Pipeline(Retry(), ...)"
            )
        for policy in policies:
            _check_policy(policy)
        if name is not None and not isinstance(name, str):
            raise TypeError(
                f"name must be text or None, not {name!r}: write name='get-user'"
            )
        stages = tuple(s for policy in policies for s in policy.__stages__())
        # The class is frozen, and attrs' own constructor takes no *policies.
        object.__setattr__(self, "policies", policies)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "_stages", stages)
        for problem in _problems(stages):
            warnings.warn(problem, SeawallWarning, stacklevel=2)

    def __stages__(self) -> tuple[Stage, ...]:
        """List the stages of all policies, outermost first."""
        return self._stages

    def __advise__(self, *, asynchronous: bool) -> None:
        """Warn about a breaker that would never hear of a call that hangs.

        Not when the pipeline is built: for plain functions, which no time-out can
        interrupt, there is no better order.
        """
        blind = _blind_breaker(self._stages) if asynchronous else None
        if blind is not None:
            warning = _TIMEOUT_OUTSIDE_ONLY.format(name=blind.name)
            warnings.warn(warning, SeawallWarning, stacklevel=4)


def _check_policy(policy: object) -> None:
    if isinstance(policy, Guarded):
        return
    advice = "write Pipeline(Timeout(5.0), Retry(), CircuitBreaker('db'))"
    if isinstance(policy, CredentialRefresh):
        advice = "write credentials.into('token'), with the keyword that it fills"
    elif isinstance(policy, Breakers):
        advice = "write breakers.by(key=lambda host, *_, **__: host)"
    elif isinstance(policy, list | tuple):
        advice = "write Pipeline(*policies)"
    raise TypeError(f"a pipeline is made of policies, not {policy!r}: {advice}")


_FALLBACK_IN_RETRY: Final = (
    "a Fallback inside a Retry hides every failure from it, so nothing is ever "
    "retried: put the Fallback before the Retry"
)
_CACHE_IN_RETRY: Final = (
    "a StaleCache inside a Retry hides failures from it, so what an old value answers "
    "is never retried: put the StaleCache before the Retry"
)
_NO_TIME_FOR_STEPS: Final = (
    "the only Timeout stands outside the Fallback, so a call that hangs uses up all of "
    "its time and no step could ever run: give a step some of it, Step(..., "
    "reserve=0.2), or add a Timeout after the Fallback"
)
_TIMEOUT_OUTSIDE_ONLY: Final = (
    "the only Timeout stands outside the breaker {name!r}, which sees calls that hang "
    "as cancellations and never opens: add a Timeout after the breaker"
)
_CREDENTIAL_OUTSIDE: Final = (
    "a credential outside a Retry is the same for every attempt, a dead one too: put "
    "it after the Retry"
)
_TWICE: Final = "{policy!r} stands twice in one pipeline: its effect multiplies"


def _problems(stages: Sequence[Stage]) -> list[str]:
    """Find orders that defeat a policy."""
    found: list[str] = []
    if _stands_inside(stages, Fallback, Retry):
        found.append(_FALLBACK_IN_RETRY)
    if _stands_inside(stages, StaleCache, Retry):
        found.append(_CACHE_IN_RETRY)
    if any(_starves(stages, i) for i in range(len(stages))):
        found.append(_NO_TIME_FOR_STEPS)
    if _stands_inside(stages, Retry, Injected):
        found.append(_CREDENTIAL_OUTSIDE)
    found += [
        _TWICE.format(policy=stage)
        for i, stage in enumerate(stages)
        if any(stage is earlier for earlier in stages[:i])
    ]
    return found


def _starves(stages: Sequence[Stage], i: int) -> bool:
    """Tell whether what hangs inside stage *i* leaves no time for its steps."""
    stage = stages[i]
    return (
        isinstance(stage, Fallback)
        and stage.reserve == 0
        and any(_limits(outer) for outer in stages[:i])
        and not any(_limits(inner) for inner in stages[i:])
    )


def _limits(stage: Stage) -> bool:
    return isinstance(stage, Timeout) and stage.duration != math.inf


def _blind_breaker(stages: Sequence[Stage]) -> CircuitBreaker | Keyed | None:
    """Find a breaker with all time-outs outside: what hangs, it sees as cancelled."""
    for i, stage in enumerate(stages):
        outside = [outer for outer in stages[:i] if isinstance(outer, Timeout)]
        if (
            isinstance(stage, CircuitBreaker | Keyed)
            and outside
            and not any(isinstance(inner, Timeout) for inner in stages[i:])
            and not _hears_of_hanging(stage, outside)
        ):
            return stage
    return None


def _hears_of_hanging(
    stage: CircuitBreaker | Keyed, outside: Sequence[Timeout]
) -> bool:
    """Tell whether a call that hangs counts before the first time-out cuts it off."""
    if isinstance(stage, Keyed):
        return False  # nobody has seen its breakers yet
    config = stage.config
    first = min(seconds("duration", each.duration, finite=False) for each in outside)
    # Looked for among the calls under way, when the next one is admitted.
    slow_after = config.slow_after if isinstance(config.trip, FailureRatio) else None
    return any(
        limit is not None and limit < first
        for limit in (config.cancelled_after, slow_after)
    )


def _stands_inside(
    stages: Sequence[Stage], inner: type[Guarded], outer: type[Guarded]
) -> bool:
    outers = [i for i, stage in enumerate(stages) if isinstance(stage, outer)]
    return any(
        isinstance(stage, inner) for i in outers[:1] for stage in stages[i + 1 :]
    )
