"""Which failures may be answered with something else.

Rule 1: a cancellation never, in whatever disguise, and no mistake of the caller's.

Rule 2: whether that is so, is asked before the user's own function is.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from ._call import Call
from ._cancel import is_cancellation
from ._classify import Classify, matches
from ._classify import classify as usual
from ._meaning import Classification
from ._types import Category, On

# ONEX's two, and the third way in which a dependency is not there.
DEFAULT_ON: Final[On] = (Category.TIMEOUT, Category.UNAVAILABLE, Category.CONNECTION)


def handles(
    on: On, classify: Classify | None, error: BaseException, call: Call
) -> bool:
    """Tell whether *error*, with which *call* failed, is one of *on*."""
    if call.misused or is_cancellation(error):
        return False
    return means(on, classify, error)


def means(on: On, classify: Classify | None, error: BaseException) -> bool:
    """Tell whether *error* is one of *on*, as its user would classify it."""
    if classify is None:
        return matches(on, error)
    return matches(on, error, partial(classified, classify))


def classified(classify: Classify | None, error: Exception) -> Classification:
    """Classify *error* as the policy's user would.

    Raises:
        TypeError: If the user's function returns something else.
    """
    if classify is None:
        return usual(error)
    found: object = classify(error)
    if not isinstance(found, Classification):
        raise TypeError(
            f"classify={classify!r} returned {found!r} for an error: return a "
            f"Classification, such as Classification(Category.OTHER)"
        )
    return found
