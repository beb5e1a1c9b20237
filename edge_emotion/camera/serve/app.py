"""The HTTP and WebSocket interface."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import UploadFile

from edge_emotion.camera.event import Event
from edge_emotion.camera.redact import without_credentials
from edge_emotion.camera.serve.guard import REFUSALS
from edge_emotion.camera.serve.hub import EventFeed, Listener, PictureFeed
from edge_emotion.camera.serve.predict import PictureRefused, Prediction, Predictor
from edge_emotion.camera.serve.rate import RateLimit
from edge_emotion.camera.status import Status
from edge_emotion.errors import EdgeEmotionError

PREDICTIONS_PER_SECOND, PREDICTIONS_AT_ONCE = 10.0, 20
_UPLOAD_SECONDS = 15.0
_CLOSE_SECONDS = 2.0
_GOING_AWAY, _TRY_LATER = 1001, 1013
_BOUNDARY = "frame"
_WEB = Path(__file__).parent / "web"
_PAGES = {"/": "index.html", "/docs": "docs.html"}
_STATIC = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "docs.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_PICTURE_KINDS = ("image/jpeg", "image/png", "image/webp")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in _PICTURE_KINDS},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {"image": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}
_ABOUT = (
    "What a running camera loop sees. Events also come as text messages, one an event, over a "
    "WebSocket at /v1/events; GET /v1/schema says what they hold. Code 1013 closes the WebSocket "
    "of a client that cannot follow."
)


class QueueFigures(BaseModel):
    """An output that buffers."""

    model_config = ConfigDict(frozen=True)

    waiting: int
    dropped: int


class Live(BaseModel):
    """How the loop does now."""

    model_config = ConfigDict(frozen=True)

    status: Status | None
    """``None`` until the loop has spoken for the first time."""
    queues: dict[str, QueueFigures]
    notice: str | None
    """What those who look on are told."""
    faces_hidden: bool
    """Whether faces are hidden in the video."""


@dataclass(frozen=True)
class Parts:
    """What the interface shows and asks.

    Args:
        pictures: one feed for each source.
        events: the event stream.
        predictor: reads pictures that are sent.
        live: the figures of the moment.
        seeing: whether frames came lately.
        exposition: the metrics, from an Accept header: body and content type.
    """

    pictures: tuple[PictureFeed, ...]
    events: EventFeed
    predictor: Predictor
    live: Callable[[], Live]
    seeing: Callable[[], bool]
    exposition: Callable[[str], tuple[bytes, str]]


def create_app(parts: Parts) -> FastAPI:
    """The application, without the guard before it."""
    app = FastAPI(
        title="edge-emotion",
        version=version("edge-emotion"),
        description=_ABOUT,
        docs_url=None,  # FastAPI's own pages load scripts from elsewhere
        redoc_url=None,
        responses={
            code: {"description": text, "content": {"text/plain": {}}}
            for code, text in REFUSALS.items()
        },
    )
    _add_pages(app)
    _add_figures(app, parts)
    _add_video(app, parts.pictures)
    _add_predict(app, parts.predictor)
    _add_events(app, parts.events)
    return app


def _add_pages(app: FastAPI) -> None:
    def page(file: str) -> Callable[[], Response]:
        return lambda: FileResponse(_WEB / file, media_type="text/html")

    for path, file in _PAGES.items():
        app.add_api_route(path, page(file), include_in_schema=False, response_model=None)

    @app.get("/static/{name}", include_in_schema=False)
    def static(name: str) -> Response:
        if name not in _STATIC:
            raise HTTPException(404)
        return FileResponse(_WEB / name, media_type=_STATIC[name])


def _add_figures(app: FastAPI, parts: Parts) -> None:
    @app.get("/v1/status", summary="How the loop does")
    async def status() -> Live:
        return parts.live()

    @app.get("/v1/schema", summary="JSON schema of an event")
    async def schema() -> dict[str, Any]:
        return Event.model_json_schema()

    @app.get(
        "/healthz",
        summary="Whether frames come",
        responses={503: {"description": "No frame came lately"}},
    )
    async def health() -> JSONResponse:
        seeing = parts.seeing()
        return JSONResponse({"frames": "coming" if seeing else "missing"}, 200 if seeing else 503)

    @app.get(
        "/metrics",
        summary="Figures for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}},
    )
    async def metrics(request: Request) -> Response:
        body, content_type = parts.exposition(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type})


def _add_video(app: FastAPI, feeds: tuple[PictureFeed, ...]) -> None:
    kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"

    @app.get(
        "/video/{source}",
        summary="Annotated frames of a source, as a stream of JPEG pictures",
        response_class=StreamingResponse,
        responses={
            200: {"content": {"multipart/x-mixed-replace": {}}},
            404: {"description": "There is no such source"},
        },
    )
    async def video(source: Annotated[int, PathParameter(ge=0)]) -> StreamingResponse:
        if source >= len(feeds):
            raise HTTPException(404, f"there are {len(feeds)} sources, counted from 0")
        return StreamingResponse(_parts(feeds[source]), media_type=kind)


async def _parts(feed: PictureFeed) -> AsyncIterator[bytes]:
    """A picture is shown when the boundary after it has come, so the boundary comes at once."""
    yield f"--{_BOUNDARY}\r\n".encode()
    async for jpeg in feed.pictures():
        head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        yield b"".join((head.encode(), jpeg, f"\r\n--{_BOUNDARY}\r\n".encode()))


def _add_predict(app: FastAPI, predictor: Predictor) -> None:
    limit = RateLimit(PREDICTIONS_PER_SECOND, PREDICTIONS_AT_ONCE)
    refusals = {
        400: "The form cannot be read",
        408: "The picture did not arrive in time",
        413: "Too many bytes or pixels",
        415: "No JPEG, PNG or WebP",
        422: "The picture is damaged, or there is none",
        429: "Too many requests",
        500: "The model or the detector cannot run",
        503: "Too many pictures wait",
    }

    @app.post(
        "/v1/predict",
        summary="The faces of a picture",
        openapi_extra=_BODY,
        responses={code: {"description": text} for code, text in refusals.items()},
    )
    async def predict(request: Request) -> Prediction:
        if not limit.allows(request.client.host if request.client else ""):
            raise HTTPException(429, "too many requests", {"Retry-After": "1"})
        try:
            content = await asyncio.wait_for(_picture_of(request), _UPLOAD_SECONDS)
            return await predictor.predict(content)
        except asyncio.TimeoutError as error:
            raise HTTPException(408, "the picture did not arrive in time") from error
        except PictureRefused as refusal:
            raise HTTPException(refusal.status, str(refusal)) from refusal
        except EdgeEmotionError as error:
            raise HTTPException(500, without_credentials(str(error))) from error


async def _picture_of(request: Request) -> bytes:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    async with request.form(max_files=1, max_fields=8) as form:
        image = form.get("image")
        if not isinstance(image, UploadFile):
            raise PictureRefused(422, "the form has no file called image")
        return await image.read()


def _add_events(app: FastAPI, feed: EventFeed) -> None:
    @app.websocket("/v1/events")
    async def events(websocket: WebSocket) -> None:
        await websocket.accept()
        with feed.listening() as listener:
            code = await _stream(websocket, listener, feed.closed)
        if code is not None:
            with suppress(asyncio.TimeoutError, RuntimeError):  # it may not listen any more
                await asyncio.wait_for(websocket.close(code), _CLOSE_SECONDS)


async def _stream(websocket: WebSocket, listener: Listener, closed: asyncio.Event) -> int | None:
    """Send events until an end comes; the code to close with, ``None`` if the client has left."""
    ends: dict[asyncio.Task[Any], int | None] = {
        asyncio.create_task(_send(websocket, listener)): None,
        asyncio.create_task(_until_left(websocket)): None,
        asyncio.create_task(listener.too_slow.wait()): _TRY_LATER,
        asyncio.create_task(closed.wait()): _GOING_AWAY,
    }
    done, others = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*ends, return_exceptions=True)
    return next((ends[task] for task in done if ends[task] is not None), None)


async def _send(websocket: WebSocket, listener: Listener) -> None:
    while True:
        await websocket.send_text(await listener.lines.get())


async def _until_left(websocket: WebSocket) -> None:
    """What a client says is not listened to; but it says when it leaves."""
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.receive()
            if websocket.client_state.name != "CONNECTED":
                return
