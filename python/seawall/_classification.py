"""What every known exception type means, as data.

Written by tools/classification.py from tools/classification.csv: change it there.
A meaning reads: category, retry, breaker, executed.
"""
# ruff: noqa: E501 -- one row of the table, one line

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# fmt: off

HTTP: Final[Mapping[str, str]] = {
    "401": "authentication refresh answered no",
    "403": "authentication no answered no",
    "407": "authentication no ignored no",
    "408": "timeout yes failure no",
    "409": "conflict no answered no",
    "421": "unavailable yes ignored no",
    "423": "conflict no answered no",
    "425": "unavailable yes ignored no",
    "429": "rate_limited after_hint ignored no",
    "4xx": "rejected no answered yes",
    "501": "rejected no answered no",
    "503": "unavailable yes failure no",
    "504": "timeout if_idempotent failure maybe",
    "505": "rejected no answered no",
    "507": "unavailable no failure no",
    "508": "rejected no answered no",
    "510": "rejected no answered no",
    "511": "rejected no answered no",
    "521": "unavailable yes failure no",
    "522": "timeout yes failure no",
    "523": "unavailable yes failure no",
    "524": "timeout if_idempotent failure maybe",
    "529": "unavailable yes failure no",
    "598": "timeout if_idempotent failure maybe",
    "599": "timeout if_idempotent failure maybe",
    "5xx": "unavailable if_idempotent failure maybe",
}

SQLSTATE: Final[Mapping[str, str]] = {
    "02": "rejected no answered yes",
    "03": "rejected no answered yes",
    "08": "connection if_idempotent failure maybe",
    "08001": "connection yes failure no",
    "08004": "connection yes failure no",
    "08P01": "protocol if_idempotent failure maybe",
    "09": "rejected no answered yes",
    "0A": "rejected no answered yes",
    "0B": "rejected no answered yes",
    "0F": "rejected no answered yes",
    "0L": "rejected no answered yes",
    "0P": "rejected no answered yes",
    "0Z": "rejected no answered yes",
    "10": "rejected no answered yes",
    "20": "rejected no answered yes",
    "21": "rejected no answered yes",
    "22": "rejected no answered yes",
    "23": "rejected no answered yes",
    "24": "rejected no answered yes",
    "25": "misuse no ignored no",
    "25006": "unavailable yes ignored no",
    "25P03": "timeout yes ignored no",
    "25P04": "timeout if_idempotent failure no",
    "26": "rejected no answered yes",
    "27": "rejected no answered yes",
    "28": "authentication refresh answered no",
    "2B": "rejected no answered yes",
    "2D": "rejected no answered yes",
    "2F": "rejected no answered yes",
    "34": "rejected no answered yes",
    "38": "rejected no answered yes",
    "39": "rejected no answered yes",
    "3B": "rejected no answered yes",
    "3D": "rejected no answered yes",
    "3F": "rejected no answered yes",
    "40": "conflict no ignored no",
    "40002": "rejected no answered yes",
    "40003": "connection if_idempotent failure maybe",
    "42": "rejected no answered yes",
    "42501": "authentication no answered no",
    "44": "rejected no answered yes",
    "53": "unavailable yes failure no",
    "54": "rejected no answered yes",
    "55": "rejected no answered yes",
    "55P03": "conflict no ignored no",
    "57": "unavailable if_idempotent failure maybe",
    "57014": "timeout if_idempotent failure no",
    "57P03": "unavailable yes failure no",
    "57P04": "rejected no answered no",
    "57P05": "connection yes ignored no",
    "58": "unavailable if_idempotent failure maybe",
    "72": "conflict no ignored no",
    "F0": "unavailable no failure no",
    "HV": "rejected no answered yes",
    "HV00N": "unavailable if_idempotent failure maybe",
    "P0": "rejected no answered yes",
    "XX": "unavailable no failure maybe",
}

GRPC: Final[Mapping[str, str]] = {
    "UNAVAILABLE": "unavailable if_idempotent failure maybe",
    "DEADLINE_EXCEEDED": "timeout if_idempotent failure maybe",
    "RESOURCE_EXHAUSTED": "rate_limited after_hint ignored no",
    "UNAUTHENTICATED": "authentication refresh answered no",
    "PERMISSION_DENIED": "authentication no answered no",
    "ABORTED": "conflict no ignored no",
    "CANCELLED": "other no ignored maybe",
    "INTERNAL": "unavailable no failure maybe",
    "UNKNOWN": "unavailable no failure maybe",
    "DATA_LOSS": "unavailable no failure maybe",
    "INVALID_ARGUMENT": "rejected no answered no",
    "NOT_FOUND": "rejected no answered yes",
    "ALREADY_EXISTS": "rejected no answered yes",
    "FAILED_PRECONDITION": "rejected no answered no",
    "OUT_OF_RANGE": "rejected no answered yes",
    "UNIMPLEMENTED": "rejected no answered no",
}

KAFKA: Final[Mapping[str, str]] = {
    "_TRANSPORT": "connection if_idempotent failure maybe",
    "_RESOLVE": "connection yes failure no",
    "_ALL_BROKERS_DOWN": "unavailable yes failure no",
    "_TIMED_OUT": "timeout if_idempotent failure maybe",
    "_TIMED_OUT_QUEUE": "timeout yes failure no",
    "_MSG_TIMED_OUT": "timeout if_idempotent failure maybe",
    "_QUEUE_FULL": "local_saturation yes ignored no",
    "_CRIT_SYS_RESOURCE": "local_saturation yes ignored no",
    "_SSL": "authentication no ignored no",
    "_AUTHENTICATION": "authentication refresh answered no",
    "_UNKNOWN_TOPIC": "rejected no answered no",
    "_UNKNOWN_PARTITION": "rejected no answered no",
    "_UNKNOWN_GROUP": "rejected no answered no",
    "_UNKNOWN_BROKER": "unavailable yes ignored no",
    "_WAIT_COORD": "unavailable yes failure no",
    "_WAIT_CACHE": "unavailable yes ignored no",
    "_NODE_UPDATE": "unavailable yes ignored no",
    "_ISR_INSUFF": "unavailable yes failure no",
    "_RETRY": "unavailable yes ignored no",
    "_IN_PROGRESS": "conflict yes ignored no",
    "_PREV_IN_PROGRESS": "conflict yes ignored no",
    "_CONFLICT": "misuse no ignored no",
    "_STATE": "misuse no ignored no",
    "_INVALID_ARG": "misuse no ignored no",
    "_INVALID_TYPE": "misuse no ignored no",
    "_NOT_CONFIGURED": "misuse no ignored no",
    "_NOT_IMPLEMENTED": "misuse no ignored no",
    "_READ_ONLY": "misuse no ignored no",
    "_DESTROY": "misuse no ignored no",
    "_EXISTING_SUBSCRIPTION": "misuse no ignored no",
    "_KEY_SERIALIZATION": "misuse no ignored no",
    "_VALUE_SERIALIZATION": "misuse no ignored no",
    "_KEY_DESERIALIZATION": "protocol no answered yes",
    "_VALUE_DESERIALIZATION": "protocol no answered yes",
    "_BAD_MSG": "protocol if_idempotent failure maybe",
    "_BAD_COMPRESSION": "protocol if_idempotent failure maybe",
    "_UNDERFLOW": "protocol if_idempotent failure maybe",
    "_UNKNOWN_PROTOCOL": "protocol no failure no",
    "_UNSUPPORTED_FEATURE": "rejected no ignored no",
    "_FENCED": "rejected no ignored no",
    "_FATAL": "rejected no ignored no",
    "_GAPLESS_GUARANTEE": "rejected no ignored no",
    "_INCONSISTENT": "protocol no failure maybe",
    "_PURGE_QUEUE": "other no ignored no",
    "_PURGE_INFLIGHT": "other no ignored maybe",
    "_PARTITION_EOF": "other no ignored no",
    "_NO_OFFSET": "rejected no answered no",
    "_AUTO_OFFSET_RESET": "rejected no answered no",
    "_MAX_POLL_EXCEEDED": "conflict no ignored no",
    "_ASSIGNMENT_LOST": "conflict no ignored no",
    "_LOG_TRUNCATION": "rejected no answered no",
    "UNKNOWN": "unavailable if_idempotent failure maybe",
    "OFFSET_OUT_OF_RANGE": "rejected no answered no",
    "INVALID_MSG": "protocol if_idempotent failure maybe",
    "UNKNOWN_TOPIC_OR_PART": "unavailable yes ignored no",
    "LEADER_NOT_AVAILABLE": "unavailable yes failure no",
    "NOT_LEADER_FOR_PARTITION": "unavailable yes ignored no",
    "REQUEST_TIMED_OUT": "timeout if_idempotent failure maybe",
    "BROKER_NOT_AVAILABLE": "unavailable yes failure no",
    "REPLICA_NOT_AVAILABLE": "unavailable yes ignored no",
    "NETWORK_EXCEPTION": "connection if_idempotent failure maybe",
    "COORDINATOR_LOAD_IN_PROGRESS": "unavailable yes failure no",
    "COORDINATOR_NOT_AVAILABLE": "unavailable yes failure no",
    "NOT_COORDINATOR": "unavailable yes ignored no",
    "NOT_ENOUGH_REPLICAS": "unavailable yes failure no",
    "NOT_ENOUGH_REPLICAS_AFTER_APPEND": "unavailable if_idempotent failure yes",
    "ILLEGAL_GENERATION": "conflict no ignored no",
    "UNKNOWN_MEMBER_ID": "conflict no ignored no",
    "REBALANCE_IN_PROGRESS": "conflict no ignored no",
    "TOPIC_AUTHORIZATION_FAILED": "authentication no answered no",
    "GROUP_AUTHORIZATION_FAILED": "authentication no answered no",
    "CLUSTER_AUTHORIZATION_FAILED": "authentication no answered no",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED": "authentication no answered no",
    "DELEGATION_TOKEN_AUTHORIZATION_FAILED": "authentication no answered no",
    "SASL_AUTHENTICATION_FAILED": "authentication refresh answered no",
    "DELEGATION_TOKEN_EXPIRED": "authentication refresh answered no",
    "DELEGATION_TOKEN_NOT_FOUND": "authentication refresh answered no",
    "UNSUPPORTED_SASL_MECHANISM": "authentication no ignored no",
    "ILLEGAL_SASL_STATE": "authentication no ignored no",
    "SECURITY_DISABLED": "authentication no ignored no",
    "NOT_CONTROLLER": "unavailable yes ignored no",
    "INVALID_PRODUCER_EPOCH": "rejected no ignored no",
    "PRODUCER_FENCED": "rejected no ignored no",
    "TRANSACTION_COORDINATOR_FENCED": "rejected no ignored no",
    "FENCED_INSTANCE_ID": "rejected no ignored no",
    "CONCURRENT_TRANSACTIONS": "conflict yes ignored no",
    "TRANSACTION_ABORTABLE": "conflict no ignored no",
    "OPERATION_NOT_ATTEMPTED": "unavailable yes ignored no",
    "KAFKA_STORAGE_ERROR": "unavailable if_idempotent failure maybe",
    "LOG_DIR_NOT_FOUND": "unavailable if_idempotent failure maybe",
    "FENCED_LEADER_EPOCH": "unavailable yes ignored no",
    "UNKNOWN_LEADER_EPOCH": "unavailable yes ignored no",
    "OFFSET_NOT_AVAILABLE": "unavailable yes ignored no",
    "PREFERRED_LEADER_NOT_AVAILABLE": "unavailable yes ignored no",
    "ELIGIBLE_LEADERS_NOT_AVAILABLE": "unavailable yes failure no",
    "UNSTABLE_OFFSET_COMMIT": "unavailable yes ignored no",
    "THROTTLING_QUOTA_EXCEEDED": "rate_limited after_hint ignored no",
    "REBOOTSTRAP_REQUIRED": "unavailable yes ignored no",
}

AWS: Final[Mapping[str, str]] = {
    "Throttling": "rate_limited after_hint ignored no",
    "ThrottlingException": "rate_limited after_hint ignored no",
    "ThrottledException": "rate_limited after_hint ignored no",
    "RequestThrottled": "rate_limited after_hint ignored no",
    "RequestThrottledException": "rate_limited after_hint ignored no",
    "TooManyRequestsException": "rate_limited after_hint ignored no",
    "ProvisionedThroughputExceededException": "rate_limited after_hint ignored no",
    "RequestLimitExceeded": "rate_limited after_hint ignored no",
    "LimitExceededException": "rate_limited after_hint ignored no",
    "BandwidthLimitExceeded": "rate_limited after_hint ignored no",
    "SlowDown": "rate_limited after_hint ignored no",
    "PriorRequestNotComplete": "rate_limited after_hint ignored no",
    "EC2ThrottledException": "rate_limited after_hint ignored no",
    "TransactionInProgressException": "conflict yes ignored no",
    "ConditionalCheckFailedException": "conflict no answered no",
    "ExpiredToken": "authentication refresh answered no",
    "ExpiredTokenException": "authentication refresh answered no",
    "TokenRefreshRequired": "authentication refresh answered no",
    "InvalidClientTokenId": "authentication refresh answered no",
    "InvalidAccessKeyId": "authentication refresh answered no",
    "UnrecognizedClientException": "authentication refresh answered no",
    "InvalidSignatureException": "authentication refresh answered no",
    "SignatureDoesNotMatch": "authentication refresh answered no",
    "RequestExpired": "authentication refresh answered no",
    "RequestTimeTooSkewed": "authentication no ignored no",
    "AccessDenied": "authentication no answered no",
    "AccessDeniedException": "authentication no answered no",
    "UnauthorizedOperation": "authentication no answered no",
    "RequestTimeout": "timeout yes failure no",
    "RequestTimeoutException": "timeout yes failure no",
    "InternalError": "unavailable if_idempotent failure maybe",
    "InternalFailure": "unavailable if_idempotent failure maybe",
    "InternalServerError": "unavailable if_idempotent failure maybe",
    "ServiceUnavailable": "unavailable yes failure no",
    "ServiceUnavailableException": "unavailable yes failure no",
}

MONGO: Final[Mapping[str, str]] = {
    "6": "connection yes failure no",
    "7": "connection yes failure no",
    "13": "authentication no answered no",
    "18": "authentication refresh answered no",
    "24": "conflict no ignored no",
    "50": "timeout if_idempotent failure maybe",
    "64": "unavailable if_idempotent failure yes",
    "89": "timeout if_idempotent failure maybe",
    "91": "unavailable if_idempotent failure maybe",
    "112": "conflict no ignored no",
    "134": "unavailable yes ignored no",
    "189": "unavailable if_idempotent failure maybe",
    "251": "conflict no ignored no",
    "262": "timeout if_idempotent failure maybe",
    "391": "authentication refresh answered no",
    "9001": "connection if_idempotent failure maybe",
    "10107": "unavailable yes ignored no",
    "11000": "rejected no answered yes",
    "11600": "unavailable if_idempotent failure maybe",
    "11601": "timeout if_idempotent failure maybe",
    "11602": "unavailable if_idempotent failure maybe",
    "13435": "unavailable yes ignored no",
    "13436": "unavailable yes ignored no",
    "14031": "unavailable no failure no",
}

TYPES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "builtins.ConnectionRefusedError": (
        ("", "connection yes failure no"),
    ),
    "builtins.ConnectionError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "builtins.TimeoutError": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "socket.gaierror": (
        ("errno:EAI_NONAME EAI_NODATA", "connection no failure no"),
        ("", "connection yes failure no"),
    ),
    "ssl.SSLCertVerificationError": (
        ("", "authentication no ignored no"),
    ),
    "ssl.SSLError": (
        ("text:[SSL: TLSV1_ALERT_UNKNOWN_CA]", "authentication no ignored no"),
        ("text:[SSL: SSLV3_ALERT_BAD_CERTIFICATE]", "authentication no ignored no"),
        ("text:[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED]", "authentication no ignored no"),
        ("text:[SSL: SSLV3_ALERT_CERTIFICATE_UNKNOWN]", "authentication no ignored no"),
        ("text:[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED]", "authentication no ignored no"),
        ("text:[SSL: WRONG_VERSION_NUMBER]", "protocol no failure no"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "builtins.OSError": (
        ("errno:ECONNREFUSED EHOSTUNREACH ENETUNREACH EHOSTDOWN ENETDOWN", "connection yes failure no"),
        ("errno:ECONNRESET ECONNABORTED EPIPE ESHUTDOWN ENOTCONN ENETRESET", "connection if_idempotent failure maybe"),
        ("errno:ETIMEDOUT", "timeout if_idempotent failure maybe"),
        ("errno:EMFILE ENFILE ENOBUFS ENOMEM EADDRNOTAVAIL", "local_saturation yes ignored no"),
        ("text:Multiple exceptions:", "connection yes failure no"),
        ("text:all attempts to connect to", "connection yes failure no"),
        ("text:All connection attempts failed", "connection yes failure no"),
        ("", "other no failure maybe"),
    ),
    "asyncio.exceptions.IncompleteReadError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "asyncio.exceptions.LimitOverrunError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "asyncio.exceptions.InvalidStateError": (
        ("", "misuse no ignored no"),
    ),
    "asyncio.exceptions.BrokenBarrierError": (
        ("", "other no ignored no"),
    ),
    "asyncio.exceptions.SendfileNotAvailableError": (
        ("", "misuse no ignored no"),
    ),
    "asyncio.queues.QueueFull": (
        ("", "local_saturation yes ignored no"),
    ),
    "asyncio.queues.QueueEmpty": (
        ("", "misuse no ignored no"),
    ),
    "http.client.RemoteDisconnected": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "http.client.IncompleteRead": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "http.client.ImproperConnectionState": (
        ("", "misuse no ignored no"),
    ),
    "http.client.InvalidURL": (
        ("", "misuse no ignored no"),
    ),
    "http.client.NotConnected": (
        ("", "misuse no ignored no"),
    ),
    "http.client.HTTPException": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "builtins.Warning": (
        ("", "other no ignored maybe"),
    ),
    "anyio.ConnectionFailed": (
        ("", "connection yes failure no"),
    ),
    "anyio.BrokenResourceError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "anyio.EndOfStream": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "anyio.IncompleteRead": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "anyio.DelimiterNotFound": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "anyio.WouldBlock": (
        ("", "local_saturation yes ignored no"),
    ),
    "anyio.ClosedResourceError": (
        ("", "misuse no ignored no"),
    ),
    "anyio.BusyResourceError": (
        ("", "misuse no ignored no"),
    ),
    "anyio.BrokenWorkerProcess": (
        ("", "other no ignored maybe"),
    ),
    "anyio.BrokenWorkerInterpreter": (
        ("", "other no ignored maybe"),
    ),
    "anyio.NoEventLoopError": (
        ("", "misuse no ignored no"),
    ),
    "anyio.RunFinishedError": (
        ("", "misuse no ignored no"),
    ),
    "anyio.TypedAttributeLookupError": (
        ("", "misuse no ignored no"),
    ),
    "anyio._core._exceptions.TaskCancelled": (
        ("", "other no ignored maybe"),
    ),
    "anyio._core._exceptions.TaskFailed": (
        ("as:__cause__", ""),
        ("", "other no failure maybe"),
    ),
    "anyio._core._exceptions.TaskNotFinished": (
        ("", "misuse no ignored no"),
    ),
    "anyio._core._exceptions.FutureCancelled": (
        ("", "other no ignored maybe"),
    ),
    "anyio._core._exceptions.FutureFailed": (
        ("as:__cause__", ""),
        ("", "other no failure maybe"),
    ),
    "anyio._core._exceptions.FutureNotFinished": (
        ("", "misuse no ignored no"),
    ),
    "anyio._core._exceptions.FutureAlreadyFinished": (
        ("", "misuse no ignored no"),
    ),
    "trio.TooSlowError": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "trio.BrokenResourceError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "trio.EndOfChannel": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "trio.WouldBlock": (
        ("", "local_saturation yes ignored no"),
    ),
    "trio.ClosedResourceError": (
        ("", "misuse no ignored no"),
    ),
    "trio.BusyResourceError": (
        ("", "misuse no ignored no"),
    ),
    "trio.NeedHandshakeError": (
        ("", "misuse no ignored no"),
    ),
    "trio.RunFinishedError": (
        ("", "misuse no ignored no"),
    ),
    "trio.TrioInternalError": (
        ("", "other no ignored maybe"),
    ),
    "trio._dtls.BadPacket": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "httpx.ConnectError": (
        ("context:ssl.SSLCertVerificationError", "authentication no ignored no"),
        ("", "connection yes failure no"),
    ),
    "httpx.ConnectTimeout": (
        ("", "timeout yes failure no"),
    ),
    "httpx.PoolTimeout": (
        ("", "local_saturation yes ignored no"),
    ),
    "httpx.TimeoutException": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "httpx.ReadError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "httpx.CloseError": (
        ("", "connection if_idempotent ignored maybe"),
    ),
    "httpx.NetworkError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "httpx.RemoteProtocolError": (
        ("text:Server disconnected without sending a response", "connection if_idempotent failure maybe"),
        ("text:peer closed connection without sending complete message body", "protocol if_idempotent failure yes"),
        ("", "protocol if_idempotent failure maybe"),
    ),
    "httpx.LocalProtocolError": (
        ("", "misuse no ignored no"),
    ),
    "httpx.ProtocolError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "httpx.ProxyError": (
        ("http:args[0]", ""),
        ("", "connection yes failure no"),
    ),
    "httpx.UnsupportedProtocol": (
        ("", "misuse no ignored no"),
    ),
    "httpx.TransportError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "httpx.DecodingError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "httpx.TooManyRedirects": (
        ("", "rejected no answered yes"),
    ),
    "httpx.RequestError": (
        ("", "other no failure maybe"),
    ),
    "httpx.HTTPStatusError": (
        ("http:response.status_code", ""),
        ("", "rejected no answered yes"),
    ),
    "httpx.HTTPError": (
        ("", "other no failure maybe"),
    ),
    "httpx.InvalidURL": (
        ("", "misuse no ignored no"),
    ),
    "httpx.CookieConflict": (
        ("", "misuse no ignored no"),
    ),
    "httpx.StreamError": (
        ("", "misuse no ignored no"),
    ),
    "httpx2.ConnectError": (
        ("context:ssl.SSLCertVerificationError", "authentication no ignored no"),
        ("", "connection yes failure no"),
    ),
    "httpx2.ConnectTimeout": (
        ("", "timeout yes failure no"),
    ),
    "httpx2.PoolTimeout": (
        ("", "local_saturation yes ignored no"),
    ),
    "httpx2.TimeoutException": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "httpx2.ReadError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "httpx2.CloseError": (
        ("", "connection if_idempotent ignored maybe"),
    ),
    "httpx2.NetworkError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "httpx2.RemoteProtocolError": (
        ("text:Server disconnected without sending a response", "connection if_idempotent failure maybe"),
        ("text:peer closed connection without sending complete message body", "protocol if_idempotent failure yes"),
        ("", "protocol if_idempotent failure maybe"),
    ),
    "httpx2.LocalProtocolError": (
        ("", "misuse no ignored no"),
    ),
    "httpx2.ProtocolError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "httpx2.ProxyError": (
        ("http:args[0]", ""),
        ("", "connection yes failure no"),
    ),
    "httpx2.UnsupportedProtocol": (
        ("", "misuse no ignored no"),
    ),
    "httpx2.TransportError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "httpx2.DecodingError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "httpx2.TooManyRedirects": (
        ("", "rejected no answered yes"),
    ),
    "httpx2.RequestError": (
        ("", "other no failure maybe"),
    ),
    "httpx2.HTTPStatusError": (
        ("http:response.status_code", ""),
        ("", "rejected no answered yes"),
    ),
    "httpx2.HTTPError": (
        ("", "other no failure maybe"),
    ),
    "httpx2.InvalidURL": (
        ("", "misuse no ignored no"),
    ),
    "httpx2.SSEError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "httpx2.CookieConflict": (
        ("", "misuse no ignored no"),
    ),
    "httpx2.StreamError": (
        ("", "misuse no ignored no"),
    ),
    "httpcore.ConnectError": (
        ("context:ssl.SSLCertVerificationError", "authentication no ignored no"),
        ("", "connection yes failure no"),
    ),
    "httpcore.ConnectTimeout": (
        ("", "timeout yes failure no"),
    ),
    "httpcore.PoolTimeout": (
        ("", "local_saturation yes ignored no"),
    ),
    "httpcore.TimeoutException": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "httpcore.NetworkError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "httpcore.RemoteProtocolError": (
        ("text:Server disconnected without sending a response", "connection if_idempotent failure maybe"),
        ("", "protocol if_idempotent failure maybe"),
    ),
    "httpcore.LocalProtocolError": (
        ("", "misuse no ignored no"),
    ),
    "httpcore.ProtocolError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "httpcore.ProxyError": (
        ("http:args[0]", ""),
        ("", "connection yes failure no"),
    ),
    "httpcore.UnsupportedProtocol": (
        ("", "misuse no ignored no"),
    ),
    "httpcore.ConnectionNotAvailable": (
        ("", "local_saturation yes ignored no"),
    ),
    "httpcore2.ConnectError": (
        ("context:ssl.SSLCertVerificationError", "authentication no ignored no"),
        ("", "connection yes failure no"),
    ),
    "httpcore2.ConnectTimeout": (
        ("", "timeout yes failure no"),
    ),
    "httpcore2.PoolTimeout": (
        ("", "local_saturation yes ignored no"),
    ),
    "httpcore2.TimeoutException": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "httpcore2.NetworkError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "httpcore2.RemoteProtocolError": (
        ("text:Server disconnected without sending a response", "connection if_idempotent failure maybe"),
        ("", "protocol if_idempotent failure maybe"),
    ),
    "httpcore2.LocalProtocolError": (
        ("", "misuse no ignored no"),
    ),
    "httpcore2.ProtocolError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "httpcore2.ProxyError": (
        ("http:args[0]", ""),
        ("", "connection yes failure no"),
    ),
    "httpcore2.UnsupportedProtocol": (
        ("", "misuse no ignored no"),
    ),
    "httpcore2.ConnectionNotAvailable": (
        ("", "local_saturation yes ignored no"),
    ),
    "aiohttp.client_exceptions.ClientConnectorCertificateError": (
        ("", "authentication no ignored no"),
    ),
    "aiohttp.client_exceptions.ServerFingerprintMismatch": (
        ("", "authentication no ignored no"),
    ),
    "aiohttp.client_exceptions.ClientConnectorDNSError": (
        ("errno:EAI_NONAME EAI_NODATA", "connection no failure no"),
    ),
    "aiohttp.client_exceptions.ClientConnectorError": (
        ("", "connection yes failure no"),
    ),
    "aiohttp.client_exceptions.ConnectionTimeoutError": (
        ("", "timeout yes failure no"),
    ),
    "aiohttp.client_exceptions.ServerTimeoutError": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "aiohttp.client_exceptions.ClientConnectionResetError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "aiohttp.client_exceptions.ServerDisconnectedError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "aiohttp.client_exceptions.ServerConnectionError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "aiohttp.client_exceptions.ClientOSError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "aiohttp.client_exceptions.ClientConnectionError": (
        ("text:Connector is closed", "misuse no ignored no"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "aiohttp.client_exceptions.ClientPayloadError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "aiohttp.client_exceptions.ClientHttpProxyError": (
        ("http:status", ""),
        ("", "connection no ignored no"),
    ),
    "aiohttp.client_exceptions.ContentTypeError": (
        ("", "protocol no answered yes"),
    ),
    "aiohttp.client_exceptions.TooManyRedirects": (
        ("", "rejected no answered yes"),
    ),
    "aiohttp.client_exceptions.ClientResponseError": (
        ("cause:aiohttp.http_exceptions.HttpProcessingError", "protocol if_idempotent failure maybe"),
        ("http:status", ""),
        ("", "rejected no answered yes"),
    ),
    "aiohttp.client_exceptions.InvalidURL": (
        ("", "misuse no ignored no"),
    ),
    "aiohttp.client_exceptions.NonHttpUrlClientError": (
        ("", "misuse no ignored no"),
    ),
    "aiohttp.client_exceptions.RedirectClientError": (
        ("", "rejected no answered yes"),
    ),
    "aiohttp.client_exceptions.UploadAbortedError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "aiohttp.client_exceptions.WSMessageTypeError": (
        ("", "misuse no ignored no"),
    ),
    "aiohttp.client_exceptions.ClientError": (
        ("", "other no failure maybe"),
    ),
    "aiohttp.http_exceptions.HttpProcessingError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "aiohttp._websocket.models.WebSocketError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "aiohttp._websocket.models.WSHandshakeError": (
        ("", "misuse no ignored no"),
    ),
    "aiohttp.compression_utils.TooManyMembersError": (
        ("", "protocol no failure yes"),
    ),
    "aiohttp.payload.LookupError": (
        ("", "misuse no ignored no"),
    ),
    "aiohttp.streams.EofStream": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "requests.exceptions.ConnectTimeout": (
        ("", "timeout yes failure no"),
    ),
    "requests.exceptions.Timeout": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "requests.exceptions.ProxyError": (
        ("", "connection yes failure no"),
    ),
    "requests.exceptions.SSLError": (
        ("cause:ssl.SSLCertVerificationError", "authentication no ignored no"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "requests.exceptions.ConnectionError": (
        ("cause:urllib3.exceptions.NewConnectionError", "connection yes failure no"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "requests.exceptions.ChunkedEncodingError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "requests.exceptions.ContentDecodingError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "requests.exceptions.JSONDecodeError": (
        ("", "protocol no answered yes"),
    ),
    "requests.exceptions.InvalidJSONError": (
        ("", "misuse no ignored no"),
    ),
    "requests.exceptions.RetryError": (
        ("", "unavailable no failure maybe"),
    ),
    "requests.exceptions.HTTPError": (
        ("http:response.status_code", ""),
    ),
    "requests.exceptions.TooManyRedirects": (
        ("", "rejected no answered yes"),
    ),
    "requests.exceptions.InvalidURL": (
        ("", "misuse no ignored no"),
    ),
    "requests.exceptions.InvalidSchema": (
        ("", "misuse no ignored no"),
    ),
    "requests.exceptions.MissingSchema": (
        ("", "misuse no ignored no"),
    ),
    "requests.exceptions.URLRequired": (
        ("", "misuse no ignored no"),
    ),
    "requests.exceptions.InvalidHeader": (
        ("", "misuse no ignored no"),
    ),
    "requests.exceptions.StreamConsumedError": (
        ("", "misuse no ignored no"),
    ),
    "requests.exceptions.UnrewindableBodyError": (
        ("", "misuse no ignored no"),
    ),
    "requests.exceptions.RequestException": (
        ("", "other no failure maybe"),
    ),
    "requests.exceptions.RequestsWarning": (
        ("", "other no ignored maybe"),
    ),
    "requests.cookies.CookieConflictError": (
        ("", "misuse no ignored no"),
    ),
    "urllib3.util.ssl_match_hostname.CertificateError": (
        ("", "authentication no ignored no"),
    ),
    "urllib3.exceptions.NewConnectionError": (
        ("", "connection yes failure no"),
    ),
    "urllib3.exceptions.ConnectTimeoutError": (
        ("", "timeout yes failure no"),
    ),
    "urllib3.exceptions.TimeoutError": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "urllib3.exceptions.MaxRetryError": (
        ("as:reason", ""),
        ("", "connection if_idempotent failure maybe"),
    ),
    "urllib3.exceptions.EmptyPoolError": (
        ("", "local_saturation yes ignored no"),
    ),
    "urllib3.exceptions.FullPoolError": (
        ("", "local_saturation yes ignored no"),
    ),
    "urllib3.exceptions.ClosedPoolError": (
        ("", "misuse no ignored no"),
    ),
    "urllib3.exceptions.HostChangedError": (
        ("", "misuse no ignored no"),
    ),
    "urllib3.exceptions.PoolError": (
        ("", "other no failure maybe"),
    ),
    "urllib3.exceptions.ProxyError": (
        ("as:original_error", ""),
        ("", "connection yes failure no"),
    ),
    "urllib3.exceptions.SSLError": (
        ("cause:ssl.SSLCertVerificationError", "authentication no ignored no"),
        ("text:[SSL: CERTIFICATE_VERIFY_FAILED]", "authentication no ignored no"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "urllib3.exceptions.IncompleteRead": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "urllib3.exceptions.InvalidChunkLength": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "urllib3.exceptions.ResponseNotChunked": (
        ("", "misuse no ignored no"),
    ),
    "urllib3.exceptions.ProtocolError": (
        ("as:args[1]", ""),
        ("", "connection if_idempotent failure maybe"),
    ),
    "urllib3.exceptions.DecodeError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "urllib3.exceptions.ResponseError": (
        ("", "unavailable no failure maybe"),
    ),
    "urllib3.exceptions.HeaderParsingError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "urllib3.exceptions.InvalidHeader": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "urllib3.exceptions.LocationValueError": (
        ("", "misuse no ignored no"),
    ),
    "urllib3.exceptions.BodyNotHttplibCompatible": (
        ("", "misuse no ignored no"),
    ),
    "urllib3.exceptions.TimeoutStateError": (
        ("", "misuse no ignored no"),
    ),
    "urllib3.exceptions.UnrewindableBodyError": (
        ("", "misuse no ignored no"),
    ),
    "urllib3.exceptions.ProxySchemeUnsupported": (
        ("", "misuse no ignored no"),
    ),
    "urllib3.exceptions.HTTPError": (
        ("", "other no failure maybe"),
    ),
    "asyncpg.exceptions.ConnectionDoesNotExistError": (
        ("as:__cause__", ""),
    ),
    "asyncpg.exceptions._base.PostgresError": (
        ("sqlstate:sqlstate", ""),
        ("", "other no failure maybe"),
    ),
    "asyncpg.exceptions._base.InterfaceError": (
        ("text:cannot perform operation: connection is closed", "connection yes failure no"),
        ("text:connection is closed", "connection yes failure no"),
        ("", "misuse no ignored no"),
    ),
    "asyncpg.exceptions._base.TargetServerAttributeNotMatched": (
        ("", "unavailable yes failure no"),
    ),
    "asyncpg.exceptions._base.InternalClientError": (
        ("", "protocol no ignored maybe"),
    ),
    "asyncpg.exceptions._base.InterfaceWarning": (
        ("", "misuse no ignored no"),
    ),
    "asyncpg.exceptions._base.PostgresLogMessage": (
        ("", "other no ignored maybe"),
    ),
    "asyncpg.pgproto.pgproto.BufferError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "psycopg.errors.ConnectionTimeout": (
        ("", "timeout yes failure no"),
    ),
    "psycopg_pool.PoolTimeout": (
        ("", "local_saturation yes ignored no"),
    ),
    "psycopg_pool.TooManyRequests": (
        ("", "local_saturation yes ignored no"),
    ),
    "psycopg_pool.PoolClosed": (
        ("", "misuse no ignored no"),
    ),
    "psycopg.OperationalError": (
        ("sqlstate:sqlstate", ""),
        ("has:FATAL:  password authentication failed", "authentication refresh answered no"),
        ("has:FATAL:  sorry, too many clients", "unavailable yes failure no"),
        ("has:FATAL:  remaining connection slots are reserved", "unavailable yes failure no"),
        ("has:FATAL:  too many connections for", "unavailable yes failure no"),
        ("has:FATAL:  the database system is", "unavailable yes failure no"),
        ("has:FATAL:  terminating connection", "unavailable if_idempotent failure maybe"),
        ("has:FATAL:  database", "rejected no answered no"),
        ("has:FATAL:  role", "authentication refresh answered no"),
        ("has:FATAL:  no pg_hba.conf entry", "authentication no answered no"),
        ("has:certificate verify failed", "authentication no ignored no"),
        ("text:connection failed:", "connection yes failure no"),
        ("text:the connection is closed", "connection yes failure no"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "psycopg.InterfaceError": (
        ("sqlstate:sqlstate", ""),
        ("", "misuse no ignored no"),
    ),
    "psycopg.Error": (
        ("sqlstate:sqlstate", ""),
        ("", "other no failure maybe"),
    ),
    "psycopg.Rollback": (
        ("", "other no ignored no"),
    ),
    "psycopg.Warning": (
        ("", "other no ignored maybe"),
    ),
    "sqlalchemy.exc.TimeoutError": (
        ("", "local_saturation yes ignored no"),
    ),
    "sqlalchemy.exc.OperationalError": (
        ("as:orig", ""),
        ("as:orig.__cause__", ""),
        ("sqlstate:orig.sqlstate", ""),
        ("flag:connection_invalidated", "connection if_idempotent failure maybe"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "sqlalchemy.exc.InterfaceError": (
        ("as:orig", ""),
        ("as:orig.__cause__", ""),
        ("sqlstate:orig.sqlstate", ""),
        ("flag:connection_invalidated", "connection if_idempotent failure maybe"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "sqlalchemy.exc.InternalError": (
        ("as:orig", ""),
        ("as:orig.__cause__", ""),
        ("sqlstate:orig.sqlstate", ""),
        ("flag:connection_invalidated", "connection if_idempotent failure maybe"),
        ("", "unavailable no failure maybe"),
    ),
    "sqlalchemy.exc.IntegrityError": (
        ("as:orig", ""),
        ("as:orig.__cause__", ""),
        ("sqlstate:orig.sqlstate", ""),
        ("flag:connection_invalidated", "connection if_idempotent failure maybe"),
        ("", "rejected no answered yes"),
    ),
    "sqlalchemy.exc.ProgrammingError": (
        ("as:orig", ""),
        ("as:orig.__cause__", ""),
        ("sqlstate:orig.sqlstate", ""),
        ("flag:connection_invalidated", "connection if_idempotent failure maybe"),
        ("", "rejected no answered yes"),
    ),
    "sqlalchemy.exc.DataError": (
        ("as:orig", ""),
        ("as:orig.__cause__", ""),
        ("sqlstate:orig.sqlstate", ""),
        ("flag:connection_invalidated", "connection if_idempotent failure maybe"),
        ("", "rejected no answered yes"),
    ),
    "sqlalchemy.exc.NotSupportedError": (
        ("as:orig", ""),
        ("as:orig.__cause__", ""),
        ("sqlstate:orig.sqlstate", ""),
        ("flag:connection_invalidated", "connection if_idempotent failure maybe"),
        ("", "rejected no answered no"),
    ),
    "sqlalchemy.exc.DBAPIError": (
        ("as:orig", ""),
        ("as:orig.__cause__", ""),
        ("sqlstate:orig.sqlstate", ""),
        ("flag:connection_invalidated", "connection if_idempotent failure maybe"),
        ("", "other no failure maybe"),
    ),
    "sqlalchemy.exc.DisconnectionError": (
        ("", "connection yes failure no"),
    ),
    "sqlalchemy.exc.InvalidRequestError": (
        ("", "misuse no ignored no"),
    ),
    "sqlalchemy.exc.ArgumentError": (
        ("", "misuse no ignored no"),
    ),
    "sqlalchemy.exc.CompileError": (
        ("", "misuse no ignored no"),
    ),
    "sqlalchemy.exc.StatementError": (
        ("as:orig", ""),
        ("", "misuse no ignored no"),
    ),
    "sqlalchemy.exc.SQLAlchemyError": (
        ("", "other no failure maybe"),
    ),
    "sqlalchemy.exc.EmulatedDBAPIException": (
        ("as:__cause__", ""),
        ("sqlstate:sqlstate", ""),
    ),
    "sqlalchemy.orm.exc.StaleDataError": (
        ("", "conflict no ignored no"),
    ),
    "sqlalchemy.orm.exc.FlushError": (
        ("", "misuse no ignored no"),
    ),
    "sqlalchemy.orm.exc.ObjectDeletedError": (
        ("", "rejected no answered yes"),
    ),
    "sqlalchemy.orm.exc.DetachedInstanceError": (
        ("", "misuse no ignored no"),
    ),
    "sqlalchemy.orm.exc.UnmappedError": (
        ("", "misuse no ignored no"),
    ),
    "valkey.exceptions.AuthenticationError": (
        ("", "authentication refresh answered no"),
    ),
    "valkey.exceptions.AuthorizationError": (
        ("", "authentication no answered no"),
    ),
    "valkey.exceptions.NoPermissionError": (
        ("", "authentication no answered no"),
    ),
    "valkey.exceptions.AuthenticationWrongNumberOfArgsError": (
        ("", "authentication no answered no"),
    ),
    "valkey.exceptions.MaxConnectionsError": (
        ("", "local_saturation yes ignored no"),
    ),
    "valkey.exceptions.BusyLoadingError": (
        ("", "unavailable yes failure no"),
    ),
    "valkey.exceptions.TimeoutError": (
        ("text:Timeout connecting to server", "timeout yes failure no"),
        ("", "timeout if_idempotent failure maybe"),
    ),
    "valkey.exceptions.ConnectionError": (
        ("text:Too many connections", "local_saturation yes ignored no"),
        ("text:No connection available", "local_saturation yes ignored no"),
        ("text:max number of clients", "unavailable yes failure no"),
        ("cause:ssl.SSLCertVerificationError", "authentication no ignored no"),
        ("cause:builtins.ConnectionRefusedError", "connection yes failure no"),
        ("cause:socket.gaierror", "connection yes failure no"),
        ("text:Error Multiple exceptions:", "connection yes failure no"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "valkey.exceptions.ClusterDownError": (
        ("", "unavailable yes failure no"),
    ),
    "valkey.exceptions.ClusterError": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "valkey.exceptions.TryAgainError": (
        ("", "conflict yes ignored no"),
    ),
    "valkey.exceptions.AskError": (
        ("", "unavailable yes ignored no"),
    ),
    "valkey.exceptions.ReadOnlyError": (
        ("", "unavailable yes failure no"),
    ),
    "valkey.exceptions.OutOfMemoryError": (
        ("", "unavailable no failure no"),
    ),
    "valkey.exceptions.ClusterCrossSlotError": (
        ("", "rejected no answered no"),
    ),
    "valkey.exceptions.ResponseError": (
        ("word:BUSY UNKILLABLE NOREPLICAS MISCONF CLUSTERDOWN MASTERDOWN", "unavailable yes failure no"),
        ("word:TRYAGAIN", "conflict yes ignored no"),
        ("", "rejected no answered yes"),
    ),
    "valkey.exceptions.WatchError": (
        ("", "conflict no ignored no"),
    ),
    "valkey.exceptions.LockError": (
        ("", "conflict no answered no"),
    ),
    "valkey.exceptions.InvalidResponse": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "valkey.exceptions.ValkeyError": (
        ("", "misuse no ignored no"),
    ),
    "valkey.exceptions.ValkeyClusterException": (
        ("", "unavailable yes failure no"),
    ),
    "valkey.exceptions.ChildDeadlockedError": (
        ("", "misuse no ignored no"),
    ),
    "redis.exceptions.ExternalAuthProviderError": (
        ("", "authentication refresh ignored no"),
    ),
    "redis.exceptions.AuthenticationError": (
        ("", "authentication refresh answered no"),
    ),
    "redis.exceptions.AuthorizationError": (
        ("", "authentication no answered no"),
    ),
    "redis.exceptions.NoPermissionError": (
        ("", "authentication no answered no"),
    ),
    "redis.exceptions.AuthenticationWrongNumberOfArgsError": (
        ("", "authentication no answered no"),
    ),
    "redis.exceptions.MaxConnectionsError": (
        ("", "local_saturation yes ignored no"),
    ),
    "redis.exceptions.BusyLoadingError": (
        ("", "unavailable yes failure no"),
    ),
    "redis.exceptions.TimeoutError": (
        ("text:Timeout connecting to server", "timeout yes failure no"),
        ("", "timeout if_idempotent failure maybe"),
    ),
    "redis.exceptions.ConnectionError": (
        ("text:Too many connections", "local_saturation yes ignored no"),
        ("text:No connection available", "local_saturation yes ignored no"),
        ("text:max number of clients", "unavailable yes failure no"),
        ("cause:ssl.SSLCertVerificationError", "authentication no ignored no"),
        ("cause:builtins.ConnectionRefusedError", "connection yes failure no"),
        ("cause:socket.gaierror", "connection yes failure no"),
        ("text:Error Multiple exceptions:", "connection yes failure no"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "redis.exceptions.ClusterDownError": (
        ("", "unavailable yes failure no"),
    ),
    "redis.exceptions.ClusterError": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "redis.exceptions.TryAgainError": (
        ("", "conflict yes ignored no"),
    ),
    "redis.exceptions.AskError": (
        ("", "unavailable yes ignored no"),
    ),
    "redis.exceptions.ReadOnlyError": (
        ("", "unavailable yes failure no"),
    ),
    "redis.exceptions.OutOfMemoryError": (
        ("", "unavailable no failure no"),
    ),
    "redis.exceptions.ClusterCrossSlotError": (
        ("", "rejected no answered no"),
    ),
    "redis.exceptions.ResponseError": (
        ("word:BUSY UNKILLABLE NOREPLICAS MISCONF CLUSTERDOWN MASTERDOWN", "unavailable yes failure no"),
        ("word:TRYAGAIN", "conflict yes ignored no"),
        ("", "rejected no answered yes"),
    ),
    "redis.exceptions.WatchError": (
        ("", "conflict no ignored no"),
    ),
    "redis.exceptions.LockError": (
        ("", "conflict no answered no"),
    ),
    "redis.exceptions.InvalidResponse": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "redis.exceptions.RedisError": (
        ("", "misuse no ignored no"),
    ),
    "redis.exceptions.RedisClusterException": (
        ("", "unavailable yes failure no"),
    ),
    "redis.exceptions.ChildDeadlockedError": (
        ("", "misuse no ignored no"),
    ),
    "redis.exceptions.IncorrectPolicyType": (
        ("", "misuse no ignored no"),
    ),
    "redis.auth.err.RequestTokenErr": (
        ("", "authentication no ignored no"),
    ),
    "redis.auth.err.InvalidTokenSchemaErr": (
        ("", "authentication no ignored no"),
    ),
    "redis.auth.err.TokenRenewalErr": (
        ("", "authentication no ignored no"),
    ),
    "redis.event.EventException": (
        ("", "other no ignored maybe"),
    ),
    "coredis.exceptions.AuthenticationError": (
        ("", "authentication refresh answered no"),
    ),
    "coredis.exceptions.AuthorizationError": (
        ("", "authentication no answered no"),
    ),
    "coredis.exceptions.BusyLoadingError": (
        ("", "unavailable yes failure no"),
    ),
    "coredis.exceptions.ProtocolError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "coredis.exceptions.ConnectionError": (
        ("text:Unable to acquire a connection", "local_saturation yes ignored no"),
        ("cause:ssl.SSLCertVerificationError", "authentication no ignored no"),
        ("cause:builtins.ConnectionRefusedError", "connection yes failure no"),
        ("cause:socket.gaierror", "connection yes failure no"),
        ("", "connection if_idempotent failure maybe"),
    ),
    "coredis.exceptions.ClusterDownError": (
        ("", "unavailable yes failure no"),
    ),
    "coredis.exceptions.ClusterCrossSlotError": (
        ("", "rejected no answered no"),
    ),
    "coredis.exceptions.TryAgainError": (
        ("", "conflict yes ignored no"),
    ),
    "coredis.exceptions.AskError": (
        ("", "unavailable yes ignored no"),
    ),
    "coredis.exceptions.RedisClusterError": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "coredis.exceptions.ReadOnlyError": (
        ("", "unavailable yes failure no"),
    ),
    "coredis.exceptions.ResponseError": (
        ("word:BUSY UNKILLABLE NOREPLICAS MISCONF MASTERDOWN", "unavailable yes failure no"),
        ("word:OOM", "unavailable no failure no"),
        ("word:TRYAGAIN", "conflict yes ignored no"),
        ("", "rejected no answered yes"),
    ),
    "coredis.exceptions.WatchError": (
        ("", "conflict no ignored no"),
    ),
    "coredis.exceptions.LockError": (
        ("", "conflict no answered no"),
    ),
    "coredis.exceptions.InvalidResponse": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "coredis.exceptions.SentinelError": (
        ("", "unavailable yes failure no"),
    ),
    "coredis.exceptions.PersistenceError": (
        ("", "unavailable yes failure no"),
    ),
    "coredis.exceptions.ReplicationError": (
        ("", "unavailable if_idempotent failure yes"),
    ),
    "coredis.typing.RedisError": (
        ("", "misuse no ignored no"),
    ),
    "coredis._concurrency.QueueFull": (
        ("", "local_saturation yes ignored no"),
    ),
    "coredis._concurrency.QueueEmpty": (
        ("", "misuse no ignored no"),
    ),
    "grpc.RpcError": (
        ("begins:details() failed to connect to all addresses", "connection yes failure no"),
        ("begins:details() DNS resolution failed", "connection yes failure no"),
        ("grpc:code()", ""),
        ("", "other no failure maybe"),
    ),
    "grpc.FutureTimeoutError": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "grpc.FutureCancelledError": (
        ("", "other no ignored maybe"),
    ),
    "grpc._cython.cygrpc.UsageError": (
        ("", "misuse no ignored no"),
    ),
    "grpc._cython.cygrpc.BaseError": (
        ("", "other no failure maybe"),
    ),
    "grpc._cython.cygrpc.AioRpcStatus": (
        ("", "other no failure maybe"),
    ),
    "consul.exceptions.Timeout": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "consul.exceptions.ACLPermissionDenied": (
        ("", "authentication refresh answered no"),
    ),
    "consul.exceptions.ACLDisabled": (
        ("", "authentication no answered no"),
    ),
    "consul.exceptions.BadRequest": (
        ("", "rejected no answered yes"),
    ),
    "consul.exceptions.NotFound": (
        ("", "rejected no answered yes"),
    ),
    "consul.exceptions.ClientError": (
        ("http:args[0]", ""),
    ),
    "consul.exceptions.ConsulException": (
        ("http:args[0]", ""),
        ("text:Failed to decode JSON", "protocol if_idempotent failure maybe"),
        ("", "protocol if_idempotent failure maybe"),
    ),
    "hvac.exceptions.VaultDown": (
        ("", "unavailable yes failure no"),
    ),
    "hvac.exceptions.BadGateway": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "hvac.exceptions.InternalServerError": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "hvac.exceptions.VaultNotInitialized": (
        ("", "unavailable no failure no"),
    ),
    "hvac.exceptions.RateLimitExceeded": (
        ("", "rate_limited after_hint ignored no"),
    ),
    "hvac.exceptions.Unauthorized": (
        ("", "authentication refresh answered no"),
    ),
    "hvac.exceptions.Forbidden": (
        ("", "authentication refresh answered no"),
    ),
    "hvac.exceptions.InvalidPath": (
        ("", "rejected no answered yes"),
    ),
    "hvac.exceptions.InvalidRequest": (
        ("", "rejected no answered yes"),
    ),
    "hvac.exceptions.PreconditionFailed": (
        ("", "conflict yes ignored no"),
    ),
    "hvac.exceptions.UnsupportedOperation": (
        ("", "misuse no ignored no"),
    ),
    "hvac.exceptions.ParamValidationError": (
        ("", "misuse no ignored no"),
    ),
    "hvac.exceptions.UnexpectedError": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "hvac.exceptions.VaultError": (
        ("", "other no failure maybe"),
    ),
    "hvac.api.auth_methods.cert.Cert.CertificateAuthError": (
        ("", "misuse no ignored no"),
    ),
    "aiokafka.errors.KafkaConnectionError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "aiokafka.errors.NoBrokersAvailable": (
        ("", "unavailable yes failure no"),
    ),
    "aiokafka.errors.KafkaUnavailableError": (
        ("", "unavailable yes failure no"),
    ),
    "aiokafka.errors.NodeNotReadyError": (
        ("", "unavailable yes failure no"),
    ),
    "aiokafka.errors.StaleMetadata": (
        ("", "unavailable yes ignored no"),
    ),
    "aiokafka.errors.MetadataEmptyBrokerList": (
        ("", "unavailable yes failure no"),
    ),
    "aiokafka.errors.TooManyInFlightRequests": (
        ("", "local_saturation yes ignored no"),
    ),
    "aiokafka.errors.KafkaProtocolError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "aiokafka.errors.KafkaTimeoutError": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "aiokafka.errors.QuotaViolationError": (
        ("", "rate_limited after_hint ignored no"),
    ),
    "aiokafka.errors.AuthenticationFailedError": (
        ("", "authentication refresh answered no"),
    ),
    "aiokafka.errors.AuthenticationMethodNotSupported": (
        ("", "authentication no ignored no"),
    ),
    "aiokafka.errors.UnrecognizedBrokerVersion": (
        ("", "rejected no ignored no"),
    ),
    "aiokafka.errors.IncompatibleBrokerVersion": (
        ("", "rejected no ignored no"),
    ),
    "aiokafka.errors.CommitFailedError": (
        ("", "conflict no ignored no"),
    ),
    "aiokafka.errors.Cancelled": (
        ("", "local_saturation no ignored no"),
    ),
    "aiokafka.errors.ProducerFenced": (
        ("", "rejected no ignored no"),
    ),
    "aiokafka.errors.NoOffsetForPartitionError": (
        ("", "rejected no answered no"),
    ),
    "aiokafka.errors.RecordTooLargeError": (
        ("", "rejected no answered no"),
    ),
    "aiokafka.errors.IllegalStateError": (
        ("", "misuse no ignored no"),
    ),
    "aiokafka.errors.IllegalArgumentError": (
        ("", "misuse no ignored no"),
    ),
    "aiokafka.errors.IllegalOperation": (
        ("", "misuse no ignored no"),
    ),
    "aiokafka.errors.UnsupportedCodecError": (
        ("", "misuse no ignored no"),
    ),
    "aiokafka.errors.KafkaConfigurationError": (
        ("", "misuse no ignored no"),
    ),
    "aiokafka.errors.ConsumerStoppedError": (
        ("", "misuse no ignored no"),
    ),
    "aiokafka.errors.ProducerClosed": (
        ("", "misuse no ignored no"),
    ),
    "aiokafka.errors.UnknownError": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "aiokafka.errors.BrokerNotAvailableError": (
        ("", "unavailable yes failure no"),
    ),
    "aiokafka.errors.ReplicaNotAvailableError": (
        ("", "unavailable yes ignored no"),
    ),
    "aiokafka.errors.LeaderNotAvailableError": (
        ("", "unavailable yes failure no"),
    ),
    "aiokafka.errors.NotLeaderForPartitionError": (
        ("", "unavailable yes ignored no"),
    ),
    "aiokafka.errors.NotControllerError": (
        ("", "unavailable yes ignored no"),
    ),
    "aiokafka.errors.GroupCoordinatorNotAvailableError": (
        ("", "unavailable yes failure no"),
    ),
    "aiokafka.errors.GroupLoadInProgressError": (
        ("", "unavailable yes failure no"),
    ),
    "aiokafka.errors.NotCoordinatorForGroupError": (
        ("", "unavailable yes ignored no"),
    ),
    "aiokafka.errors.UnknownTopicOrPartitionError": (
        ("", "unavailable yes ignored no"),
    ),
    "aiokafka.errors.NotEnoughReplicasError": (
        ("", "unavailable yes failure no"),
    ),
    "aiokafka.errors.NotEnoughReplicasAfterAppendError": (
        ("", "unavailable if_idempotent failure yes"),
    ),
    "aiokafka.errors.KafkaStorageError": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "aiokafka.errors.LogDirNotFound": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "aiokafka.errors.OperationNotAttempted": (
        ("", "unavailable yes ignored no"),
    ),
    "aiokafka.errors.RequestTimedOutError": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "aiokafka.errors.CorruptRecordException": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "aiokafka.errors.SaslAuthenticationFailed": (
        ("", "authentication refresh answered no"),
    ),
    "aiokafka.errors.DelegationTokenExpired": (
        ("", "authentication refresh answered no"),
    ),
    "aiokafka.errors.DelegationTokenNotFound": (
        ("", "authentication refresh answered no"),
    ),
    "aiokafka.errors.DelegationTokenAuthorizationFailed": (
        ("", "authentication no answered no"),
    ),
    "aiokafka.errors.TopicAuthorizationFailedError": (
        ("", "authentication no answered no"),
    ),
    "aiokafka.errors.GroupAuthorizationFailedError": (
        ("", "authentication no answered no"),
    ),
    "aiokafka.errors.ClusterAuthorizationFailedError": (
        ("", "authentication no answered no"),
    ),
    "aiokafka.errors.TransactionalIdAuthorizationFailed": (
        ("", "authentication no answered no"),
    ),
    "aiokafka.errors.UnsupportedSaslMechanismError": (
        ("", "authentication no ignored no"),
    ),
    "aiokafka.errors.IllegalSaslStateError": (
        ("", "authentication no ignored no"),
    ),
    "aiokafka.errors.SecurityDisabled": (
        ("", "authentication no ignored no"),
    ),
    "aiokafka.errors.IllegalGenerationError": (
        ("", "conflict no ignored no"),
    ),
    "aiokafka.errors.UnknownMemberIdError": (
        ("", "conflict no ignored no"),
    ),
    "aiokafka.errors.RebalanceInProgressError": (
        ("", "conflict no ignored no"),
    ),
    "aiokafka.errors.ConcurrentTransactions": (
        ("", "conflict yes ignored no"),
    ),
    "aiokafka.errors.InvalidProducerEpoch": (
        ("", "rejected no ignored no"),
    ),
    "aiokafka.errors.TransactionCoordinatorFenced": (
        ("", "rejected no ignored no"),
    ),
    "aiokafka.errors.BrokerResponseError": (
        ("flag:retriable", "unavailable if_idempotent failure maybe"),
        ("", "rejected no answered no"),
    ),
    "aiokafka.errors.KafkaError": (
        ("flag:retriable", "unavailable if_idempotent failure maybe"),
        ("", "other no failure maybe"),
    ),
    "cimpl.KafkaException": (
        ("flag:args[0].fatal()", "rejected no ignored no"),
        ("kafka:args[0].name()", ""),
        ("flag:args[0].retriable()", "unavailable if_idempotent failure maybe"),
        ("", "other no failure maybe"),
    ),
    "cimpl.ConcurrentModificationException": (
        ("", "misuse no ignored no"),
    ),
    "cimpl.IllegalStateException": (
        ("", "misuse no ignored no"),
    ),
    "infisical_sdk.infisical_requests.APIError": (
        ("http:status_code", ""),
    ),
    "infisical_sdk.infisical_requests.InfisicalError": (
        ("", "other no failure maybe"),
    ),
    "aiormq.exceptions.AuthenticationError": (
        ("", "authentication refresh answered no"),
    ),
    "aiormq.exceptions.ProbableAuthenticationError": (
        ("", "authentication refresh ignored no"),
    ),
    "aiormq.exceptions.ConnectionNotAllowed": (
        ("", "authentication no answered no"),
    ),
    "aiormq.exceptions.IncompatibleProtocolError": (
        ("", "protocol no failure no"),
    ),
    "aiormq.exceptions.ConnectionSyntaxError": (
        ("", "protocol no failure maybe"),
    ),
    "aiormq.exceptions.ConnectionFrameError": (
        ("", "protocol no failure maybe"),
    ),
    "aiormq.exceptions.ConnectionUnexpectedFrame": (
        ("", "protocol no failure maybe"),
    ),
    "aiormq.exceptions.ConnectionCommandInvalid": (
        ("", "misuse no ignored no"),
    ),
    "aiormq.exceptions.ConnectionNotImplemented": (
        ("", "rejected no answered no"),
    ),
    "aiormq.exceptions.AMQPConnectionError": (
        ("as:__cause__", ""),
        ("", "connection if_idempotent failure maybe"),
    ),
    "aiormq.exceptions.ChannelAccessRefused": (
        ("", "authentication no answered no"),
    ),
    "aiormq.exceptions.ChannelLockedResource": (
        ("", "conflict yes ignored no"),
    ),
    "aiormq.exceptions.ChannelNotFoundEntity": (
        ("", "rejected no answered no"),
    ),
    "aiormq.exceptions.ChannelPreconditionFailed": (
        ("", "rejected no answered no"),
    ),
    "aiormq.exceptions.DuplicateConsumerTag": (
        ("", "misuse no ignored no"),
    ),
    "aiormq.exceptions.AMQPChannelError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "aiormq.exceptions.ChannelInvalidStateError": (
        ("", "connection yes ignored no"),
    ),
    "aiormq.exceptions.DeliveryError": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "aiormq.exceptions.ProtocolSyntaxError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "aiormq.exceptions.MethodNotImplemented": (
        ("", "misuse no ignored no"),
    ),
    "aiormq.exceptions.AMQPError": (
        ("", "other no failure maybe"),
    ),
    "aio_pika.exceptions.QueueEmpty": (
        ("", "rejected no answered yes"),
    ),
    "aio_pika.exceptions.MessageProcessError": (
        ("", "other no ignored maybe"),
    ),
    "aio_pika.pool.PoolInvalidStateError": (
        ("", "misuse no ignored no"),
    ),
    "aio_pika.patterns.rpc.RPCException": (
        ("", "other no ignored yes"),
    ),
    "aio_pika.patterns.rpc.JsonRPCError": (
        ("", "other no ignored yes"),
    ),
    "aio_pika.patterns.master.MessageProcessingError": (
        ("", "other no ignored maybe"),
    ),
    "pymongo.errors.ServerSelectionTimeoutError": (
        ("", "unavailable yes failure no"),
    ),
    "pymongo.errors.NetworkTimeout": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "pymongo.errors.NotPrimaryError": (
        ("mongo:code", ""),
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "pymongo.errors.WaitQueueTimeoutError": (
        ("", "local_saturation yes ignored no"),
    ),
    "pymongo.errors.ConnectionFailure": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "pymongo.errors.ExecutionTimeout": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "pymongo.errors.WTimeoutError": (
        ("", "timeout if_idempotent failure yes"),
    ),
    "pymongo.errors.WriteConcernError": (
        ("", "unavailable if_idempotent failure yes"),
    ),
    "pymongo.errors.CursorNotFound": (
        ("", "rejected no answered no"),
    ),
    "pymongo.errors.OperationFailure": (
        ("mongo:code", ""),
        ("flag:timeout", "timeout if_idempotent failure maybe"),
        ("", "rejected no answered yes"),
    ),
    "pymongo.errors.ProtocolError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "pymongo.errors.DocumentTooLarge": (
        ("", "misuse no ignored no"),
    ),
    "pymongo.errors.CollectionInvalid": (
        ("", "rejected no answered no"),
    ),
    "pymongo.errors.EncryptionError": (
        ("", "other no failure maybe"),
    ),
    "pymongo.errors.InvalidOperation": (
        ("", "misuse no ignored no"),
    ),
    "pymongo.errors.ConfigurationError": (
        ("", "misuse no ignored no"),
    ),
    "pymongo.errors.InvalidName": (
        ("", "misuse no ignored no"),
    ),
    "pymongo.errors.PyMongoError": (
        ("", "other no failure maybe"),
    ),
    "elastic_transport.ConnectionTimeout": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "elastic_transport.TlsError": (
        ("as:errors[0]", ""),
        ("", "authentication no ignored no"),
    ),
    "elastic_transport.ConnectionError": (
        ("as:errors[0]", ""),
        ("", "connection if_idempotent failure maybe"),
    ),
    "elastic_transport.SerializationError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "elastic_transport.SniffingError": (
        ("", "unavailable yes failure no"),
    ),
    "elastic_transport.TransportError": (
        ("", "other no failure maybe"),
    ),
    "elastic_transport.ApiError": (
        ("http:meta.status", ""),
        ("", "other no failure maybe"),
    ),
    "elasticsearch.UnsupportedProductError": (
        ("", "rejected no answered no"),
    ),
    "botocore.exceptions.EndpointConnectionError": (
        ("", "connection yes failure no"),
    ),
    "botocore.exceptions.ConnectTimeoutError": (
        ("", "timeout yes failure no"),
    ),
    "botocore.exceptions.ReadTimeoutError": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "botocore.exceptions.ConnectionClosedError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "botocore.exceptions.ProxyConnectionError": (
        ("", "connection yes failure no"),
    ),
    "botocore.exceptions.SSLError": (
        ("", "authentication no ignored no"),
    ),
    "botocore.exceptions.ConnectionError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "botocore.exceptions.ResponseStreamingError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "botocore.exceptions.IncompleteReadError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "botocore.exceptions.HTTPClientError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "botocore.exceptions.NoCredentialsError": (
        ("", "authentication no ignored no"),
    ),
    "botocore.exceptions.PartialCredentialsError": (
        ("", "authentication no ignored no"),
    ),
    "botocore.exceptions.CredentialRetrievalError": (
        ("", "authentication refresh ignored no"),
    ),
    "botocore.exceptions.MetadataRetrievalError": (
        ("", "authentication refresh ignored no"),
    ),
    "botocore.exceptions.TokenRetrievalError": (
        ("", "authentication refresh ignored no"),
    ),
    "botocore.exceptions.NoAuthTokenError": (
        ("", "authentication no ignored no"),
    ),
    "botocore.exceptions.SSOError": (
        ("", "authentication no ignored no"),
    ),
    "botocore.exceptions.LoginError": (
        ("", "authentication no ignored no"),
    ),
    "botocore.exceptions.CapacityNotAvailableError": (
        ("", "rate_limited after_hint ignored no"),
    ),
    "botocore.exceptions.ChecksumError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "botocore.exceptions.FlexibleChecksumError": (
        ("", "protocol if_idempotent failure yes"),
    ),
    "botocore.exceptions.EventStreamError": (
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "botocore.exceptions.WaiterError": (
        ("", "unavailable no failure maybe"),
    ),
    "botocore.exceptions.ClientError": (
        ("aws:response[Error][Code]", ""),
        ("http:response[ResponseMetadata][HTTPStatusCode]", ""),
        ("", "rejected no answered yes"),
    ),
    "botocore.exceptions.BotoCoreError": (
        ("", "misuse no ignored no"),
    ),
    "boto3.exceptions.Boto3Error": (
        ("as:__cause__", ""),
        ("", "misuse no ignored no"),
    ),
    "boto3.exceptions.S3UploadFailedError": (
        ("as:__context__", ""),
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "boto3.exceptions.S3TransferFailedError": (
        ("as:__context__", ""),
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "boto3.exceptions.RetriesExceededError": (
        ("as:last_exception", ""),
        ("", "unavailable if_idempotent failure maybe"),
    ),
    "botocore.parsers.ResponseParserError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "botocore.exceptions.UndefinedModelAttributeError": (
        ("", "misuse no ignored no"),
    ),
    "botocore.model.InvalidShapeError": (
        ("", "misuse no ignored no"),
    ),
    "botocore.model.InvalidShapeReferenceError": (
        ("", "misuse no ignored no"),
    ),
    "botocore.model.NoShapeFoundError": (
        ("", "misuse no ignored no"),
    ),
    "botocore.model.OperationNotFoundError": (
        ("", "misuse no ignored no"),
    ),
    "botocore.utils.BadIMDSRequestError": (
        ("", "authentication no ignored no"),
    ),
    "botocore.utils.InvalidArnException": (
        ("", "misuse no ignored no"),
    ),
    "botocore.eventstream.ParserError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "google.auth.exceptions.TransportError": (
        ("as:__cause__", ""),
        ("", "connection if_idempotent failure maybe"),
    ),
    "google.auth.exceptions.TimeoutError": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "google.auth.exceptions.RefreshError": (
        ("flag:retryable", "unavailable yes ignored no"),
        ("", "authentication no ignored no"),
    ),
    "google.auth.exceptions.DefaultCredentialsError": (
        ("", "authentication no ignored no"),
    ),
    "google.auth.exceptions.MutualTLSChannelError": (
        ("", "misuse no ignored no"),
    ),
    "google.auth.exceptions.OAuthError": (
        ("", "authentication no ignored no"),
    ),
    "google.auth.exceptions.GoogleAuthError": (
        ("flag:retryable", "unavailable if_idempotent failure maybe"),
        ("", "authentication no ignored no"),
    ),
    "google.api_core.exceptions.GoogleAPICallError": (
        ("grpc:grpc_status_code", ""),
        ("http:code", ""),
        ("", "other no failure maybe"),
    ),
    "google.api_core.exceptions.RetryError": (
        ("as:cause", ""),
        ("", "timeout no failure maybe"),
    ),
    "google.api_core.exceptions.DuplicateCredentialArgs": (
        ("", "misuse no ignored no"),
    ),
    "google.api_core.exceptions.AsyncRestUnsupportedParameterError": (
        ("", "misuse no ignored no"),
    ),
    "google.api_core.exceptions.GoogleAPIError": (
        ("", "other no failure maybe"),
    ),
    "openai.APITimeoutError": (
        ("as:__cause__", ""),
        ("", "timeout if_idempotent failure maybe"),
    ),
    "openai.APIConnectionError": (
        ("as:__cause__", ""),
        ("", "connection if_idempotent failure maybe"),
    ),
    "openai.APIResponseValidationError": (
        ("", "protocol no answered yes"),
    ),
    "openai.RateLimitError": (
        ("begins:code insufficient_quota", "rate_limited no ignored no"),
        ("http:status_code", ""),
    ),
    "openai.APIStatusError": (
        ("http:status_code", ""),
        ("", "rejected no answered yes"),
    ),
    "openai.APIError": (
        ("", "other no failure maybe"),
    ),
    "openai.WebSocketConnectionClosedError": (
        ("", "connection if_idempotent failure maybe"),
    ),
    "openai.WebSocketQueueFullError": (
        ("", "local_saturation yes ignored no"),
    ),
    "openai.OAuthError": (
        ("", "authentication no ignored no"),
    ),
    "openai.OpenAIError": (
        ("", "misuse no ignored no"),
    ),
    "anthropic.APITimeoutError": (
        ("as:__cause__", ""),
        ("", "timeout if_idempotent failure maybe"),
    ),
    "anthropic.APIConnectionError": (
        ("as:__cause__", ""),
        ("", "connection if_idempotent failure maybe"),
    ),
    "anthropic.APIResponseValidationError": (
        ("", "protocol no answered yes"),
    ),
    "anthropic.APIStatusError": (
        ("http:status_code", ""),
        ("", "rejected no answered yes"),
    ),
    "anthropic.APIError": (
        ("", "other no failure maybe"),
    ),
    "anthropic.CredentialsError": (
        ("", "authentication no ignored no"),
    ),
    "anthropic.AnthropicError": (
        ("", "misuse no ignored no"),
    ),
    "omnibase_infra.errors.error_infra.InfraConnectionError": (
        ("", "connection yes failure maybe"),
    ),
    "omnibase_infra.errors.error_infra.InfraTimeoutError": (
        ("", "timeout if_idempotent failure maybe"),
    ),
    "omnibase_infra.errors.error_infra.InfraUnavailableError": (
        ("", "unavailable yes failure no"),
    ),
    "omnibase_infra.errors.error_infra.InfraRateLimitedError": (
        ("", "rate_limited after_hint ignored no"),
    ),
    "omnibase_infra.errors.error_infra.InfraAuthenticationError": (
        ("", "authentication refresh answered no"),
    ),
    "omnibase_infra.errors.error_infra.InfraRequestRejectedError": (
        ("", "rejected no answered yes"),
    ),
    "omnibase_infra.errors.error_infra.InfraProtocolError": (
        ("", "protocol if_idempotent failure maybe"),
    ),
    "omnibase_infra.errors.error_infra.RuntimeHostError": (
        ("", "other no failure maybe"),
    ),
}

# Where the headers are that may say when to come back.
HEADERS: Final[Mapping[str, str]] = {
    "httpx.HTTPStatusError": "response.headers",
    "httpx2.HTTPStatusError": "response.headers",
    "aiohttp.client_exceptions.ClientHttpProxyError": "headers",
    "aiohttp.client_exceptions.ClientResponseError": "headers",
    "requests.exceptions.HTTPError": "response.headers",
    "elastic_transport.ApiError": "meta.headers",
    "botocore.exceptions.ClientError": "response[ResponseMetadata][HTTPHeaders]",
    "google.api_core.exceptions.GoogleAPICallError": "response.headers",
    "openai.RateLimitError": "response.headers",
    "openai.APIStatusError": "response.headers",
    "anthropic.APIStatusError": "response.headers",
}
