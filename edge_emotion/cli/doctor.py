"""``edge-emotion doctor``."""

from __future__ import annotations

import sys

import click

from edge_emotion.cli.options import json_option, print_json


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Check what the camera loop needs of this machine; exit code 1 when something is missing."""
    from edge_emotion.camera.doctor import examine

    examination = examine()
    if as_json:
        print_json(examination.model_dump(mode="json", by_alias=True))
    else:
        for check in examination.checks:
            fix = f" → {check.fix}" if check.fix else ""
            click.echo(f"{check.state:<8} {check.topic}: {check.found}{fix}")
    if examination.failed:
        sys.exit(1)
