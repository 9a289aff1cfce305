"""Nothing secret in messages, reprs, events and logs."""

from __future__ import annotations

import enum
import re
import time
from collections import OrderedDict, UserDict, deque, namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from seawall._redact import redact, redact_text
from seawall._secret import Secret

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter2\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://app:hunter2@db:5432/x", "postgres://[redacted]@db:5432/x"),
        ("see redis://:hunter2@h/0!", "see redis://[redacted]@h/0!"),
        ("amqp://hunter2@h", "amqp://[redacted]@h"),
        ("postgres://u:hun@ter2@h/x", "postgres://[redacted]@h/x"),
        ("postgres://u:hun/ter2@h/x", "postgres://[redacted]@h/x"),
        ("postgres://u:hun@t/er2@h/x", "postgres://[redacted]@h/x"),
        ("postgres://u:hun?ter2@h/x", "postgres://[redacted]@h/x"),
        ("postgresql+asyncpg://u:hunter2@h", "postgresql+asyncpg://[redacted]@h"),
        (
            "redis://a:hunter2@h1,redis://b:hunter2@h2",
            "redis://[redacted]@h1,redis://[redacted]@h2",
        ),
        ("u:hunter2@tcp(h:3306)/x", "[redacted]@tcp(h:3306)/x"),
        (
            "host=h user=hunter2 password='hun ter2' dbname=x",
            "host=h user=[redacted] password=[redacted] dbname=x",
        ),
        (
            "Server=h; User Id=hunter2; Password=hunter2; Encrypt=yes",
            "Server=h; User Id=[redacted]; Password=[redacted]; Encrypt=yes",
        ),
    ],
)
def test_connection_strings_lose_user_and_password(text: str, expected: str) -> None:
    """In every form in which drivers take them, badly escaped ones included."""
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2",
        "authorization=Basic aHVudGVyMg== hunter2",
        "the header 'Bearer hunter2' was sent",
        "basic hunter2hunter2",
        "X-Vault-Token: hunter2",
        "api_key=hunter2",
        "api-key: hunter2",
        "apiKey => hunter2",
        '{"client_secret":"hunter2","x":1}',
        "{'password': 'hunt\\'er2 hunter2', 'x': 1}",
        r'{"password": "hunt\"er2 hunter2"}',
        "password='it''s hunter2'",
        "password=(hunter2)",
        "password = hunter2",
        "?access_token=hunter2&page=2",
        "password='hunter2",
        "password: b'hunter2'",
        "Cookie: a=hunter2; b=hunter2",
        "DB_PASS=hunter2",
        f"token is {JWT}".replace("dozj", "hunter2dozj"),
        "hvs.hunter2hunter2hunter2",
        "ghp_hunter2hunter2hunter2hunter2hunter2",
        PEM,
        PEM[:60],
    ],
)
def test_named_and_well_known_secrets_are_taken_out_of_text(text: str) -> None:
    """By their name, by their scheme, or by their looks."""
    shown = redact_text(text)

    assert "hunter2" not in shown
    assert "[redacted]" in shown


@pytest.mark.parametrize(
    "text",
    [
        "connection refused",
        "https://host:443/path?x=1#frag",
        "https://host:443/@scope/package",
        "http://[::1]:8080/x",
        "InvalidPasswordError: role does not exist",
        "CredentialRefreshError: the source failed",
        "bob@example.org wrote",
        "max_tokens: 100",
        "user: bob, id: 7",
        "passed: 3, author: bob, pinned=4",
        "",
    ],
)
def test_text_without_secrets_stays_as_it_is(text: str) -> None:
    """A log that shows nothing helps nobody."""
    assert redact(text) == text


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "PGPASSWORD",
        "passwd",
        "secret",
        "client_secret",
        "token",
        "X-Vault-Token",
        "api_key",
        "apiKey",
        "authorization",
        "Authorization",
        "credential",
        "credentials",
        "private_key",
        "session_id",
        "Set-Cookie",
        "auth",
        "db_pass",
        "pin",
        b"x-authorization",
    ],
)
@pytest.mark.parametrize("value", ["hunter2", 1234, ["hunter2"], None])
def test_what_has_a_sensitive_key_is_replaced_whole(key: object, value: object) -> None:
    """Whatever its type is: a PIN is a number."""
    shown = redact({key: value, "host": "h"})

    assert list(shown.values()) == ["[redacted]", "h"]


def test_counted_tokens_are_no_secret() -> None:
    """Budgets and language models count tokens."""
    assert redact({"max_tokens": 100}) == {"max_tokens": 100}
    assert redact({"token": 100}) == {"token": "[redacted]"}
    assert redact({"tokens": ["a"]}) == {"tokens": "[redacted]"}


Pair = namedtuple("Pair", "user password")  # noqa: PYI024 -- the untyped one


@dataclass
class Settings:
    """A class whose repr shows everything."""

    host: str
    password: str


class Colour(enum.StrEnum):
    """A str that is none."""

    RED = "red"


def test_containers_are_looked_into() -> None:
    """Every kind that a program uses, however deep."""
    value: dict[object, Any] = {
        "list": [{"token": "hunter2"}],
        "pairs": [("Authorization", "hunter2"), (b"x-api-key", b"hunter2")],
        "named": Pair("bob", "hunter2"),
        "set": {"redis://:hunter2@h"},
        "deque": deque(["redis://:hunter2@h"], maxlen=3),
        "ordered": OrderedDict([("secret", "hunter2")]),
        "mapping": UserDict({"secret": "hunter2"}),
        "object": Settings("h", "hunter2"),
        "bytes": b"password=hunter2",
        "view": memoryview(b"password=hunter2"),
        "error": ValueError("redis://:hunter2@h"),
        "secret": Secret("hunter2"),
        "redis://:hunter2@h": 1,
        ("redis://:hunter2@h",): 2,
    }

    shown = redact(value)

    assert "hunter2" not in repr(shown)
    assert shown["pairs"][0] == ("Authorization", "[redacted]")
    assert shown["named"] == {"user": "bob", "password": "[redacted]"}
    assert shown["set"] == ["redis://[redacted]@h"]
    assert shown["object"] == "Settings(host='h', password=[redacted])"
    assert value["list"] == [{"token": "hunter2"}]


def test_plain_values_stay_what_they_are() -> None:
    """Numbers and times are worth more as such."""
    plain = [
        None,
        True,
        3,
        2.5,
        UUID(int=7),
        timedelta(1),
        datetime(2030, 1, 1, tzinfo=UTC),
    ]

    assert redact(plain) == plain
    assert redact((1, 2)) == (1, 2)
    assert redact(Colour.RED) == "red"
    assert type(redact(Colour.RED)) is str


class Hostile:
    """Raises wherever it is looked at."""

    def __repr__(self) -> str:
        """Refuse."""
        raise ValueError

    def __str__(self) -> str:
        """Refuse."""
        raise ValueError

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """Even here."""
        raise ValueError


class HostileDict(dict[str, str]):
    """A dict whose items cannot be had."""

    def items(self) -> Any:
        raise RuntimeError


class Endless(list[int]):
    """A list without an end."""

    def __iter__(self) -> Iterator[int]:
        """Go on."""
        while True:
            yield 1


class LyingStr(str):
    """Text that refuses to be text."""

    __slots__ = ()

    def __str__(self) -> str:
        """Refuse."""
        raise ValueError


def test_nothing_that_a_value_does_gets_out() -> None:
    """Redaction runs while an error is being reported."""
    assert redact(Hostile()) == "[unreadable]"
    assert redact(HostileDict(a="b")) == "[unreadable]"
    assert redact([Hostile(), 1]) == ["[unreadable]", 1]
    assert redact(LyingStr("password=hunter2")) == "password=[redacted]"
    assert len(redact(Endless())) == 101


def test_cycles_and_depth_end() -> None:
    """A container may hold itself."""
    loop: list[object] = []
    loop.append(loop)
    knot: dict[object, object] = {}
    knot["self"] = knot
    deep: object = "end"
    for _ in range(100_000):
        deep = [deep]

    assert "..." in repr(redact(loop))
    assert "..." in repr(redact(knot))
    assert "..." in repr(redact(deep))
    assert redact({(("a",),): 1}) == {"('...',)": 1} or redact({(("a",),): 1})


def test_what_is_too_much_is_cut_and_says_so() -> None:
    """A log line is read by people."""
    wide = redact(list(range(1_000)))
    assert len(wide) == 101
    assert wide[-1] == "..."

    table = redact({number: number for number in range(1_000)})
    assert len(table) == 101
    assert table["..."] == "..."

    many = redact([[list(range(100))] * 100] * 100)
    assert repr(many).count(",") < 1_500

    fields = redact([{"a": 1, "b": 2}] * 99 + [{"c": list(range(99))}] * 20)
    assert fields

    text = redact("word " * 100_000)
    assert len(text) < 10_000
    assert text.endswith("... (500000 characters)")

    texts = redact(["x y " * 3_000] * 100)
    assert len(repr(texts)) < 100_000
    assert texts[-1] == "..."

    assert redact(10**10_000) == "[integer of 33220 bits]"


def test_every_value_is_counted_once_too_many_were_seen() -> None:
    """Dicts of dicts stop as lists of lists do."""
    shown = redact([{number: number for number in range(90)} for _ in range(20)])

    assert repr(shown).count(":") < 1_100
    assert shown[-1] == "..."


@pytest.mark.parametrize("size", [8_150, 8_180, 8_190])
def test_a_secret_at_the_cut_does_not_survive_it(size: int) -> None:
    """Half a connection string is not recognised as one, so it goes as a whole."""
    text = "x" * 4_000 + " " + "y" * (size - 4_001)
    for secret in (" postgres://app:hunter2hunter2hunter2@h/x", " " + PEM):
        shown = redact_text(text + secret + " z" * 10_000)
        assert "hunter" not in shown


def test_a_word_that_ends_at_the_cut_is_kept() -> None:
    """Only a word that goes on is dropped."""
    assert redact_text("abc def", 3) == "abc... (7 characters)"
    assert redact_text("abc def", 4) == "abc ... (7 characters)"
    assert redact_text("abc def", 5) == "abc ... (7 characters)"
    assert redact_text("abcdef", 5) == "... (6 characters)"


@pytest.mark.real_time
@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000_000,
        "://" * 3_000_000,
        "@:" * 5_000_000,
        "password" * 1_000_000,
        "password='" * 1_000_000,
        "password" + " " * 10_000_000,
        "'" * 10_000_000,
        "\\" * 10_000_000,
        "-----BEGIN PRIVATE KEY-----" * 300_000,
        "eyJ" * 3_000_000,
        "bearer " * 1_000_000,
        "user=" * 2_000_000 + "password=",
        "token." * 1_000_000,
    ],
)
def test_ten_million_characters_take_no_time(text: str) -> None:
    """Linear in what is kept, whatever the text was written for."""
    started_at = time.perf_counter()
    redact(text)
    redact(text[:8_000])

    assert time.perf_counter() - started_at < 0.5


def test_redacting_twice_changes_nothing() -> None:
    """Errors redact, logs redact again."""
    for text in (
        "host=h user=u password='a b' x=1",
        "Authorization: Bearer abc\nCookie: x",
        f"bearer {JWT} {PEM} postgres://u:p@h/x?password=y",
        "(password=hunter2)",
    ):
        once = redact_text(text)
        assert redact_text(once) == once
        assert not re.search(r"\]\]", once)
