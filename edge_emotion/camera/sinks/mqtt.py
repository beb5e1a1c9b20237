"""Events, status and Home Assistant's discovery to an MQTT broker.

Under the prefix: ``<source>/faces`` has every event, ``<source>/state`` who is seen now (retained,
when it changes), ``status`` the loop's figures (retained; the last will says ``offline`` there).
"""

from __future__ import annotations

import json
import secrets
import ssl
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edge_emotion.camera.base import AnnotatedFrame, Sink
from edge_emotion.camera.event import events
from edge_emotion.camera.sinks.address import BrokerAddress
from edge_emotion.camera.sinks.home_assistant import NOBODY, UNCERTAIN, Discovery, slug
from edge_emotion.camera.sinks.outbox import Message, Outbox
from edge_emotion.camera.status import Status
from edge_emotion.errors import OutputError

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

BUFFERED_EVENTS = 10_000
"""Events that wait for a broker that is away: some minutes of two faces, a few megabytes."""

_WINDOW = 16
"""Messages on their way at once; fewer than paho's own 20, so that none waits inside paho."""
_FAREWELL_SECONDS = 5.0
"""How long the end of a run waits for the broker to take what is left."""
_KEEP_ALIVE_SECONDS = 30
_LONGEST_PAUSE_SECONDS = 30
_OFFLINE = json.dumps({"state": "offline"})


class MqttSink(Sink):
    """Publishes at QoS 1 from threads of its own; the loop never waits for the network.

    While the broker is away events wait, up to a bound; past it the oldest are given up and
    counted. After a reconnection they are sent in their order before newer ones. A message whose
    acknowledgement was lost is sent again: delivery is at least once.

    Args:
        address: the broker, and the topic prefix. With TLS its certificate is verified against
            the system's authorities, or those of ``SSL_CERT_FILE``.
        tell: says one line to the user: connected, lost, refused.
        discovery: Home Assistant's discovery prefix; ``None`` announces nothing.
        bound: events that may wait.

    Raises:
        OutputError: paho-mqtt is not installed.
    """

    shows_pictures = False

    def __init__(
        self,
        address: BrokerAddress,
        tell: Callable[[str], None],
        discovery: str | None = "homeassistant",
        bound: int = BUFFERED_EVENTS,
    ) -> None:
        self._address = address
        self._tell = tell
        self._topic = self._address.prefix
        self._status_topic = f"{self._topic}/status"
        self._discovery = discovery and Discovery(discovery, self._topic, self._status_topic)
        self._levels: dict[int, str] = {}
        self._states: dict[int, str] = {}
        self._announced = False

        self._changed = threading.Condition()  # guards everything below
        self._outbox = Outbox(bound)
        self._connected = False
        self._on_the_way = 0
        self._resending = False
        self._closing = False
        self._refused = False
        self._said = ""

        self._client = self._open_client()
        self._sender = threading.Thread(target=self._send, name="mqtt sender", daemon=True)
        self._sender.start()
        self._client.connect_async(
            self._address.host, self._address.port, keepalive=_KEEP_ALIVE_SECONDS
        )
        self._client.loop_start()

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._connected

    @property
    def waiting(self) -> int:
        """Events not sent yet, and messages that the broker has not acknowledged."""
        with self._changed:
            return self._outbox.waiting + self._on_the_way

    @property
    def dropped(self) -> int:
        """Events given up because too many waited."""
        return self._outbox.dropped

    def consume(self, result: AnnotatedFrame) -> None:
        """Queue the frame's events, and the source's state if it changed."""
        level = self._level(result)
        messages = [
            Message(f"{self._topic}/{level}/faces", event.model_dump_json(by_alias=True))
            for event in events(result)
        ]
        state = _state(result)
        if self._states.get(result.frame.source) != state:
            self._states[result.frame.source] = state
            messages.append(Message(f"{self._topic}/{level}/state", state, retain=True))
        self._put(messages)

    def report(self, status: Status) -> None:
        """Queue the loop's figures."""
        document = {"state": "online", **status.model_dump(mode="json")}
        messages = [Message(self._status_topic, json.dumps(document), retain=True)]
        if self._discovery and not self._announced:
            self._announced = True
            messages += self._discovery.of_loop(status.model)
        self._put(messages)

    def close(self) -> None:
        """Send what is left, for as long as the broker takes it, and say goodbye."""
        if self._closing:
            return
        deadline = time.monotonic() + _FAREWELL_SECONDS
        self._drain(deadline)
        if self.waiting:
            self._tell(f"{self.waiting} messages never reached {self._address}")
        if self._connected:  # else the last will has said so
            self._put([Message(self._status_topic, _OFFLINE, retain=True)])
            self._drain(deadline)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._client.disconnect()
        self._client.loop_stop()
        self._sender.join()

    def _open_client(self) -> Client:
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise OutputError(
                "paho-mqtt is not installed", "pip install 'edge-emotion[mqtt]'"
            ) from error
        client = Client(CallbackAPIVersion.VERSION2, f"edge-emotion-{secrets.token_hex(4)}")
        client.reconnect_delay_set(1, _LONGEST_PAUSE_SECONDS)
        client.will_set(self._status_topic, _OFFLINE, qos=1, retain=True)
        _identify(client, self._address)
        client.on_connect = self._has_connected
        client.on_connect_fail = self._has_failed
        client.on_disconnect = self._has_lost
        client.on_publish = self._was_taken
        return client

    def _level(self, result: AnnotatedFrame) -> str:
        """The topic level of a source; of two alike, the later one has its number."""
        source = result.frame.source
        if source not in self._levels:
            level = slug(result.source_name)
            if level in self._levels.values():
                level = f"{level}-{source}"
            self._levels[source] = level
            if self._discovery:
                topic = f"{self._topic}/{level}/state"
                self._put(self._discovery.of_source(level, result.source_name, topic))
        return self._levels[source]

    def _put(self, messages: list[Message]) -> None:
        with self._changed:
            for message in messages:
                self._outbox.put(message)
            self._changed.notify_all()

    def _drain(self, deadline: float) -> None:
        """Wait until nothing is left to send, nobody wants it, or the deadline has come."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._refused or not (self._outbox or self._on_the_way),
                max(deadline - time.monotonic(), 0),
            )

    def _send(self) -> None:
        """Hand messages to paho. Its lock is never taken under ours: it calls us under its own."""
        while (message := self._next()) is not None:
            self._client.publish(message.topic, message.payload, qos=1, retain=message.retain)

    def _next(self) -> Message | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._may_send())
            if self._closing:
                return None
            self._on_the_way += 1
            return self._outbox.take()

    def _may_send(self) -> bool:
        return (
            self._connected
            and not self._resending
            and self._on_the_way < _WINDOW
            and bool(self._outbox)
        )

    def _has_connected(
        self, _c: Client, _u: Any, _f: ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._refused = reason.is_failure
        if self._refused:
            self._say_once(f"{self._address} refuses us: {reason}; check user and password")
            with self._changed:
                self._changed.notify_all()
            return
        self._say_once(f"connected to {self._address}")
        with self._changed:
            self._connected = True
            # paho sends again what was not acknowledged; newer messages must not overtake that.
            self._resending = self._on_the_way > 0
            self._outbox.repeat_retained()
            self._changed.notify_all()

    def _has_failed(self, _c: Client, _u: Any) -> None:
        reason = sys.exc_info()[1]  # paho calls this while it handles the failure
        self._say_once(f"cannot reach {self._address}: {reason}; events wait until it is there")

    def _has_lost(
        self, _c: Client, _u: Any, _f: DisconnectFlags, _r: ReasonCode, _p: Properties | None
    ) -> None:
        with self._changed:
            was_connected, self._connected = self._connected, False
        if was_connected and not self._closing:
            self._say_once(f"lost {self._address}; events wait until it is back")

    def _was_taken(
        self, _c: Client, _u: Any, _mid: int, _r: ReasonCode, _p: Properties | None
    ) -> None:
        with self._changed:
            self._on_the_way -= 1
            self._resending = self._resending and self._on_the_way > 0
            self._changed.notify_all()

    def _say_once(self, line: str) -> None:
        """Say a line unless it was the last one said."""
        if line != self._said:
            self._said = line
            self._tell(line)


def _identify(client: Client, address: BrokerAddress) -> None:
    if address.user is not None:
        client.username_pw_set(address.user, address.password)
    if address.encrypted:
        client.tls_set_context(ssl.create_default_context())


def _state(result: AnnotatedFrame) -> str:
    """Who is seen: how many, and the emotion of the nearest, who is the largest."""
    if not result.faces:
        return json.dumps({"faces": 0, "emotion": NOBODY})
    nearest = max(result.faces, key=lambda face: face.box.width * face.box.height)
    emotion = nearest.emotion.value if nearest.emotion else UNCERTAIN
    return json.dumps({"faces": len(result.faces), "emotion": emotion})
