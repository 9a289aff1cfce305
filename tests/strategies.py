"""What hypothesis draws in more than one test file."""

from __future__ import annotations

import math
from datetime import timedelta

from hypothesis import strategies as st

# Ten years: longer than any delay that is meant, short enough to add up exactly.
_LONGEST = 10 * 365 * 86_400.0

seconds = st.floats(min_value=0, max_value=_LONGEST, allow_subnormal=False)
"""A duration as a float."""

durations = seconds | st.timedeltas(timedelta(0), timedelta(seconds=_LONGEST))
"""A duration in either of the forms that an option takes."""

not_durations = st.one_of(
    st.just(math.nan),
    st.floats(max_value=0, exclude_max=True),
    st.timedeltas(max_value=timedelta(microseconds=-1)),
    st.text(max_size=3),
    st.none(),
)
"""What no duration is; None is one where an option allows it."""

ratios = st.floats(min_value=0, max_value=1)
"""A share of the whole."""

not_ratios = st.one_of(
    st.just(math.nan),
    st.floats(max_value=0, exclude_max=True),
    st.floats(min_value=1, exclude_min=True),
)
"""What no ratio is, such as 10 for ten per cent."""

errors = st.sampled_from(
    [ConnectionError, OSError, TimeoutError, ValueError, LookupError, RuntimeError]
)
"""A type of exception that a guarded call raises."""

seeds = st.integers(min_value=0, max_value=2**64 - 1)
"""What makes a draw repeatable."""
