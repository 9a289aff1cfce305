"""The load of the demo."""

from __future__ import annotations

import pytest

from seawall.demo._plan import CALLS_PER_SECOND, FULL, QUICK, USERS, Plan, pages


@pytest.mark.parametrize("plan", [FULL, QUICK])
def test_everybody_is_known_before_the_database_hangs(plan: Plan) -> None:
    """The cache can answer for whoever was looked up once."""
    seen = {
        u for page in pages(plan, 3) if page.at < plan.hang - 1 for u in page.user_ids
    }

    assert seen == set(range(USERS))


def test_the_load_is_steady() -> None:
    """An incident must not look like a change of load."""
    for second in range(int(QUICK.end)):
        calls = sum(
            len(page.user_ids)
            for page in pages(QUICK, 1)
            if second <= page.at < second + 1
        )
        assert calls == CALLS_PER_SECOND


def test_a_seed_stands_for_one_load() -> None:
    """Both services must get the same, and a bug report must be repeatable."""
    assert list(pages(QUICK, 7)) == list(pages(QUICK, 7))
    assert list(pages(QUICK, 7)) != list(pages(QUICK, 8))


@pytest.mark.parametrize("plan", [FULL, QUICK])
def test_the_script_is_in_order(plan: Plan) -> None:
    """The token is revoked while the database is down, and there is time to recover."""
    assert 0 < plan.hang < plan.kill < plan.revoke < plan.back < plan.end - 2
