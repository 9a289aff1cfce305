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
