"""Every error this project raises on purpose.

EdgeEmotionError            exit code 1
├── UsageError              exit code 2: the call itself cannot be right
├── DataError               a dataset that cannot be read or has nothing to give
├── RecipeError             a training recipe with an unknown key or an impossible value
├── ArtifactError           a model file or manifest that is missing, broken or does not match
├── BackendError            a runtime that failed on a model it was given
│   └── BackendUnavailable  a runtime that this machine does not have
├── ExportError             a checkpoint that could not be turned into an artefact
│   └── ParityError         an artefact that does not agree with the model it was made from
├── CompileError            a compiler that refused a model
├── SourceError             a camera, stream or file that gives no frames
├── DetectorError           a face detector that cannot run
├── OutputError             a file, folder or service that results cannot be written to
└── GateNotMet              a measured figure past the limit that was asked for

A message is one line: the thing, the cause, and what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class EdgeEmotionError(Exception):
    """Base of all errors that are raised for the user to read.

    Args:
        message: the thing and the cause, without a full stop.
        hint: what to do next; joined to the message with "; ".
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.hint = hint
        text = " ".join(message.split())
        super().__init__(f"{text}; {' '.join(hint.split())}" if hint else text)


class UsageError(EdgeEmotionError):
    """The call cannot be right whatever the files hold."""

    exit_code = 2


class DataError(EdgeEmotionError):
    """A dataset cannot be read, or has nothing to give."""


class RecipeError(EdgeEmotionError):
    """A training recipe has an unknown key or an impossible value."""


class ArtifactError(EdgeEmotionError):
    """A model file or its manifest is missing, broken or does not match."""


class BackendError(EdgeEmotionError):
    """A runtime failed on a model it was given."""


class BackendUnavailable(BackendError):
    """A runtime is not installed, or has no device to run on."""


class ExportError(EdgeEmotionError):
    """A checkpoint could not be turned into an artefact."""


class ParityError(ExportError):
    """An artefact does not agree with the model it was made from."""


class CompileError(EdgeEmotionError):
    """A compiler refused a model."""


class SourceError(EdgeEmotionError):
    """A camera, stream or file gives no frames."""


class DetectorError(EdgeEmotionError):
    """A face detector cannot run."""


class OutputError(EdgeEmotionError):
    """A file, folder or service cannot be written to."""


class GateNotMet(EdgeEmotionError):
    """A measured figure is past the limit that was asked for."""


def first_fault(error: ValidationError, *within: str) -> str:
    """Where a document first departs from its model, and how, for a message of one line.

    Args:
        error: what pydantic found.
        within: keys that lead to the part that was validated.
    """
    fault = error.errors()[0]
    where = ".".join([*within, *map(str, fault["loc"])]) or "document"
    return f"{where}: {fault['msg']}"
