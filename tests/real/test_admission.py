"""Who is let in to the page's server."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from websockets.exceptions import InvalidStatus  # noqa: E402
from websockets.sync.client import connect  # noqa: E402

from edge_emotion.camera.event import Event  # noqa: E402
from edge_emotion.camera.serve.sink import LiveSink  # noqa: E402
from tests.real.broker import eventually  # noqa: E402
from tests.real.live import TOKEN, events_url, live_server, port_of  # noqa: E402
from tests.real.results import annotated  # noqa: E402

pytestmark = pytest.mark.real


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "10.0.0.9", "", "[", "a@b"])
def test_another_host_name_is_refused(live: LiveSink, host: str) -> None:
    with socket.create_connection(("127.0.0.1", port_of(live))) as client:
        client.sendall(f"GET /v1/status HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert b" 421 " in client.recv(1000).splitlines()[0]


def test_a_proxy_goes_by_its_own_name(model: Path) -> None:
    with live_server(model, TOKEN, ("door.example",)) as live:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        for host, code in {
            "door.example": 200,
            "Door.Example:443": 200,
            "other.example": 421,
        }.items():
            headers = {**bearer, "Host": host}
            assert httpx.get(f"{live.url}v1/status", headers=headers).status_code == code


def test_pages_of_other_sites_are_refused(live: LiveSink, jpeg: bytes) -> None:
    elsewhere = {"Origin": "http://evil.example"}
    url = f"{live.url}v1/predict"
    assert httpx.post(url, content=jpeg, headers=elsewhere).status_code == 403
    assert httpx.post(url, content=jpeg, headers={"Origin": "null"}).status_code == 403
    ours = {"Origin": live.url.rstrip("/")}
    answer = httpx.post(url, content=jpeg, headers=ours)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    with pytest.raises(InvalidStatus):
        connect(events_url(live), origin="http://evil.example")  # type: ignore[arg-type]


PRIVATE = ["v1/status", "v1/schema", "metrics", "openapi.json", "docs", "video/0", "static/page.js"]


def test_without_the_token_nothing_is_told(locked: LiveSink, jpeg: bytes) -> None:
    for path in PRIVATE:
        answer = httpx.get(locked.url + path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert httpx.get(f"{locked.url}{path}?token={TOKEN}").status_code in (401, 429), path
    assert httpx.post(f"{locked.url}v1/predict", content=jpeg).status_code == 401
    with pytest.raises(InvalidStatus):
        connect(events_url(locked))
    page = httpx.get(locked.url)
    assert page.status_code == 401
    assert "<form" in page.text
    locked.consume(annotated(0))
    assert httpx.get(f"{locked.url}healthz").status_code == 200, "a probe needs no token"


def test_the_token_opens_everything(locked: LiveSink) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.get(f"{locked.url}v1/status", headers=bearer).status_code == 200
    wrong = {"Authorization": f"Bearer {TOKEN}x"}
    assert httpx.get(f"{locked.url}v1/status", headers=wrong).status_code == 401
    with connect(events_url(locked), additional_headers=bearer) as client:
        eventually(lambda: locked._events.listeners == 1)
        locked.consume(annotated(4))
        assert Event.model_validate_json(client.recv(10)).frame == 4


def test_the_page_turns_the_token_into_a_cookie(locked: LiveSink) -> None:
    with httpx.Client() as browser:
        assert browser.get(locked.url, params={"token": "wrong wrong wrong!"}).status_code == 401
        page = browser.get(locked.url, params={"token": TOKEN})
        assert page.status_code == 200
        cookie = page.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
        assert TOKEN not in cookie
        assert browser.get(f"{locked.url}v1/status").status_code == 200
    forged = {"Cookie": cookie.split("=")[0] + "=" + "0" * 64}
    assert httpx.get(f"{locked.url}v1/status", headers=forged).status_code == 401


def test_guessing_is_slowed_down(locked: LiveSink) -> None:
    guesses = [
        httpx.get(f"{locked.url}v1/status", headers={"Authorization": f"Bearer {guess}"})
        for guess in range(15)
    ]
    assert guesses[-1].status_code == 429
