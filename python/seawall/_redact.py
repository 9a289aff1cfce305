"""Take out what nobody may read: passwords, tokens, keys.

Rule 1: too much is taken rather than too little; what was removed is marked.
Rule 2: time is linear in what is kept. Text and containers are cut first, and every
repetition in a pattern is either bounded or never tried a second time.
Rule 3: nothing that a value does, in its ``__repr__`` or anywhere, gets out.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, cast
from uuid import UUID

REDACTED: Final = "[redacted]"

_MAX_TEXT = 8_192  # characters of one text: more than any line of a log
_MAX_TOTAL = 65_536  # characters of all texts in one value
_MAX_DEPTH = 8  # containers in containers
_MAX_ITEMS = 100  # per container
_MAX_NODES = 1_000  # values in one value
_MAX_BITS = 4_096  # of an integer: printing is quadratic
_CUT = "..."

_WORDS = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|credential|authorization"
    r"|(?:private|api|access|account|shared|encryption|signing)[_\-. ]?key"
    r"|token|cookie|session[_\-. ]?id|bearer|signature"
    r"|(?<![a-z0-9])(?:pass|pw|auth|pin|otp|jwt|sig)(?![a-z0-9])"
)
_SENSITIVE = re.compile(_WORDS, re.IGNORECASE)
# What stands between a name and its value: the rest of the name, and the sign.
# `InvalidPasswordError: ...` is no assignment.
_SIGN = (
    r"""[\w\-.]{0,32}(?<!error)(?<!exception)(?<!warning)"""
    r"""["']?\s{0,8}(?:=>|[=:])\s{0,8}"""
)
# One of these always matches, and a quotation mark left open takes everything.
_VALUE = (
    r"""(?:b?(?:"(?:[^"\\]|\\.)*"?)+|b?(?:'(?:[^'\\]|\\.)*'?)+"""
    r"""|\S*[^\s),;}]|\S+)"""
)
_FLAGS = re.IGNORECASE | re.DOTALL
_NAMED = re.compile(rf"((?:{_WORDS}){_SIGN})({_VALUE})", _FLAGS)
_ACCOUNT = re.compile(
    rf"((?<![a-z0-9])(?:user(?:[_ ]?(?:name|id))?|uid|login){_SIGN})({_VALUE})", _FLAGS
)
# Values with spaces in them: the whole line of the header.
_HEADER = re.compile(
    r"""((?:authorization|cookie)["']?\s{0,8}[=:]\s{0,8}["']?)[^\r\n"']+""",
    re.IGNORECASE,
)
_SCHEME = re.compile(
    r"""\b(?:(bearer\s{1,8})[^\s"',;]+|(basic\s{1,8})[\w+/=\-]{8,})""", re.IGNORECASE
)
_WELL_KNOWN = re.compile(
    r"\beyJ[\w\-]{8,}\.[\w\-]+\.[\w\-]*"  # JSON web tokens
    r"|\b(?:hv[sbr]\.|gh[pousr]_|github_pat_|glpat-|xox[abprs]-)[\w\-.]{8,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----"
    r".*?(?:-----END [A-Z ]{0,32}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
# Text without any of these holds nothing that the patterns find.
_SUSPICIOUS = re.compile(
    r"[=:@]|bearer|basic|-----BEGIN"
    r"|eyJ|hv[sbr]\.|gh[pousr]_|github_pat_|glpat-|xox|AKIA|ASIA",
    re.IGNORECASE,
)
_WORD = re.compile(r"\S+")
_END_OF_AUTHORITY = re.compile(r"[/?#]")
_PORT = re.compile(r":[0-9]{1,5}\Z")

_PLAIN = frozenset({type(None), bool, float, UUID, datetime, timedelta})


def redact(value: object, /) -> Any:
    """Return *value* with its secrets replaced, fit for a log.

    ::

        redact({"dsn": "postgres://app:hunter2@db/orders", "token": "abc"})
        # {'dsn': 'postgres://[redacted]@db/orders', 'token': '[redacted]'}

    Containers come back as new dicts, lists and tuples, numbers and times as they
    are, everything else as text. Long text, deep and large containers are cut, so the
    time is bounded whatever the value is. Nothing is ever raised.
    """
    return _Walk().value(value, _MAX_DEPTH)


def redact_text(text: str, /, limit: int = _MAX_TEXT) -> str:
    """Return *text* without connection passwords, tokens and other named secrets."""
    kept = text if len(text) <= limit else _start_of(text, limit)
    if _SUSPICIOUS.search(kept):
        kept = _without_secrets(kept)
    return kept if len(text) <= limit else f"{kept}{_CUT} ({len(text)} characters)"


def _start_of(text: str, limit: int) -> str:
    kept = text[:limit]
    if kept[-1:].isspace() or text[limit].isspace():
        return kept
    # A connection string cut in two is no longer recognised as one, so the word at
    # the cut goes as a whole.
    words = kept.rsplit(None, 1)
    return f"{words[0]} " if len(words) == 2 else ""  # noqa: PLR2004 -- head and tail


def _without_secrets(text: str) -> str:
    text = _PRIVATE_KEY.sub(REDACTED, text)
    text = _WORD.sub(lambda found: _without_accounts(found[0]), text)
    text = _HEADER.sub(rf"\1{REDACTED}", text)
    text = _SCHEME.sub(lambda found: f"{found[1] or found[2]}{REDACTED}", text)
    text, named = _NAMED.subn(_without_value, text)
    if named:
        # The connection string of a driver that writes names: the account goes too.
        text = _ACCOUNT.sub(rf"\1{REDACTED}", text)
    return _WELL_KNOWN.sub(REDACTED, text)


def _without_accounts(word: str) -> str:
    """Drop ``user:password@`` wherever it stands in *word*."""
    parts = word.split("://")
    if len(parts) > 1:
        addresses = map(_without_account, parts, parts[1:])
        return "://".join([parts[0], *addresses])
    # Drivers that leave the scheme out: user:password@host.
    account, at, host = word.rpartition("@")
    return f"{REDACTED}@{host}" if at and ":" in account else word


def _without_account(before: str, address: str) -> str:
    end = _END_OF_AUTHORITY.search(address)
    authority = address[: end.start()] if end else address
    account, at, host = authority.rpartition("@")
    if at and ":" not in account:
        return f"{REDACTED}@{host}{address[len(authority) :]}"
    # Nobody escapes a password: an @, a slash or a question mark may be part of it,
    # and then what looks like a port is its beginning. Only the paths of the web
    # have an @ of their own.
    web = before.lower().endswith(("http", "https"))
    if not at and (":" not in authority or (web and _PORT.search(authority))):
        return address
    account, at, rest = address.rpartition("@")
    return f"{REDACTED}@{rest}" if at else address


def _without_value(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    counts = name.rstrip(" \t=:>\"'").lower().endswith("tokens") and value.isdecimal()
    return f"{name}{value if counts else REDACTED}"


def _is_sensitive(key: object, value: object) -> bool:
    # By type and not by isinstance, which asks the value for its class.
    if issubclass(type(key), bytes):
        name = cast("bytes", key)[:_MAX_TEXT].decode("latin-1")
    elif issubclass(type(key), str):
        name = str.__str__(cast("str", key))[:_MAX_TEXT]
    else:
        return False
    if not _SENSITIVE.search(name):
        return False
    # `max_tokens: 100` counts something, a token that is a number does not.
    counts = name.lower().endswith("tokens") and type(value) in {int, float}
    return not counts


class _Walk:
    """One value on its way through; counts what may still be looked at."""

    __slots__ = ("_characters", "_nodes")

    def __init__(self) -> None:
        self._characters = _MAX_TOTAL
        self._nodes = _MAX_NODES

    def value(self, value: object, depth: int) -> object:
        """Redact *value*, whose containers may be *depth* deep."""
        self._nodes -= 1
        if self._nodes < 0:
            return _CUT
        try:
            return self._by_type(value, depth)
        except Exception:  # noqa: BLE001 -- rule 3
            return "[unreadable]"

    def _by_type(self, value: object, depth: int) -> object:
        kind = type(value)
        if kind in _PLAIN or (kind is int and _is_short(cast("int", value))):
            return value
        if kind is int:
            return f"[integer of {cast('int', value).bit_length()} bits]"
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, bytes | bytearray | memoryview):
            return self._text(repr(bytes(cast("bytes", value[:_MAX_TEXT]))))
        return self._container(value, depth)

    def _container(self, value: object, depth: int) -> object:
        if isinstance(value, Mapping):
            items = cast("Mapping[object, object]", value).items()
            return self._mapping(items, depth)
        if not isinstance(value, list | tuple | set | frozenset | deque):
            return self._text(self._shown(value, depth))
        names = getattr(cast("object", value), "_fields", None)
        values = cast("Iterable[object]", value)
        if names is not None:
            return self._mapping(zip(names, values, strict=False), depth)
        redacted = self._sequence(values, depth)
        return tuple(redacted) if isinstance(value, tuple) else redacted

    def _shown(self, value: object, depth: int) -> str:
        if type(value).__repr__ is not BaseException.__repr__:
            return repr(value)
        # What an error was made with may be as large as any container, and fifty groups
        # that hold the next one twice have a text that never ends.
        error = cast("BaseException", value)
        arguments = ", ".join(map(repr, self._sequence(error.args, depth)))
        return f"{type(error).__name__}({arguments})"

    def _mapping(self, items: Iterable[tuple[object, object]], depth: int) -> object:
        if depth == 0:
            return _CUT
        redacted: dict[object, object] = {}
        for key, value in islice(items, _MAX_ITEMS + 1):
            if len(redacted) == _MAX_ITEMS or self._nodes <= 0:
                redacted[_CUT] = _CUT
                break
            redacted[self._key(key)] = (
                REDACTED if _is_sensitive(key, value) else self.value(value, depth - 1)
            )
        return redacted

    def _key(self, key: object) -> object:
        shown = self.value(key, 0)
        return shown if type(shown) is not dict else _CUT

    def _sequence(self, values: Iterable[object], depth: int) -> list[object]:
        if depth == 0:
            return [_CUT]
        items = list(islice(values, _MAX_ITEMS + 1))
        if len(items) == 2 and _is_sensitive(*items):  # noqa: PLR2004 -- name, value
            return [self.value(items[0], 0), REDACTED]
        redacted = [self.value(item, depth - 1) for item in items[:_MAX_ITEMS]]
        return redacted if len(items) <= _MAX_ITEMS else [*redacted, _CUT]

    def _text(self, text: str) -> str:
        limit = min(_MAX_TEXT, self._characters)
        self._characters -= min(len(text), limit)
        return redact_text(text, limit) if limit else _CUT


def _is_short(number: int) -> bool:
    return number.bit_length() <= _MAX_BITS
