"""What waits to be sent: bounded, in order, the oldest given up first."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """One message of a broker.

    Args:
        topic: where it goes.
        payload: what it says.
        retain: whether the broker keeps it for those who come later.
    """

    topic: str
    payload: str
    retain: bool = False


class Outbox:
    """Events in their order, and beside them the latest word on each retained topic.

    An event that is lost is a hole in a record, so events wait for their turn; a retained message
    is a state, of which nobody wants the older ones. Not thread-safe: its owner holds a lock.

    Args:
        bound: events that may wait; one more gives up the oldest.
    """

    def __init__(self, bound: int) -> None:
        self._events = deque[Message]()
        self._bound = bound
        self._latest: dict[str, Message] = {}
        self._unsent: dict[str, None] = {}  # an ordered set of topics
        self.dropped = 0
        """Events given up so far."""

    @property
    def waiting(self) -> int:
        """Events not yet taken."""
        return len(self._events)

    def __bool__(self) -> bool:
        return bool(self._events or self._unsent)

    def put(self, message: Message) -> None:
        """Add a message: an event, or a new word on a retained topic."""
        if message.retain:
            self._latest[message.topic] = message
            self._unsent[message.topic] = None
            return
        if len(self._events) == self._bound:
            self._events.popleft()
            self.dropped += 1
        self._events.append(message)

    def take(self) -> Message:
        """The next message; retained ones first.

        Raises:
            LookupError: there is none.
        """
        if self._unsent:
            topic = next(iter(self._unsent))
            del self._unsent[topic]
            return self._latest[topic]
        return self._events.popleft()

    def repeat_retained(self) -> None:
        """Send every retained message again: a broker that was restarted may have lost them."""
        self._unsent = dict.fromkeys(self._latest)
