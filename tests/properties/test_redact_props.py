"""Whatever the value is: no secret, no exception, no excess."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from seawall._redact import redact, redact_text

CANARY = "h7Unt3rZ2"

texts = st.text(max_size=40)
# Without the characters that end an unquoted value or a quoted one.
plain = st.text(
    st.characters(categories=["L", "N"], include_characters="-._~@/?#%+:!$&*"),
    max_size=8,
)
secrets = st.builds("{}{}{}".format, plain, st.just(CANARY), plain)
keys = st.sampled_from(["password", "db_password", "client-secret", "X-Api-Key"])
leaves: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.binary(max_size=20)
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(texts, inner, max_size=4),
        st.tuples(inner, inner),
    ),
)


@given(value=values)
def test_any_value_is_taken(value: object) -> None:
    """Nothing is raised, and what comes back can be printed."""
    repr(redact(value))


@given(before=texts, secret=secrets, host=st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_no_password_of_a_url_survives(before: str, secret: str, host: str) -> None:
    """Escaped or not: it stands before the last @ of the address."""
    shown = redact_text(f"{before} postgres://app:{secret}@{host}/orders")

    assert CANARY not in shown


@given(before=texts, key=keys, secret=secrets, sign=st.sampled_from(["=", ": ", " = "]))
def test_no_named_value_survives(before: str, key: str, secret: str, sign: str) -> None:
    """A name, a sign, a value."""
    # A quotation mark left open before it may hide the sign.
    before = before.replace('"', "").replace("'", "")

    assert CANARY not in redact_text(f"{before} {key}{sign}{secret}")
    assert CANARY not in redact_text(f"{before} {{'{key}': '{secret}', 'x': 1}}")


@given(key=keys, value=values, depth=st.integers(0, 5))
def test_no_value_of_a_sensitive_key_survives(
    key: str, value: object, depth: int
) -> None:
    """However deep it stands, and whatever it is."""
    nested: object = {key: [CANARY, value]}
    for _ in range(depth):
        nested = [nested]

    assert CANARY not in repr(redact(nested))


@given(text=st.text(max_size=300))
def test_redacting_text_again_takes_no_secret_back(text: str) -> None:
    """A second pass never shows more than the first."""
    once = redact_text(text)

    assert len(redact_text(once)) <= len(once) + 10 * len("[redacted]")


@given(text=st.text(max_size=60), limit=st.integers(1, 50))
def test_long_text_is_cut(text: str, limit: int) -> None:
    """What is past the limit is not looked at, and its size is told."""
    shown = redact_text(text, limit)

    if len(text) > limit:
        assert shown.endswith(f"... ({len(text)} characters)")
