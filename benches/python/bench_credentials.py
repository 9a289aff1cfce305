"""A credential that is fresh: nothing to refresh, and still one to be had."""

from __future__ import annotations

import functools
from time import monotonic
from typing import Any

from race import Case, Lane, race
from seawall import CredentialRefresh, Issued, Pipeline, Snapshot
from workloads import TOKEN, Fn, fresh


async def login(current: Snapshot[str] | None) -> Issued[str]:
    """Bring a credential that outlives the bench."""
    assert current is None, "the bench is about a credential that stays fresh"
    return Issued("token", expires_in=86400.0)


def with_call(function: Fn) -> Fn:
    """Call through the credentials."""
    return functools.partial(CredentialRefresh(login).call, function)


def with_keyword(function: Fn) -> Fn:
    """Let a pipeline fill in the keyword."""
    return Pipeline(CredentialRefresh(login).into("token"))(function)


def by_hand(function: Fn) -> Fn:
    """Keep a token and its end in two variables."""
    token, ends = "token", monotonic() + 86400.0

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if monotonic() >= ends:
            raise PermissionError
        return await function(token, *args, **kwargs)

    return functools.update_wrapper(fresh(wrapper), function)


@race(
    "credential, fresh",
    TOKEN,
    Case("seawall, .call(fn)", with_call),
    Case("seawall, .into(keyword)", with_keyword),
    Case("by hand", by_hand, note="no refresh at all: two variables and a comparison"),
)
def bench_fresh(run: Any, lane: Lane) -> None:
    """Measure the call whose credential is still good."""
    run(lane)
