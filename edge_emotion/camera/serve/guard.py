"""Who is let in, how much they may send, and what a browser may do with the answer.

Four attacks are meant. A page of another site that reaches us through a name of its own (DNS
rebinding): the Host header must be a name of this machine. A page of another site that asks us
directly: an Origin that is not ours is refused. Whoever is on the network: the token. Bodies
without end: a limit, counted while they arrive.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge_emotion.camera.serve.address import ServeAddress, is_ip_address, is_loopback
from edge_emotion.camera.serve.rate import RateLimit

MAX_BODY_BYTES = 10 * 1024 * 1024

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}

REFUSALS = {
    401: "A token is needed",
    403: "A request of another site",
    421: "A host name that is not this server's",
    429: "Too many wrong tokens",
}
"""What it answers instead of the application, as plain text."""

_OPEN_PATHS = frozenset({"/healthz", "/static/page.css", "/static/icon.svg"})
"""What is given without a token: whether frames come, and what the sign-in page looks like."""

_WRONG_TOKENS_PER_SECOND, _WRONG_TOKENS_AT_ONCE = 0.5, 10
_COOKIE_SECONDS = 30 * 24 * 3600
_POLICY_VIOLATION = 1008
_SIGN_IN = Path(__file__).parent / "web" / "sign-in.html"


class Guard:
    """Stands before an ASGI application.

    Args:
        app: what it guards.
        address: where the server listens, and its token.
    """

    def __init__(self, app: ASGIApp, address: ServeAddress) -> None:
        self._app = app
        self._address = address
        self._token = address.token.encode() if address.token else None
        self._guesses = RateLimit(_WRONG_TOKENS_PER_SECOND, _WRONG_TOKENS_AT_ONCE)
        self._names = _own_names(address)
        self._cookie = f"edge-emotion-{address.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a connection through, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        guarded = self._with_headers(connection, send)
        refusal = self._refusal(connection)
        if refusal is None:
            await self._app(scope, _limited(connection.headers, receive), guarded)
        elif scope["type"] == "http":
            await refusal(scope, receive, guarded)
        else:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})

    def _refusal(self, connection: HTTPConnection) -> Response | None:
        headers = connection.headers
        host = _host(f"//{headers.get('host', '')}")
        if not self._is_own(host):
            return PlainTextResponse("this host name is not mine\n", 421)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            return PlainTextResponse("requests of other sites are refused\n", 403)
        if self._token is None or connection.url.path in _OPEN_PATHS or self._knows(connection):
            return None
        client = connection.client.host if connection.client else ""
        if self._tried(connection) and not self._guesses.allows(client):
            return PlainTextResponse("too many wrong tokens\n", 429, {"Retry-After": "10"})
        return _ask_for_token(connection)

    def _is_own(self, host: str) -> bool:
        if is_loopback(host) or host in self._names:
            return True
        return not self._address.loopback and is_ip_address(host)

    def _knows(self, connection: HTTPConnection) -> bool:
        """Whether the caller has the token, in a header or in the cookie, or now brings it."""
        bearer = connection.headers.get("authorization", "")
        cookie = connection.cookies.get(self._cookie, "")
        return (
            self._is_token(bearer.removeprefix("Bearer "))
            or _same(cookie, self._cookie_value())
            or self._brings_token(connection)
        )

    def _tried(self, connection: HTTPConnection) -> bool:
        return "authorization" in connection.headers or bool(_token_in_query(connection))

    def _brings_token(self, connection: HTTPConnection) -> bool:
        return connection.url.path == "/" and self._is_token(_token_in_query(connection))

    def _is_token(self, text: str) -> bool:
        return self._token is not None and _same(text, self._token.decode())

    def _cookie_value(self) -> str:
        """Proves that its owner knew the token, without being it; good after a restart."""
        return hmac.new(self._token or b"", b"edge-emotion cookie", hashlib.sha256).hexdigest()

    def _with_headers(self, connection: HTTPConnection, send: Send) -> Send:
        sets_cookie = self._token is not None and self._brings_token(connection)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                if sets_cookie:
                    headers.append(
                        "Set-Cookie",
                        f"{self._cookie}={self._cookie_value()}; Path=/; HttpOnly; "
                        f"SameSite=Strict; Max-Age={_COOKIE_SECONDS}",
                    )
            await send(message)

        return with_headers


def _limited(headers: Headers, receive: Receive) -> Receive:
    """Count what arrives, and stop at the limit whatever Content-Length says."""
    arrived = 0
    stated = headers.get("content-length", "0")

    async def limited() -> Message:
        nonlocal arrived
        if stated.isdecimal() and int(stated) > MAX_BODY_BYTES:
            raise _too_large()
        message = await receive()
        arrived += len(message.get("body", b""))
        if arrived > MAX_BODY_BYTES:
            raise _too_large()
        return message

    return limited


def _too_large() -> HTTPException:
    return HTTPException(413, f"a body has at most {MAX_BODY_BYTES} bytes")


def _ask_for_token(connection: HTTPConnection) -> Response:
    challenge = {"WWW-Authenticate": "Bearer"}
    if connection.url.path == "/" and connection.scope["type"] == "http":
        return HTMLResponse(_SIGN_IN.read_text(encoding="utf-8"), 401, challenge)
    return PlainTextResponse("a token is needed: Authorization: Bearer …\n", 401, challenge)


def _token_in_query(connection: HTTPConnection) -> str:
    return parse_qs(connection.url.query).get("token", [""])[0]


def _same(given: str, wanted: str) -> bool:
    """Compare in a time that tells nothing of where they differ."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _own_names(address: ServeAddress) -> frozenset[str]:
    """What a Host header may say, beside addresses: no name server is asked."""
    names = {name.lower() for name in (address.host, *address.names)}
    if not address.loopback:
        machine = socket.gethostname().lower()
        names |= {machine, f"{machine}.local"}
    return frozenset(names)
