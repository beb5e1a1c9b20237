"""The command line: one module per command, imported only when that command runs."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module

import click

from edge_emotion.errors import EdgeEmotionError

COMMANDS: dict[str, str] = {
    "benchmark": "Measure accuracy and latency of models on every backend.",
    "camera": "Read facial emotion from cameras, streams or files.",
    "compare": "Compare two benchmark reports; fail past a limit.",
    "compile": "Compile an ONNX model for OpenVINO or TensorRT.",
    "data": "Look into FER-2013 in any of its layouts.",
    "demo": "Run everything once on what is embedded: clip, events, benchmark, report.",
    "deploy": "Write a model for Triton or OpenVINO Model Server.",
    "doctor": "Check what the camera loop needs of this machine.",
    "evaluate": "Measure a model's accuracy on a labelled dataset.",
    "export": "Export a checkpoint to ONNX, behind the parity gate.",
    "models": "List, pack, fetch and choose models.",
    "predict": "Find faces in images and read their emotions.",
    "sweep": "Search a recipe's values, on one machine or on many that share a study.",
    "train": "Train a network, quantization-aware, from a recipe.",
}
"""Command → its line in ``--help``, so that help imports no command."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"edge_emotion.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="edge-emotion", message="%(version)s")
def group() -> None:
    """Facial emotion on edge devices: train, quantise, compile, run and measure."""


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"warning: {message}", file=sys.stderr)  # noqa: T201


def main() -> None:
    """Entry point: errors and warnings become one line each on stderr, errors an exit code."""
    warnings.showwarning = _show_warning
    try:
        group()
    except EdgeEmotionError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the command line speaks here
        sys.exit(error.exit_code)
