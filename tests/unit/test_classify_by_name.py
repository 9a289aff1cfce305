"""Libraries that are not installed here: an error is known by its type's name alone.

Whether the names are still those of the newest releases, `make classification` asks.
"""

from __future__ import annotations

import errno
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import urllib3

from meanings import said
from seawall import classify


def made(name: str, base: type[Exception] = Exception, **attributes: Any) -> Any:
    """An error of the type that *name* names, with *attributes*."""
    module, _, qualname = name.rpartition(".")
    kind = type(qualname, (base,), {"__module__": module})
    error = kind(attributes.pop("text", "x"))
    for attribute, value in attributes.items():
        setattr(error, attribute, value)
    return error


def of_aws(code: str, status: int = 400, **headers: str) -> Exception:
    """What botocore raises for an answer."""
    response = {
        "Error": {"Code": code},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
    }
    return made("botocore.exceptions.ClientError", response=response)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ThrottlingException", 400, "rate_limited after_hint ignored no"),
        ("SlowDown", 503, "rate_limited after_hint ignored no"),
        ("ExpiredToken", 400, "authentication refresh answered no"),
        ("AccessDenied", 403, "authentication no answered no"),
        ("RequestTimeout", 400, "timeout yes failure no"),
        ("NoSuchKey", 404, "rejected no answered yes"),
        ("Unheard", 503, "unavailable yes failure no"),
        ("503", 503, "unavailable yes failure no"),
        ("Unheard", 302, "rejected no answered yes"),
    ],
)
def test_aws_is_read_by_code_and_then_by_status(
    code: str, status: int, expected: str
) -> None:
    """One class stands for all that its services answer."""
    assert said(of_aws(code, status)) == expected


def test_aws_says_when_to_come_back() -> None:
    """In a plain dictionary, in lower case."""
    assert classify(of_aws("Throttling", **{"retry-after": "3"})).retry_after == 3.0


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (11000, "rejected no answered yes"),
        (18, "authentication refresh answered no"),
        (13, "authentication no answered no"),
        (112, "conflict no ignored no"),
        (91, "unavailable if_idempotent failure maybe"),
        (64, "unavailable if_idempotent failure yes"),
        (10107, "unavailable yes ignored no"),
        (4242, "rejected no answered yes"),
        (None, "rejected no answered yes"),
        ("18", "rejected no answered yes"),
    ],
)
def test_mongodb_is_read_by_its_numbers(code: object, expected: str) -> None:
    """An unheard one is an answer all the same."""
    assert said(made("pymongo.errors.OperationFailure", code=code)) == expected


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("UNAVAILABLE", 503, "unavailable if_idempotent failure maybe"),
        ("ABORTED", 409, "conflict no ignored no"),
        (None, 503, "unavailable yes failure no"),
        (None, 404, "rejected no answered yes"),
        (None, None, "other no failure maybe"),
    ],
)
def test_google_is_read_by_the_code_of_grpc_or_of_http(
    code: str | None, status: int | None, expected: str
) -> None:
    """Whichever of them carried the call."""
    grpc = None if code is None else SimpleNamespace(name=code)
    error = made(
        "google.api_core.exceptions.GoogleAPICallError",
        grpc_status_code=grpc,
        code=status,
    )

    assert said(error) == expected


@pytest.mark.parametrize("library", ["openai", "anthropic"])
def test_a_client_of_a_model_means_what_its_transport_means(library: str) -> None:
    """It says only that there was no connection, or no answer in time."""
    connection = made(f"{library}.APIConnectionError")
    assert said(connection) == "connection if_idempotent failure maybe"
    connection.__cause__ = httpx.ConnectError("x")
    assert said(connection) == "connection yes failure no"

    timeout = made(f"{library}.APITimeoutError")
    assert said(timeout) == "timeout if_idempotent failure maybe"
    timeout.__cause__ = httpx.PoolTimeout("x")
    assert said(timeout) == "local_saturation yes ignored no"

    answer = httpx.Response(529, headers={"retry-after-ms": "1500"})
    overloaded = made(f"{library}.APIStatusError", status_code=529, response=answer)
    assert said(overloaded) == "unavailable yes failure no"
    assert classify(overloaded).retry_after == 1.5


def test_a_quota_that_is_used_up_does_not_come_back_by_waiting() -> None:
    """It has the status of a limit that does."""
    spent = made("openai.RateLimitError", status_code=429, code="insufficient_quota")
    fast = made("openai.RateLimitError", status_code=429, code="rate_limit_exceeded")

    assert said(spent) == "rate_limited no ignored no"
    assert said(fast) == "rate_limited after_hint ignored no"


def test_elasticsearch_is_read_by_status_and_by_what_it_wraps() -> None:
    """The first of its errors is the last one that was raised."""
    answer = SimpleNamespace(status=429, headers={"retry-after": "2"})
    limited = made("elastic_transport.ApiError", meta=answer)
    assert said(limited) == "rate_limited after_hint ignored no"
    assert classify(limited).retry_after == 2.0

    refused = urllib3.exceptions.NewConnectionError(None, "x")  # type: ignore[arg-type]
    wrapped = made("elastic_transport.ConnectionError", errors=(refused,))
    assert said(wrapped) == "connection yes failure no"
    assert said(made("elastic_transport.ConnectionError", errors=())) == (
        "connection if_idempotent failure maybe"
    )


def test_a_broker_that_refuses_a_password_is_no_connection_error() -> None:
    """Although it is one of Python's there."""
    name = "aiormq.exceptions.AuthenticationError"
    refused = made(name, ConnectionError)
    unreachable = made("aiormq.exceptions.AMQPConnectionError", ConnectionError)
    unreachable.__cause__ = ConnectionRefusedError(errno.ECONNREFUSED, "x")

    assert said(refused) == "authentication refresh answered no"
    assert said(unreachable) == "connection yes failure no"


@pytest.mark.parametrize(
    ("flags", "name", "expected"),
    [
        ({"fatal": True}, "_FATAL", "rejected no ignored no"),
        ({}, "_TRANSPORT", "connection if_idempotent failure maybe"),
        ({}, "_MSG_TIMED_OUT", "timeout if_idempotent failure maybe"),
        ({}, "TOPIC_AUTHORIZATION_FAILED", "authentication no answered no"),
        ({"retriable": True}, "_UNHEARD", "unavailable if_idempotent failure maybe"),
        ({}, "_UNHEARD", "other no failure maybe"),
    ],
)
def test_confluents_client_is_read_by_the_code_that_it_carries(
    flags: dict[str, bool], name: str, expected: str
) -> None:
    """Its exception is one class; what happened is in its first argument."""
    carried = SimpleNamespace(
        name=lambda: name,
        fatal=lambda: flags.get("fatal", False),
        retriable=lambda: flags.get("retriable", False),
    )
    error = made("cimpl.KafkaException")
    error.args = (carried,)

    assert said(error) == expected


def test_a_failed_refresh_of_google_says_itself_whether_it_may_be_repeated() -> None:
    """It is the refresh, so another one does not help."""
    name = "google.auth.exceptions.RefreshError"

    assert said(made(name, retryable=True)) == "unavailable yes ignored no"
    assert said(made(name, retryable=False)) == "authentication no ignored no"
