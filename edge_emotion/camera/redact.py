"""Keep passwords out of everything that is printed or published."""

from __future__ import annotations

import re

# Up to the last @: a password may itself hold any of @ / ? #, and hiding too much harms nobody.
_USER_INFO = re.compile(r"(?<=://)[^\s\"']*@")
_QUERY_SECRET = re.compile(
    r"(?i)(?<=[?&])((?:password|passwd|pwd|pass|token|secret|auth|key|api_?key)=)[^&#\s\"']*"
)
_PROPERTY_SECRET = re.compile(r"(?i)\b((?:user-(?:id|pw)|password)\s*=\s*)(\"[^\"]*\"|'[^']*'|\S+)")


def without_credentials(text: str) -> str:
    """Replace user names, passwords and tokens in URLs and GStreamer properties by ``***``.

    Examples:
        >>> without_credentials("rtsp://admin:1234@10.0.0.5/live?token=ab&x=1")
        'rtsp://***@10.0.0.5/live?token=***&x=1'
    """
    text = _USER_INFO.sub("***@", text)
    text = _QUERY_SECRET.sub(r"\1***", text)
    return _PROPERTY_SECRET.sub(r"\1***", text)
