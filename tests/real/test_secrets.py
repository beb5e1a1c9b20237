"""Passwords of a source and of a broker appear nowhere a run leaves a trace."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from tests.real.broker import PASSWORD, Broker, Listener, eventually, free_port  # noqa: E402

pytestmark = pytest.mark.real

SECRETS = ("s3same", PASSWORD, PASSWORD.replace("/", "%2F"), "t0ken of a camera")


@pytest.fixture
def camera(clip: Path) -> Iterator[str]:
    """An HTTP camera that asks for a password and never ends."""
    wanted = "Basic " + base64.b64encode(b"admin:s3same").decode()
    grabbed = cv2.VideoCapture(str(clip))
    pictures = [cv2.imencode(".jpg", grabbed.read()[1])[1].tobytes() for _ in range(5)]
    asked: list[str] = []
    over = threading.Event()

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization", ""))
            if asked[-1] != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
            self.end_headers()
            while not over.wait(0.05):
                for picture in pictures:
                    head = f"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
                    try:
                        self.wfile.write(head.encode() + b"\r\n\r\n" + picture + b"\r\n")
                    except OSError:
                        return

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://admin:s3same@127.0.0.1:{server.server_port}/live?token=t0ken%20of%20a%20camera"
    over.set()
    server.shutdown()
    server.server_close()
    thread.join()
    assert wanted in asked, "the password was needed"


def test_no_output_of_a_run_holds_a_password(
    broker: Broker, listener: Listener, camera: str, model: Path, tmp_path: Path
) -> None:
    events, port = tmp_path / "events.jsonl", free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "edge_emotion", "camera", "--source", camera),
            *("--model", model, "--detector", "none", "--headless", "--json"),
            *("--events", events, "--mqtt", broker.url, "--serve", f"127.0.0.1:{port}"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        eventually(lambda: events.exists() and events.read_text().count("\n") > 20, 60)
        served = [
            httpx.get(f"http://127.0.0.1:{port}/{path}").text
            for path in ("", "v1/status", "metrics", "docs", "openapi.json", "v1/schema")
        ]
    finally:
        process.terminate()
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    eventually(lambda: bool(listener.messages))
    published = [topic + payload for topic, payload, _ in listener.messages]
    everything = "\n".join([out, err, events.read_text(), *served, *published])
    assert everything.count("127.0.0.1") > 20, "the source is named"
    for secret in (*SECRETS, "t0ken"):
        assert secret not in everything
