"""Read protobuf's wire format, as far as looking into an ONNX file needs it.

A device that runs models has no ``onnx`` package, and the wire format is four lines of
specification: https://protobuf.dev/programming-guides/encoding/. Fields are addressed by number.

Where protobuf's own parsers are lenient, this one refuses: bytes that two parsers could read
differently must not pass a check of one and reach the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_KEY = 2**32 - 1
"""Other parsers drop the bits above, and with them see another field."""


class MalformedMessage(ValueError):
    """The bytes are not a whole protobuf message."""


class Message:
    """The fields of one message, unparsed below its top level.

    Raises:
        MalformedMessage: the bytes end early or hold an unknown wire type.
    """

    def __init__(self, content: memoryview) -> None:
        self._fields: dict[int, list[int | memoryview]] = {}
        for number, value in _fields(content):
            self._fields.setdefault(number, []).append(value)

    def has(self, number: int) -> bool:
        """Whether the field occurs."""
        return number in self._fields

    def messages(self, number: int) -> list[Message]:
        """Every occurrence of an embedded message."""
        return [Message(value) for value in self._spans(number)]

    def message(self, number: int) -> Message:
        """An embedded message; an empty one when it is absent.

        Raises:
            MalformedMessage: it occurs twice, which other parsers would merge into one.
        """
        spans = self._spans(number)
        if len(spans) > 1:
            raise MalformedMessage(f"field {number} occurs {len(spans)} times")
        return Message(spans[0]) if spans else Message(memoryview(b""))

    def text(self, number: int) -> str:
        """The last occurrence of a string; empty when it is absent."""
        spans = self._spans(number)
        try:
            return str(spans[-1], "utf-8") if spans else ""
        except UnicodeDecodeError as error:
            raise MalformedMessage(f"field {number} is not text") from error

    def number(self, number: int) -> int | None:
        """The last occurrence of an integer."""
        values = self._fields.get(number, [])
        if any(isinstance(value, memoryview) for value in values):
            raise MalformedMessage(f"field {number} is not an integer")
        return cast(int, values[-1]) if values else None

    def _spans(self, number: int) -> list[memoryview]:
        values = self._fields.get(number, [])
        if not all(isinstance(value, memoryview) for value in values):
            raise MalformedMessage(f"field {number} is not length-delimited")
        return cast("list[memoryview]", values)


def _fields(content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    position = 0
    while position < len(content):
        key, position = _varint(content, position)
        if key > _MAX_KEY:
            raise MalformedMessage(f"a field number of more than 29 bits at byte {position}")
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            value, position = _varint(content, position)
            yield number, value
            continue
        if wire_type == _BYTES:
            length, position = _varint(content, position)
        elif wire_type in (_FIXED32, _FIXED64):
            length = 4 if wire_type == _FIXED32 else 8
        else:
            raise MalformedMessage(f"wire type {wire_type} at byte {position}")
        if position + length > len(content):
            raise MalformedMessage(f"it ends {position + length - len(content)} bytes early")
        yield number, content[position : position + length]
        position += length


def _varint(content: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(content):
            raise MalformedMessage("it ends inside a number")
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise MalformedMessage(f"a number of more than 64 bits at byte {position}")
