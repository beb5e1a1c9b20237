"""Where the page is served, and who may ask for it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_emotion.errors import UsageError

SHORTEST_TOKEN = 16
_SHAPE = re.compile(r"(?:\[(?P<bracketed>[^\]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>\d{1,5})")
_HOW_TO_SET_ONE = (
    "set EDGE_EMOTION_TOKEN; python3 -c 'import secrets; print(secrets.token_urlsafe())' makes one"
)


@dataclass(frozen=True)
class ServeAddress:
    """Where a server listens.

    Args:
        host: name or address.
        port: TCP port; 0 takes any that is free.
        token: what every caller must know; ``None`` only where no others reach it.
        names: host names that a proxy before it goes by.
    """

    host: str
    port: int
    token: str | None = field(default=None, repr=False)
    names: tuple[str, ...] = ()

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self.host)

    def url(self, port: int) -> str:
        """The page's URL at the port that was bound, without the token."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{port}/"

    def __str__(self) -> str:
        return self.url(self.port)


def parse_serve(text: str, token: str | None, names: Sequence[str] = ()) -> ServeAddress:
    """Read ``HOST:PORT``, or a port of this machine alone; insist on a token where others reach it.

    Args:
        text: what the user wrote.
        token: what callers must know.
        names: host names that a proxy before the server goes by; then others reach it.

    Raises:
        UsageError: it is no address, or it needs a token or a longer one.
    """
    match = _SHAPE.fullmatch(f"127.0.0.1:{text}" if text.isdecimal() else text)
    if match is None or int(match["port"]) > 65535:
        raise UsageError(
            f"cannot serve at {text!r}: it is not HOST:PORT", "write 127.0.0.1:8080, or [::1]:8080"
        )
    host, port = match["bracketed"] or match["host"], int(match["port"])
    address = ServeAddress(host, port, token or None, tuple(names))
    if address.token is None and (names or not address.loopback):
        raise UsageError(f"{text} is reached by others, so it needs a token", _HOW_TO_SET_ONE)
    if address.token is not None and len(address.token) < SHORTEST_TOKEN:
        raise UsageError(f"a token has at least {SHORTEST_TOKEN} characters", _HOW_TO_SET_ONE)
    return address


def is_loopback(host: str) -> bool:
    """Whether a host, as written in an address or a Host header, is this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_ip_address(host: str) -> bool:
    """Whether a host is written as an address: no name server has a say in it."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
