"""Open what the user named: files here, live sources in supervised processes of their own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from edge_emotion.camera.base import Source
from edge_emotion.camera.live.source import Patience, SupervisedSource
from edge_emotion.camera.looped import LoopedSource
from edge_emotion.camera.sources import kind_named, name_of_kind
from edge_emotion.errors import SourceError

_GLANCE_SECONDS = 0.05
_PATIENT = Patience()


def open_source(text: str) -> Source:
    """Open one source, as ``open_sources`` does.

    Raises:
        SourceError: nothing can be read from it.
    """
    return open_sources([text])[0]


def open_sources(
    texts: Sequence[str], *, loop: bool = False, patience: Patience = _PATIENT
) -> list[Source]:
    """Open every source of a run.

    A live source that does not answer fails the run only where no other source gives a frame
    either; else it is tried again and again while the others run.

    Args:
        texts: each a camera index, ``csi://N``, a URL, a GStreamer pipeline, a video file, a
            folder of pictures, or ``demo``.
        loop: begin files and folders again at their end.
        patience: how long live sources may take.

    Raises:
        SourceError: a file cannot be read, or no live source gives a frame.
    """
    with ExitStack() as unwind:
        sources: list[Source] = []
        for text in texts:
            sources.append(_begin(text, loop, patience))
            unwind.callback(sources[-1].close)
        if all(source.live for source in sources):
            _wait_for_one([source for source in sources if isinstance(source, SupervisedSource)])
        unwind.pop_all()
    return sources


def _begin(text: str, loop: bool, patience: Patience) -> Source:
    name = name_of_kind(text)
    kind = kind_named(name)
    if kind.live:
        return SupervisedSource(name, text, kind.shown(text), patience)
    return LoopedSource(kind, text) if loop else kind(text)


def _wait_for_one(sources: list[SupervisedSource]) -> None:
    """Wait until one source delivers.

    Raises:
        SourceError: each has failed; the first one's reason.
    """
    failures: dict[SupervisedSource, SourceError] = {}
    while len(failures) < len(sources):
        for source in sources:
            if source not in failures and _delivers(source, failures):
                return
    raise next(iter(failures.values()))


def _delivers(source: SupervisedSource, failures: dict[SupervisedSource, SourceError]) -> bool:
    try:
        return source.delivers(_GLANCE_SECONDS)
    except SourceError as error:
        failures[source] = error
        return False
