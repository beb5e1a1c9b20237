"""An ASGI application on a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from edge_emotion.camera.serve.address import ServeAddress
from edge_emotion.errors import OutputError

_MAX_CONNECTIONS = 64
_FAREWELL_SECONDS = 3
_LONGEST_MESSAGE_BYTES = 64 * 1024
_SEND_BUFFER_BYTES = 256 * 1024
"""What the system keeps for one slow client: a few pictures, not the seconds of its default."""


class ServerThread:
    """Listens as soon as it is made.

    Args:
        app: what answers.
        address: where to listen.
        farewell: run on the server's event loop before it ends, so that endless answers end.

    Raises:
        OutputError: nothing can listen there.
    """

    def __init__(
        self, app: ASGIApp, address: ServeAddress, farewell: Callable[[], Awaitable[None]]
    ) -> None:
        self._socket = _listen(address)
        self.port: int = self._socket.getsockname()[1]
        self._farewell = farewell
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http="h11",
                loop="asyncio",
                ws="websockets-sansio",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=_MAX_CONNECTIONS,
                timeout_graceful_shutdown=_FAREWELL_SECONDS,
                ws_max_size=_LONGEST_MESSAGE_BYTES,
                ws_per_message_deflate=False,
            )
        )
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)
        self._thread.start()
        self._running.wait()

    def post(self, call: Callable[[], object]) -> None:
        """Have the event loop call something; once it has ended, nothing is called."""
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(call)

    def close(self) -> None:
        """End all answers and stop listening; closing twice is harmless."""
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        self._thread.join()

    async def _end(self) -> None:
        await self._farewell()
        self._server.should_exit = True

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running.set()
        await self._server.serve(sockets=[self._socket])


def _listen(address: ServeAddress) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listening = socket.create_server((address.host, address.port), family=family, backlog=64)
    except OSError as error:
        raise OutputError(
            f"cannot serve at {address}: {error.strerror or error}",
            "choose another port, or end what listens there",
        ) from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    return listening
