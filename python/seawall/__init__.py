"""Keep a program up, honest and coming back by itself when its dependencies do not.

* `Retry`              -- call again, later, and not forever
* `CircuitBreaker`     -- stop calling what is down
* `Timeout`            -- stop waiting
* `Fallback`           -- answer from somewhere else, and say so
* `StaleCache`         -- keep the last good answer for the bad day
* `CredentialRefresh`  -- log in once for everybody
* `Pipeline`           -- all of that around one function

The same on asyncio and trio, for coroutine functions and plain ones.
"""

# General layout:
#
# Modules with an underscore are private, one concept each, and import downwards only
# (the order is in pyproject.toml, [tool.importlinter]). `_call` says what a policy is
# to a pipeline, `_codegen` how the undisturbed call gets past all of them.
#
# This file is the whole public API, together with `seawall.patterns` (the same under
# other names), `seawall.testing` and `seawall.demo`. `from x import y as y` is what
# shows a re-export to type checkers; tests/unit/test_exports.py keeps it honest.
from ._attempt import Attempt as Attempt
from ._attempts import AttemptBlock as AttemptBlock
from ._backoff import Backoff as Backoff
from ._backoff import Constant as Constant
from ._backoff import Exponential as Exponential
from ._backoff import Linear as Linear
from ._breaker import CircuitBreaker as CircuitBreaker
from ._breaker_config import BreakerConfig as BreakerConfig
from ._breakers import Breakers as Breakers
from ._budget import BudgetStats as BudgetStats
from ._budget import RetryBudget as RetryBudget
from ._circuit_stats import CircuitStats as CircuitStats
from ._classify import Classifier as Classifier
from ._classify import classify as classify
from ._correlation import correlation_scope as correlation_scope
from ._correlation import current_correlation_id as current_correlation_id
from ._credentials import Credential as Credential
from ._credentials import CredentialRefresh as CredentialRefresh
from ._credentials import FromRefreshable as FromRefreshable
from ._credentials import Injected as Injected
from ._credentials import Issued as Issued
from ._credentials import Snapshot as Snapshot
from ._credentials import Source as Source
from ._errors import AttemptRecord as AttemptRecord
from ._errors import CircuitOpenError as CircuitOpenError
from ._errors import CredentialRefreshError as CredentialRefreshError
from ._errors import ErrorContext as ErrorContext
from ._errors import FallbackExhaustedError as FallbackExhaustedError
from ._errors import FallbackSkip as FallbackSkip
from ._errors import InfraAuthenticationError as InfraAuthenticationError
from ._errors import InfraConnectionError as InfraConnectionError
from ._errors import InfraError as InfraError
from ._errors import InfraRateLimitedError as InfraRateLimitedError
from ._errors import InfraTimeoutError as InfraTimeoutError
from ._errors import InfraUnavailableError as InfraUnavailableError
from ._errors import SeawallError as SeawallError
from ._errors import SeawallWarning as SeawallWarning
from ._errors import attempts_of as attempts_of
from ._events import CircuitClosed as CircuitClosed
from ._events import CircuitDisabled as CircuitDisabled
from ._events import CircuitEvent as CircuitEvent
from ._events import CircuitHalfOpened as CircuitHalfOpened
from ._events import CircuitIsolated as CircuitIsolated
from ._events import CircuitOpened as CircuitOpened
from ._events import CredentialRefreshed as CredentialRefreshed
from ._events import CredentialRefreshFailed as CredentialRefreshFailed
from ._events import FallbackUsed as FallbackUsed
from ._events import RetryGaveUp as RetryGaveUp
from ._events import RetryScheduled as RetryScheduled
from ._events import StaleServed as StaleServed
from ._fallback import Fallback as Fallback
from ._isolation import Isolation as Isolation
from ._meaning import Classification as Classification
from ._native import __version__ as __version__  # noqa: TID251 -- a re-export
from ._native import build_info as build_info  # noqa: TID251 -- a re-export
from ._outcome import Outcome as Outcome
from ._permit import Permit as Permit
from ._pipeline import Pipeline as Pipeline
from ._redact import redact as redact
from ._retry import Retry as Retry
from ._secret import Secret as Secret
from ._stale import StaleCache as StaleCache
from ._stale import StaleConfig as StaleConfig
from ._step import Failure as Failure
from ._step import Step as Step
from ._timeout import Timeout as Timeout
from ._trip import Consecutive as Consecutive
from ._trip import FailureRatio as FailureRatio
from ._types import Category as Category
from ._types import CircuitState as CircuitState
from ._types import Clock as Clock
from ._types import Jitter as Jitter
from ._types import Kind as Kind
from ._types import On as On
from ._types import Seconds as Seconds
from ._types import TransportType as TransportType

# A traceback names an error where users import it from. Only errors: of other classes
# the module is where `typing.get_type_hints` looks their annotations up.
for _thing in list(globals().values()):
    if isinstance(_thing, type) and issubclass(_thing, Exception):
        _thing.__module__ = __name__
