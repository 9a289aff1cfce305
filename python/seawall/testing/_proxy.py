"""A TCP proxy in front of a real server, to make the network between fail.

Rule 1: everything here happens in the proxy's own thread and event loop. The public
methods hand a coroutine over and wait for it.

Rule 2: a fault holds when its method returns, also for a client that the kernel has
connected and the loop has not come to yet.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, Final, Self, TypeVar, final

from seawall.testing._ports import free_port

_T = TypeVar("_T")

_CHUNK: Final = 65_536
# From a connection in the kernel to the first step of the task that serves it.
_PASSES_TO_SERVE: Final = 5
# SO_LINGER, on, zero seconds: close() sends a reset.
_RESET: Final = struct.pack("ii", 1, 0)


@final
class FaultProxy:
    """Stands on loopback in front of a server and breaks the connections to it.

    Example::

        with PostgreSQL() as server, FaultProxy(server.port) as proxy:
            connection = await asyncpg.connect(port=proxy.port, host="127.0.0.1")
            proxy.hang()  # connections stay open, nothing passes
            proxy.heal()

    Its methods can be called from asyncio, from trio and from any thread. It works in a
    thread of its own, in real time: in virtual time the clock would jump past it, so
    use real time, or a ``hold()`` of the virtual one.

    Args:
        target_port: Where the server listens, on 127.0.0.1. It need not be there yet.
    """

    def __init__(self, target_port: int) -> None:
        self.port: Final = free_port()
        """Where clients connect."""
        self.connections_made: int = 0
        """How many connections were accepted."""
        self._target_port = target_port
        self._delay = 0.0
        self._cut_after = math.inf
        self._is_open = asyncio.Event()
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._listener: socket.socket | None = None
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="seawall fault proxy", daemon=True
        )

    # The faults.

    def refuse(self) -> None:
        """Refuse new connections, as if nothing ran there, and reset the others."""
        self._run(self._refuse())

    def hang(self) -> None:
        """Accept connections and keep them; hold back every byte until :meth:`heal`."""
        self._run(self._hang())

    def reset(self) -> int:
        """Reset all connections, once; new ones work. Returns how many there were."""
        return self._run(self._reset())

    def cut_after(self, size: int) -> None:
        """Reset each connection when *size* bytes of answers have passed on it."""
        self._cut_after = size

    def slow(self, delay: float) -> None:
        """Delay every chunk of data by *delay* seconds, in both directions."""
        self._delay = delay

    def heal(self) -> None:
        """Let everything pass again."""
        self._delay, self._cut_after = 0.0, math.inf
        self._run(self._heal())

    # Its life.

    def start(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        self.heal()
        return self

    def close(self) -> None:
        """Reset all connections and free the port."""
        if self._thread.is_alive():
            self._run(self._refuse())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    # In its own thread.

    async def _heal(self) -> None:
        if self._listener is None:
            # asyncio's own server loses a client that connects while it is closed.
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listener.settimeout(0)
            self._loop.add_reader(self._listener, self._accept, self._listener)
        self._is_open.set()

    async def _hang(self) -> None:
        self._is_open.clear()

    async def _refuse(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        await self._reset()

    async def _reset(self) -> int:
        for _ in range(_PASSES_TO_SERVE):
            await asyncio.sleep(0)
        connections = dict(self._connections)
        for task, connection in connections.items():
            connection.reset()
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        return len(connections)

    def _accept(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        self.connections_made += 1
        connection = _Connection(client)
        task = self._loop.create_task(self._serve(client, connection))
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)

    async def _serve(self, client: socket.socket, connection: _Connection) -> None:
        try:
            asked, client_writer = await asyncio.open_connection(sock=client)
            connection.add(client_writer)
            await self._is_open.wait()
            answered, server_writer = await asyncio.open_connection(
                "127.0.0.1", self._target_port
            )
            connection.add(server_writer)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_questions(asked, server_writer))
                group.create_task(self._pass_answers(answered, client_writer))
        except* OSError:
            # One side is gone, or was never there: the other one gets to know.
            connection.reset()
        finally:
            await connection.close()

    async def _pass_questions(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while chunk := await self._read(reader):
            await _write(writer, chunk)
        # Half of a connection can go on: the other direction is not finished yet.
        writer.write_eof()

    async def _pass_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        passed = 0
        while chunk := await self._read(reader):
            rest = self._cut_after - passed
            if len(chunk) > rest:
                await _write(writer, chunk[: int(rest)])
                raise ConnectionResetError("cut as ordered")
            await _write(writer, chunk)
            passed += len(chunk)
        writer.write_eof()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        chunk = await reader.read(_CHUNK)
        if self._delay:
            await asyncio.sleep(self._delay)
        await self._is_open.wait()
        return chunk


@final
class _Connection:
    """A client's connection and the one behind it."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._writers: list[asyncio.StreamWriter] = []

    def add(self, writer: asyncio.StreamWriter) -> None:
        # So that drain() waits until the kernel has it all.
        writer.transport.set_write_buffer_limits(0)
        self._writers.append(writer)

    def reset(self) -> None:
        """Make :meth:`close` a reset."""
        sockets = [writer.get_extra_info("socket") for writer in self._writers]
        for peer in (self._client, *sockets):
            with contextlib.suppress(OSError):
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    async def close(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        # The transports close their sockets in the next pass.
        await asyncio.sleep(0)
        self._client.close()


async def _write(writer: asyncio.StreamWriter, chunk: bytes) -> None:
    writer.write(chunk)
    await writer.drain()
