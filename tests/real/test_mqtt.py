"""Events to a real broker that dies and comes back."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from edge_emotion.camera.event import Event
from edge_emotion.camera.sinks.address import parse_broker
from edge_emotion.camera.sinks.mqtt import MqttSink
from edge_emotion.emotions import LABELS, Emotion
from tests.real.broker import PASSWORD, USER, Broker, Listener, eventually, free_port
from tests.real.results import annotated, face, status

FACES = "home/hall/rtsp-cam-door/faces"
STATE = "home/hall/rtsp-cam-door/state"
STATUS = "home/hall/status"

pytestmark = pytest.mark.real

Opener = Callable[..., MqttSink]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def opener(said: list[str]) -> Iterator[Opener]:
    opened: list[MqttSink] = []

    def make(url: str, **options: Any) -> MqttSink:
        opened.append(MqttSink(parse_broker(url), said.append, **options))
        return opened[-1]

    yield make
    for sink in opened:
        sink.close()


def frames(listener: Listener) -> list[int]:
    """Numbers of the frames heard, in order; what was delivered twice in a row counts once."""
    return [number for number, _ in groupby(event["frame"] for event in listener.on(FACES))]


def test_events_state_and_status_arrive(broker: Broker, listener: Listener, opener: Opener) -> None:
    sink = opener(broker.url)
    sink.consume(annotated(0, face(1, size=40), face(2, Emotion.SAD, size=80)))
    eventually(lambda: sink.waiting == 0)
    sink.consume(annotated(1, face(1, None)))
    sink.report(status())
    sink.close()
    eventually(lambda: listener.on(STATUS)[-1:] == [{"state": "offline"}])
    heard = [Event.model_validate(each) for each in listener.on(FACES)]
    assert [(event.frame, event.track) for event in heard] == [(0, 1), (0, 2), (1, 1)]
    assert [each["emotion"] for each in listener.on(STATE)] == ["sad", "uncertain"]
    online = listener.on(STATUS)[-2]
    assert online["state"] == "online"
    assert online["fps"] == 24.5


def test_nothing_is_lost_while_the_broker_is_away(
    broker: Broker, listener: Listener, opener: Opener
) -> None:
    sink = opener(broker.url)
    for index in range(50):
        sink.consume(annotated(index))
    eventually(lambda: len(frames(listener)) == 50)
    time.sleep(1.2)  # the listener's session is on the broker's disk
    broker.kill()
    started = time.monotonic()
    for index in range(50, 450):
        sink.consume(annotated(index))
    assert time.monotonic() - started < 1, "the loop does not wait for a broker that is away"
    broker.start()
    for index in range(450, 500):
        sink.consume(annotated(index))
    eventually(lambda: len(frames(listener)) >= 500)
    assert frames(listener) == list(range(500))
    assert sink.dropped == 0


def test_a_broker_killed_in_the_middle_of_the_flow_loses_nothing(
    broker: Broker, listener: Listener, opener: Opener
) -> None:
    sink = opener(broker.url)
    eventually(lambda: sink.connected)
    time.sleep(1.2)
    for index in range(600):
        sink.consume(annotated(index))
        if index == 300:
            broker.kill()
        time.sleep(0.001)
    broker.start()
    eventually(lambda: sink.waiting == 0)
    eventually(lambda: frames(listener)[-1:] == [599])
    assert sorted(set(frames(listener))) == list(range(600))
    assert sink.dropped == 0


def test_past_the_bound_the_oldest_are_given_up_and_counted(
    broker: Broker, listener: Listener, opener: Opener
) -> None:
    broker.kill()
    sink = opener(broker.url, bound=100)
    for index in range(250):
        sink.consume(annotated(index))
    assert sink.dropped == 150
    assert sink.waiting == 100
    broker.start()
    eventually(lambda: len(frames(listener)) >= 100)
    assert frames(listener) == list(range(150, 250))


PUBLISH_AND_HANG = """
import sys, time
from edge_emotion.camera.sinks.address import parse_broker
from edge_emotion.camera.sinks.mqtt import MqttSink
from tests.real.results import status
sink = MqttSink(parse_broker(sys.argv[1]), print)
sink.report(status())
time.sleep(60)
"""


def test_another_client_sees_the_last_will(broker: Broker, listener: Listener) -> None:
    doomed = subprocess.Popen([sys.executable, "-c", PUBLISH_AND_HANG, broker.url])
    try:
        eventually(lambda: [each["state"] for each in listener.on(STATUS)][-1:] == ["online"])
    finally:
        doomed.kill()
        doomed.wait()
    eventually(lambda: listener.on(STATUS)[-1] == {"state": "offline"})


def test_who_comes_later_hears_what_is_retained(broker: Broker, opener: Opener) -> None:
    sink = opener(broker.url)
    sink.consume(annotated(0))
    sink.report(status())
    eventually(lambda: sink.waiting == 0)
    late = Listener(broker)
    try:
        eventually(lambda: STATUS in {topic for topic, _, retained in late.messages if retained})
        assert late.on(STATE) == [{"faces": 1, "emotion": "happy"}]
        assert late.on(FACES) == [], "events are not retained"
    finally:
        late.close()


def test_home_assistant_is_told_of_every_entity(
    broker: Broker, listener: Listener, opener: Opener
) -> None:
    sink = opener(broker.url)
    sink.consume(annotated(0))
    sink.report(status())
    sink.close()
    eventually(lambda: listener.on(STATUS)[-1:] == [{"state": "offline"}])
    told = {
        topic: (json.loads(payload), payload)
        for topic, payload, _ in listener.messages
        if topic.startswith("homeassistant/")
    }
    assert {topic.split("/")[3] for topic in told} == {
        *("emotion", "faces", "fps", "latency", "temperature")
    }
    for topic, (entity, payload) in told.items():
        assert re.fullmatch(r"homeassistant/sensor/[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+/config", topic)
        assert entity["state_topic"] in {STATE, STATUS}
        assert entity["availability_topic"] == STATUS
        assert entity["device"]["identifiers"]
        assert entity["origin"]["name"] == "edge-emotion"
        assert "{{" in entity["value_template"]
        assert PASSWORD not in payload
        if entity.get("device_class") == "enum":  # as the documentation of sensors asks
            assert set(entity["options"]) > set(LABELS)
            assert not {"state_class", "unit_of_measurement"} & set(entity)
    unique = [entity["unique_id"] for entity, _ in told.values()]
    assert len(set(unique)) == len(unique)
    assert listener.on(STATE)[-1]["emotion"] in {
        option for entity, _ in told.values() for option in entity.get("options", ())
    }


def test_home_assistant_can_be_left_alone(
    broker: Broker, listener: Listener, opener: Opener
) -> None:
    sink = opener(broker.url, discovery=None)
    sink.consume(annotated(0))
    sink.report(status())
    sink.close()
    eventually(lambda: listener.on(STATUS)[-1:] == [{"state": "offline"}])
    assert {topic for topic, _, _ in listener.messages} == {FACES, STATE, STATUS}


def test_two_sources_of_one_name_have_topics_of_their_own(
    broker: Broker, listener: Listener, opener: Opener
) -> None:
    sink = opener(broker.url)
    sink.consume(annotated(0, source=0))
    sink.consume(annotated(0, source=1))
    sink.close()
    eventually(lambda: listener.on("home/hall/rtsp-cam-door-1/faces") != [])
    assert len(listener.on(FACES)) == 1


def test_a_wrong_password_is_told_without_the_password(
    broker: Broker, opener: Opener, said: list[str]
) -> None:
    url = f"mqtt://{USER}:hunter2@127.0.0.1:{broker.port}"
    sink = opener(url)
    eventually(lambda: bool(said))
    sink.consume(annotated(0))
    assert "refuses us" in said[0]
    assert f"127.0.0.1:{broker.port}" in said[0]
    assert "hunter2" not in "".join(said) + repr(vars(sink)["_address"])


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    certificate, key = folder / "broker.crt", folder / "broker.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    key.chmod(0o644)
    return certificate, key


# paho leaves the socket of a failed handshake to the garbage collector, which warns of it
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_mqtts_verifies_the_broker(
    tmp_path: Path, opener: Opener, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("paho.mqtt.client")
    public, key = certificate(tmp_path)
    port = free_port()
    broker = Broker(tmp_path, f"listener {port} 127.0.0.1", f"certfile {public}", f"keyfile {key}")
    listener = Listener(broker)
    try:
        url = broker.url.replace("mqtt:", "mqtts:").replace(str(broker.port), str(port))
        stranger = opener(url)
        eventually(lambda: bool(said))
        assert "cannot reach" in said[0]
        assert "certificate" in said[0].lower()
        assert not stranger.connected
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        friend = opener(url)
        friend.consume(annotated(0))
        friend.close()
        eventually(lambda: frames(listener) == [0])
    finally:
        listener.close()
        broker.kill()
