"""The document's example of a Vault token, on hvac and an OpenBao.

`Unauthorized` is `hvac.exceptions.Forbidden`: the server answers 403 to a token that it
does not know. hvac blocks, and the example calls it in the event loop, so it runs on
both backends; it also blocks both, which the docs advise against.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import uuid4

import anyio
import hvac
import pytest

from mission._document import Pattern, usage
from mission._pairs import together
from seawall.patterns import CredentialRefreshError, InfraAuthenticationError
from seawall.testing import OpenBao

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.services,
    pytest.mark.real_time,
    pytest.mark.usefixtures("clients_may_block"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

SECRET = {"password": "correct horse"}
READ = "/v1/secret/data/app"
RENEW = "/v1/auth/token/renew-self"
LOGIN = "/v1/auth/approle/login"


@pytest.fixture
def example() -> ModuleType:
    """The document's module."""
    return usage(Pattern.CREDENTIAL, Unauthorized=hvac.exceptions.Forbidden)


@dataclass
class Vault:
    """A server with a secret, an account, and a client whose requests are counted."""

    root: hvac.Client
    url: str
    requests: list[str] = field(default_factory=list)

    def token(self, ttl: str) -> str:
        """Issue a token to the application."""
        answer = self.root.auth.token.create(policies=["app"], ttl=ttl)
        token: str = answer["auth"]["client_token"]
        return token

    def client(self, token: str) -> hvac.Client:
        """Return the application's client."""
        client = hvac.Client(self.url, token=token)
        client.session.hooks["response"].append(
            lambda answer, *_, **__: self.requests.append(answer.request.path_url)
        )
        return client

    def login(self, client: hvac.Client) -> dict[str, Any]:
        """Log in anew with the application's account."""
        auth = self.root.auth.approle
        role = auth.read_role_id("app")["data"]["role_id"]
        secret = auth.generate_secret_id("app")["data"]["secret_id"]
        answer: dict[str, Any] = client.auth.approle.login(role, secret)
        return answer

    def count(self, path: str) -> int:
        """Say how often the application asked for *path*."""
        return self.requests.count(path)


@pytest.fixture(scope="module")
def _prepared(_openbao: OpenBao) -> hvac.Client:
    root = hvac.Client(_openbao.url, token=_openbao.token)
    root.secrets.kv.v2.create_or_update_secret("app", secret=SECRET)
    rules = 'path "secret/data/app" { capabilities = ["read"] }'
    root.sys.create_or_update_policy("app", rules)
    root.sys.enable_auth_method("approle")
    root.auth.approle.create_or_update_approle("app", token_policies=["app"])
    return root


@pytest.fixture
def vault(_prepared: hvac.Client, openbao: OpenBao) -> Vault:
    """The server above, with nothing counted yet."""
    return Vault(_prepared, openbao.url)


def utc_in(**duration: float) -> datetime:
    """Return a time from now as the example keeps it: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(**duration)


def logging_in(example: ModuleType, vault: Vault) -> type[Any]:
    """Return the example's credential, which logs in anew instead of renewing."""

    class Login(example.VaultCredential):  # type: ignore[misc, name-defined]
        async def refresh(self) -> None:
            auth = vault.login(self.client)["auth"]
            self.token = auth["client_token"]
            self.expiry = utc_in(seconds=auth["lease_duration"])

    return Login


async def test_a_good_token_is_left_alone(example: ModuleType, vault: Vault) -> None:
    """The undisturbed example: one request."""
    token = vault.token("1h")
    cred = example.VaultCredential(vault.client(token), token, utc_in(hours=1))
    assert await example.read_secret_with_refresh("app", cred, uuid4()) == SECRET
    assert vault.requests == [READ]


async def test_a_token_near_its_end_is_renewed_once(
    example: ModuleType, vault: Vault
) -> None:
    """Ten readers, all of whom see it expire within five minutes."""
    token = vault.token("10m")
    cred = example.VaultCredential(vault.client(token), token, utc_in(minutes=4))
    read = example.read_secret_with_refresh
    assert await together(10, read, "app", cred, uuid4()) == []
    assert (vault.count(RENEW), vault.count(READ)) == (1, 10)
    assert cred.token == token
    assert cred.expiry > utc_in(minutes=5)


async def test_a_revoked_token_is_replaced_by_exactly_one_login(
    example: ModuleType, vault: Vault
) -> None:
    """The server refuses it, though it has an hour to live."""
    token = vault.token("1h")
    client = vault.client(token)
    cred = logging_in(example, vault)(client, token, utc_in(hours=1))
    vault.root.auth.token.revoke(token)
    read = example.read_secret_with_refresh
    assert await together(10, read, "app", cred, uuid4()) == []
    assert vault.count(LOGIN) == 1
    assert cred.token == client.token != token


async def test_a_token_that_lived_its_time_is_replaced(
    example: ModuleType, vault: Vault
) -> None:
    """It expires on the server, and the credential does not know yet."""
    token = vault.token("1s")
    cred = logging_in(example, vault)(vault.client(token), token, utc_in(hours=1))
    await anyio.sleep(1.5)
    assert await example.read_secret_with_refresh("app", cred, uuid4()) == SECRET
    assert (vault.count(LOGIN), vault.count(READ)) == (1, 2)


async def test_a_dead_token_cannot_renew_itself(
    example: ModuleType, vault: Vault
) -> None:
    """The example as written: one try for ten readers, and each is told why.

    `renew_self` needs the very token that the server refuses; a credential that is to
    survive this logs in, as above.
    """
    token = vault.token("1h")
    cred = example.VaultCredential(vault.client(token), token, utc_in(hours=1))
    vault.root.auth.token.revoke(token)
    read = example.read_secret_with_refresh
    errors = await together(10, read, "app", cred, uuid4())
    assert len(errors) == 10
    assert {type(error) for error in errors} == {CredentialRefreshError}
    assert isinstance(errors[0].__cause__, hvac.exceptions.Forbidden)
    assert all("Forbidden" in str(error) for error in errors)
    assert vault.count(RENEW) == 1


async def test_a_secret_that_is_forbidden_stays_so(
    example: ModuleType, vault: Vault
) -> None:
    """A new token does not help; one refresh, and the refusal has its context."""
    token = vault.token("1h")
    cred = example.VaultCredential(vault.client(token), token, utc_in(hours=1))
    given = uuid4()
    with pytest.raises(
        InfraAuthenticationError, match="Vault authentication"
    ) as caught:
        await example.read_secret_with_refresh("somebody-elses", cred, given)
    assert vault.count(RENEW) == 1
    assert caught.value.context.target_name == "vault-kv-v2"
    assert caught.value.correlation_id == given
    assert isinstance(caught.value.__cause__, hvac.exceptions.Forbidden)
