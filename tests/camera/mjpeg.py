"""A real server of a live stream: JPEG pictures over HTTP, as network cameras send them."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import cv2
import numpy as np

FPS = 30.0


class MjpegServer:
    """Sends numbered gray frames until it is closed.

    ``size`` may be changed while it runs, and ``flowing`` cleared: then it stays connected and
    sends nothing.
    """

    def __init__(self, port: int = 0) -> None:
        self.size = (160, 120)
        self.flowing = threading.Event()
        self.flowing.set()
        self._closing = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                try:
                    server.send(self)
                except OSError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://user:secret@127.0.0.1:{self.port}/live.mjpg"

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        number = 0
        while not self._closing.wait(1 / FPS):
            if not self.flowing.is_set():
                continue
            image = np.full((self.size[1], self.size[0], 3), number % 256, np.uint8)
            content = cv2.imencode(".jpg", image)[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
            handler.wfile.write(head.encode() + content + b"\r\n")
            number += 1

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> MjpegServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()
