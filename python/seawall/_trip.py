"""What opens a closed circuit."""

from __future__ import annotations

from typing import final

import attrs

from ._validate import whole

_MOST_FAILURES = 2**31


@final
@attrs.frozen
class Consecutive:
    """Trip after so many failures in a row; a success in between starts anew.

    Args:
        failures: At least 1.

    Raises:
        ValueError: If *failures* is less than 1.
    """

    failures: int = 5

    def __attrs_post_init__(self) -> None:
        """Refuse a circuit that opens before anything failed."""
        whole("failures", self.failures, 1, _MOST_FAILURES)
