"""One attempt, as those see it whom a retry asks or tells."""

from __future__ import annotations

from typing import final

import attrs


@final
@attrs.frozen(kw_only=True)
class Attempt:
    """The attempt that a `Retry` is about to repeat.

    A backoff of your own gets one and says how long to wait, *before_sleep* gets one
    when that is decided::

        def tell(attempt: Attempt) -> None:
            log.info("attempt %d failed, next in %.1f s", attempt.number, attempt.delay)


        Retry(before_sleep=tell)

    Attributes:
        number: 1 for the first call, so also the number of the retry to come.
        delay: Seconds of the newest delay. For *before_sleep* that is the one about to
            begin, for a backoff the one before this attempt, 0.0 if there was none.
        elapsed: Seconds since the retry began to watch.
        error: What the attempt raised. None: it returned what *on_result* refused.
    """

    number: int
    delay: float
    elapsed: float
    error: Exception | None
