"""When an answer of HTTP asks to be left alone, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import requests
from aiohttp import ClientResponseError, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from seawall import Category, Classification, Classifier, classify
from seawall._hints import retry_after

NOW = "Tue, 24 Nov 2026 12:00:00 GMT"
LATER = "Tue, 24 Nov 2026 12:01:30 GMT"
BEFORE = "Tue, 24 Nov 2026 11:59:00 GMT"
EPOCH = 1_795_521_600  # NOW


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "1"}, 1.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"Retry-After": "0"}, 0.0),
        ({"retry-after": "1000000000"}, 1e9),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "NaN"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "9" * 5_000}, None),
        ({"retry-after": 7}, None),
        ({"retry-after": b"7"}, None),
        ({"retry-after": LATER, "date": NOW}, 90.0),
        ({"retry-after": "Tue, 24 Nov 2026 12:01:30 -0000", "date": NOW}, 90.0),
        ({"retry-after": BEFORE, "date": NOW}, None),
        ({"retry-after": LATER}, None),
        ({"retry-after": LATER, "date": "today"}, None),
        ({"retry-after": "Tue, 99 Nov 2026 12:01:30 GMT", "date": NOW}, None),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"x-ratelimit-reset": "30"}, 30.0),
        ({"X-RateLimit-Reset": "30", "retry-after": "2"}, 2.0),
        ({"x-ratelimit-reset": f"{EPOCH + 60}", "date": NOW}, 60.0),
        ({"x-ratelimit-reset": f"{EPOCH + 60}"}, None),
        ({"x-ratelimit-reset": f"{EPOCH - 60}", "date": NOW}, None),
        ({"x-ratelimit-reset": "9" * 18, "date": NOW}, None),
        ({"x-ratelimit-reset": "-3"}, None),
        ({"x-ratelimit-reset": "30", "x-ratelimit-remaining": "5"}, None),
        ({"x-ratelimit-reset": "30", "x-ratelimit-remaining": "0"}, 30.0),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "7s"}, 7.0),
    ],
    ids=str,
)
def test_what_the_answer_says_is_read(
    headers: Mapping[str, Any], expected: float | None
) -> None:
    """Seconds, dates by the answer's own clock, and limits; nonsense is no hint."""
    found = retry_after(CIMultiDict(headers), limited=True)

    assert found == (expected if expected is None else pytest.approx(expected))


def test_a_limit_is_a_hint_only_where_it_was_reached() -> None:
    """Services tell it on every answer, also when they are down."""
    headers = {"x-ratelimit-reset": "3600"}

    assert retry_after(headers, limited=False) is None
    assert retry_after(headers, limited=True) == 3600.0


@pytest.mark.parametrize("headers", [None, 7, [], "retry-after", object(), type])
def test_what_has_no_headers_has_no_hint(headers: object) -> None:
    """An error may be made without the answer."""
    assert retry_after(headers, limited=True) is None


def test_headers_that_raise_have_no_hint() -> None:
    """It is looked at while an error is being reported."""

    class Headers:
        def get(self, name: str) -> str:
            raise ZeroDivisionError(name)

    assert retry_after(Headers(), limited=True) is None


def of_httpx(status: int, headers: dict[str, str]) -> Exception:
    """What httpx raises for an answer."""
    request = httpx.Request("GET", "http://example.test")
    answer = httpx.Response(status, headers=headers, request=request)
    return httpx.HTTPStatusError("x", request=request, response=answer)


def of_requests(status: int, headers: dict[str, str]) -> Exception:
    """What requests raises for an answer."""
    answer = requests.Response()
    answer.status_code = status
    answer.headers.update(headers)
    return requests.HTTPError("x", response=answer)


def of_aiohttp(status: int, headers: dict[str, str]) -> Exception:
    """What aiohttp raises for an answer."""
    url = URL("http://example.test")
    request = RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict()), url)
    return ClientResponseError(request, (), status=status, headers=CIMultiDict(headers))


@pytest.mark.parametrize("raised", [of_httpx, of_requests, of_aiohttp])
def test_classify_passes_the_hint_on(raised: Any) -> None:
    """Of a 429 and of a 503; what was reached is a hint on the first only."""
    limited = classify(raised(429, {"X-RateLimit-Reset": "4"}))
    down = classify(raised(503, {"Retry-After": LATER, "Date": NOW}))

    assert (limited.retry, limited.retry_after) == ("after_hint", 4.0)
    assert (down.retry, down.retry_after) == ("yes", 90.0)
    assert classify(raised(503, {"X-RateLimit-Reset": "4"})).retry_after is None
    assert classify(raised(503, {"Retry-After": "never"})).retry_after is None


def test_a_rule_of_the_users_that_says_when_has_the_last_word() -> None:
    """One that does not leaves it to the answer."""
    patient = Classification(Category.UNAVAILABLE, retry_after=60)
    hinted = of_httpx(503, {"Retry-After": "4"})

    def taught(found: Classification) -> Classifier:
        return Classifier().extend({httpx.HTTPStatusError: found})

    assert taught(patient)(hinted).retry_after == 60.0
    assert taught(Classification(Category.OTHER))(hinted).retry_after == 4.0
