"""What a wheel carries beside the package, made from the commands: manual pages, completion."""

from __future__ import annotations

import copy
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "edge-emotion"
SHELLS = {
    "bash": f"share/bash-completion/completions/{NAME}",
    "zsh": f"share/zsh/site-functions/_{NAME}",
    "fish": f"share/fish/vendor_completions.d/{NAME}.fish",
}
"""Shell → where it looks for completion, under the prefix of the installation."""


class Documents(BuildHookInterface):
    """Puts them under ``share`` of whatever the wheel is installed into."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make them in a folder of their own, and have them packed."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        self._folder = tempfile.TemporaryDirectory()
        made = Path(self._folder.name)
        write_manual(made / "man", self.metadata.version)
        write_completion(made / "completion")
        shared = build_data["shared_data"]
        for page in sorted((made / "man").iterdir()):
            shared[str(page)] = f"share/man/man1/{page.name}"
        for shell, place in SHELLS.items():
            shared[str(made / "completion" / shell)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what is packed now."""
        if version != "editable":
            self._folder.cleanup()


def write_manual(folder: Path, version: str) -> None:
    """One page for the program, and one for each command and each command of a command."""
    from click_man.core import write_man_pages

    from edge_emotion.cli import COMMANDS, group

    folder.mkdir()
    # click-man lists what a group holds, and ours holds nothing until a command is asked for.
    known = click.Context(group)
    held = {
        name: with_whole_line(group.get_command(known, name), line)
        for name, line in COMMANDS.items()
    }
    whole = click.Group(NAME, held, help=group.help, params=group.params)
    whole.short_help = (group.help or "").partition(":")[0]
    write_man_pages(NAME, whole, version=version, target_dir=str(folder))


def with_whole_line(command: click.Command, line: str) -> click.Command:
    """A copy that is listed with all of its line, as are the commands in it."""
    listed = copy.copy(command)
    listed.short_help = line
    if isinstance(listed, click.Group):
        listed.commands = {
            name: with_whole_line(inner, inner.get_short_help_str(limit=200))
            for name, inner in listed.commands.items()
        }
    return listed


def write_completion(folder: Path) -> None:
    """What each shell sources."""
    from edge_emotion.cli import group

    folder.mkdir()
    for shell in SHELLS:
        completion = get_completion_class(shell)(group, {}, NAME, "_EDGE_EMOTION_COMPLETE")
        (folder / shell).write_text(completion.source(), encoding="utf-8")
