"""Another project's code in a process and an environment of its own, asked one thing at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from edge_emotion.closing import Closing


class Peer(Closing):
    """A script of ``peers/NAME`` that answers JSON lines; idle while it is not asked.

    Args:
        script: what to run, with the interpreter that ``install.py`` beside it prints.
        arguments: its command line.

    Raises:
        subprocess.CalledProcessError: its environment cannot be made.
    """

    def __init__(self, script: Path, *arguments: str) -> None:
        installed = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, script.with_name("install.py")],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [installed.stdout.strip(), script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, **request: str | int) -> Any:
        """Its answer to one request.

        Raises:
            RuntimeError: it has ended.
        """
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            raise RuntimeError("the peer's process has no pipes")
        requests.write(json.dumps(request) + "\n")
        requests.flush()
        answer = answers.readline()
        if not answer:
            raise RuntimeError(f"the peer ended with {self._process.wait()}: run its script alone")
        return json.loads(answer)

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
