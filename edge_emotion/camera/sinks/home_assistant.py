"""What Home Assistant is told, so that it shows our figures without configuration.

One retained message per entity, on ``<discovery prefix>/sensor/<node>/<entity>/config``, as
https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery describes.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from typing import Any

from edge_emotion.camera.sinks.outbox import Message
from edge_emotion.emotions import LABELS

UNCERTAIN = "uncertain"
"""What the state of a source says where a face is seen but its emotion is not certain."""

NOBODY = "nobody"
"""What the state of a source says where no face is seen."""

_OF_A_SOURCE: dict[str, dict[str, Any]] = {
    "emotion": {
        "name": "Emotion",
        "icon": "mdi:emoticon-outline",
        "device_class": "enum",
        "options": [*LABELS, UNCERTAIN, NOBODY],
        "value_template": "{{ value_json.emotion }}",
    },
    "faces": {
        "name": "Faces",
        "icon": "mdi:account-multiple",
        "state_class": "measurement",
        "value_template": "{{ value_json.faces }}",
    },
}
_OF_THE_LOOP: dict[str, dict[str, Any]] = {
    "fps": {
        "name": "Frame rate",
        "icon": "mdi:speedometer",
        "state_class": "measurement",
        "unit_of_measurement": "fps",
        "value_template": "{{ value_json.fps }}",
    },
    "latency": {
        "name": "Latency p95",
        "device_class": "duration",
        "state_class": "measurement",
        "unit_of_measurement": "ms",
        "value_template": "{{ value_json.latency.p95_ms if value_json.latency else None }}",
    },
    "temperature": {
        "name": "Processor temperature",
        "device_class": "temperature",
        "state_class": "measurement",
        "unit_of_measurement": "°C",
        "value_template": "{{ value_json.cpu_temperature_celsius }}",
    },
}


def slug(text: str) -> str:
    """``text`` as a topic level and an identifier: letters, digits and single hyphens."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:64] or "source"


class Discovery:
    """Announces the entities of one run.

    Args:
        discovery_prefix: where Home Assistant listens, ``homeassistant`` unless it was changed.
        prefix: the topic under which the run publishes.
        status_topic: where its status is, which also says whether it is there.
    """

    def __init__(self, discovery_prefix: str, prefix: str, status_topic: str) -> None:
        self._discovery_prefix = discovery_prefix
        self._prefix = prefix
        self._status_topic = status_topic

    def of_source(self, level: str, name: str, state_topic: str) -> list[Message]:
        """The entities of a source.

        Args:
            level: the source's topic level.
            name: what it calls itself.
            state_topic: where its state is published.
        """
        node = slug(f"{self._prefix}-{level}")
        device = {
            **_device(node, f"{self._prefix} {name}"),
            "via_device": slug(self._prefix),
        }
        return self._messages(node, device, state_topic, _OF_A_SOURCE)

    def of_loop(self, model: str) -> list[Message]:
        """The entities of the loop itself.

        Args:
            model: the model that runs.
        """
        node = slug(self._prefix)
        entities = {
            key: {**entity, "entity_category": "diagnostic"} for key, entity in _OF_THE_LOOP.items()
        }
        device = {**_device(node, self._prefix), "model": model}
        return self._messages(node, device, self._status_topic, entities)

    def _messages(
        self, node: str, device: dict[str, Any], topic: str, entities: dict[str, dict[str, Any]]
    ) -> list[Message]:
        common = {
            "state_topic": topic,
            "availability_topic": self._status_topic,
            "availability_template": "{{ value_json.state }}",
            "qos": 1,
            "device": device,
            "origin": {"name": "edge-emotion", "sw_version": _version()},
        }
        return [
            Message(
                f"{self._discovery_prefix}/sensor/{node}/{key}/config",
                json.dumps({**entity, **common, "unique_id": f"{node}-{key}"}),
                retain=True,
            )
            for key, entity in entities.items()
        ]


def _device(identifier: str, name: str) -> dict[str, Any]:
    return {
        "identifiers": [identifier],
        "name": name,
        "manufacturer": "edge-emotion",
        "sw_version": _version(),
    }


def _version() -> str:
    return version("edge-emotion")
