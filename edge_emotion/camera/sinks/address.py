"""Where a broker is, as the user writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from edge_emotion.camera.redact import without_credentials
from edge_emotion.errors import UsageError

_DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_DEFAULT_PREFIX = "edge-emotion"
_HINT = "write mqtt[s]://[user:password@]host[:port][/prefix]"


@dataclass(frozen=True)
class BrokerAddress:
    """A broker, and the topic under which everything is published.

    Args:
        host: name or address.
        port: TCP port.
        encrypted: whether to speak TLS.
        user: who we are, if the broker asks.
        password: kept out of ``repr``.
        prefix: topic levels before ours.
    """

    host: str
    port: int
    encrypted: bool
    user: str | None
    password: str | None = field(repr=False)
    prefix: str

    def __str__(self) -> str:
        """For messages: no credentials in it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.encrypted else 'mqtt'}://{host}:{self.port}"


def parse_broker(text: str) -> BrokerAddress:
    """Read ``mqtt[s]://[user:password@]host[:port][/prefix]``.

    Raises:
        UsageError: it is no such URL. The message holds no credentials.
    """
    url, port = _split(text)
    prefix = unquote(url.path).strip("/") or _DEFAULT_PREFIX
    if re.search(r"[+#\0]", prefix) or url.query or url.fragment:
        raise _refused(text, "a topic prefix holds none of + # ?")
    return BrokerAddress(
        host=url.hostname or "",
        port=port or _DEFAULT_PORTS[url.scheme],
        encrypted=url.scheme == "mqtts",
        user=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        prefix=prefix,
    )


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:  # its text may quote the password
        raise _refused(text, "host or port cannot be read") from None
    if url.scheme not in _DEFAULT_PORTS or not url.hostname:
        raise _refused(text, "it is no mqtt:// or mqtts:// URL with a host")
    return url, port


def _refused(text: str, reason: str) -> UsageError:
    return UsageError(f"cannot publish to {without_credentials(text)}: {reason}", _HINT)
