"""Spoil bytes as accidents and attackers do."""

from __future__ import annotations

import random

TOKENS = (
    b"", b"\x00", b"\xff" * 9, b"-1", b"1e999", b"NaN", b"null", b"[]", b"{}", b'"', b"'", b"\\",
    b"\n", b"\r\n", b",", b"=", b"../", b"/etc/passwd", b"http://", b"\xed\xa0\x80",
    b"9" * 40, b"[" * 2000, b"\x00\x00\x00\x80", b"\xff\xff\xff\x7f",
)  # fmt: skip


def mutated(content: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """A few changes to one input.

    Args:
        content: a good one.
        others: more good ones, to splice in.
        chance: decides everything.
    """
    spoilt = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        at = chance.randrange(len(spoilt) + 1)
        length = min(chance.choice((1, 1, 4, 32, 512)), len(spoilt) - at)
        match chance.randrange(7):
            case 0 if length:
                spoilt[at] ^= 1 << chance.randrange(8)
            case 1:
                del spoilt[at : at + length]
            case 2:
                spoilt[at:at] = spoilt[at : at + length]
            case 3:
                spoilt[at : at + chance.choice((0, length))] = chance.choice(TOKENS)
            case 4:
                other = chance.choice(others)
                begin = chance.randrange(len(other) + 1)
                spoilt[at : at + length] = other[begin : begin + length]
            case 5:
                spoilt[at : at + length] = chance.randbytes(length)
            case _:
                del spoilt[at if chance.random() < 0.1 else len(spoilt) - min(length, 8) :]
    return bytes(spoilt)
