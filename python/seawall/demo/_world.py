"""The three servers of the incident, and what is done to them.

Everything here blocks; in an event loop it is called in a worker thread.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any, Final, Protocol, Self, final

import hvac
import psycopg

from seawall.testing import OpenBao, PostgreSQL, Valkey

from ._clients import Addresses
from ._plan import USERS

TOKEN_LIFETIME: Final = 2
"""Seconds for which OpenBao lets a token live."""

_POLICY: Final = 'path "secret/data/users" { capabilities = ["read"] }'
_LOGINS: Final = "auth/approle/login"


class World(Protocol):
    """What can be done to the servers."""

    def hang(self) -> None:
        """Stop the database where it stands."""
        ...

    def kill(self) -> None:
        """Kill the database."""
        ...

    def revoke(self) -> None:
        """Revoke every token that anybody logged in for."""
        ...

    def back(self) -> None:
        """Start the database, and wait until it answers."""
        ...


@final
class Servers:
    """PostgreSQL, Valkey and OpenBao, with users, a key and a way to log in."""

    def __init__(self) -> None:
        self._database = PostgreSQL()
        self._cache = Valkey()
        self._vault = OpenBao()
        self._all = (self._database, self._cache, self._vault)
        self._pids: list[int] = []
        self.addresses: Addresses

    def start(self) -> None:
        """Start them, and give them what the service needs."""
        try:
            for server in self._all:
                server.start()
                self._pids.append(server.pid)
            self._fill_database()
            self.addresses = self._prepare_vault()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop them, and remove what they wrote."""
        for server in self._all:
            server.close()

    def hang(self) -> None:
        """Stop the database where it stands (SIGSTOP)."""
        self._database.pause()

    def kill(self) -> None:
        """Kill the database (SIGKILL)."""
        self._database.kill()

    def back(self) -> None:
        """Start the database, and wait until it answers."""
        self._database.start()
        self._pids.append(self._database.pid)

    def revoke(self) -> None:
        """Revoke every token that anybody logged in for."""
        self._administrator().sys.revoke_prefix(_LOGINS)

    def leftovers(self) -> list[str]:
        """Say what is still there once they are closed."""
        processes = [f"process {pid} is alive" for pid in self._pids if _is_alive(pid)]
        directories = [
            f"{server.directory} is still there"
            for server in self._all
            if server.directory.exists()
        ]
        return processes + directories

    def _fill_database(self) -> None:
        rows = [(number, f"user {number}") for number in range(USERS)]
        with psycopg.connect(self._database.dsn) as connection:
            # The server does not wait for its disk; these rows must survive its death.
            connection.execute("SET synchronous_commit = on")
            connection.execute("CREATE TABLE users (id int PRIMARY KEY, name text)")
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO users VALUES (%s, %s)", rows)

    def _prepare_vault(self) -> Addresses:
        vault = self._administrator()
        vault.sys.enable_auth_method("approle")
        vault.sys.create_or_update_policy("users", _POLICY)
        roles = vault.auth.approle
        roles.create_or_update_approle(
            "users",
            token_policies=["users"],
            token_ttl=f"{TOKEN_LIFETIME}s",
            token_max_ttl=f"{TOKEN_LIFETIME}s",
        )
        vault.secrets.kv.v2.create_or_update_secret(
            "users", secret={"key": os.urandom(16).hex()}
        )
        return Addresses(
            database=self._database.dsn,
            cache=self._cache.url,
            vault=self._vault.url,
            role_id=roles.read_role_id("users")["data"]["role_id"],
            secret_id=roles.generate_secret_id("users")["data"]["secret_id"],
        )

    def _administrator(self) -> Any:
        return hvac.Client(url=self._vault.url, token=self._vault.token)


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
