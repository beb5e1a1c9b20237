"""Where the trials of a sweep are kept: a database or a journal file that many processes share."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.exceptions import ExperimentalWarning, OptunaError
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import TPESampler
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages import RetryHeartbeatStaleTrialCallback as Retry
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from edge_emotion.errors import OutputError, RecipeError, UsageError

Pruner = Literal["median", "hyperband", "none"]

JOURNAL = "journal:"
_RETRIES = 2
_LOCKED_SECONDS = 60
"""How long SQLite waits for another process that writes."""
_LOOK_AGAIN = 0.5
"""Seconds to wait for another process that is making the tables."""
_SETTINGS = "settings"


def open_storage(text: str, heartbeat: int) -> BaseStorage:
    """Open or create a storage.

    Args:
        text: ``sqlite:///FILE``, ``postgresql://…``, ``mysql://…`` or any URL that SQLAlchemy
            takes, or ``journal:FILE``.
        heartbeat: seconds between a trial's signs of life. In a database, a trial that has given
            none for three of them is taken for dead and queued again; a journal cannot tell.

    Raises:
        UsageError: no such kind of storage, or its driver is not installed.
        OutputError: it cannot be reached, read or written.
    """
    try:
        if text.startswith(JOURNAL):
            # Absolute, as its lock is a link that is followed from the journal's own folder.
            path = Path(text.removeprefix(JOURNAL)).absolute()
            return JournalStorage(JournalFileBackend(str(path)))
        return _database(text, heartbeat)
    except (ArgumentError, NoSuchModuleError) as error:
        raise UsageError(
            f"{text!r} is no storage: {error}",
            "give journal:FILE or a database URL as sqlite:///study.db",
        ) from error
    except ImportError as error:
        raise UsageError(
            f"no driver for storage {described(text)}: {error.__cause__ or error}",
            "pip install the driver that its URL names",
        ) from error
    except (SQLAlchemyError, OptunaError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise OutputError(
            f"cannot use storage {described(text)}: {_first_line(error)}",
            "check that it exists, can be reached and written, and is Optuna's",
        ) from error


def _database(url: str, heartbeat: int, attempts: int = 4) -> RDBStorage:
    """Open a database; where two processes make its tables at once, the second looks again."""
    try:
        return _connect(url, heartbeat)
    except (IntegrityError, OperationalError, ProgrammingError) as error:
        made_by_another = isinstance(error, IntegrityError) or "already exists" in str(error)
        if not made_by_another or attempts == 1:
            raise
    time.sleep(_LOOK_AGAIN)
    return _database(url, heartbeat, attempts - 1)


def _connect(url: str, heartbeat: int) -> RDBStorage:
    sqlite = make_url(url).get_backend_name() == "sqlite"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of heartbeats; in Optuna since 2021
        return RDBStorage(
            url,
            engine_kwargs={"connect_args": {"timeout": _LOCKED_SECONDS}} if sqlite else {},
            heartbeat_interval=heartbeat,
            grace_period=3 * heartbeat,
            heartbeat_stale_trial_callback=Retry(max_retry=_RETRIES),
        )


def described(storage: str) -> str:
    """A storage as it may be printed and written: without its password."""
    if storage.startswith(JOURNAL):
        return storage
    return make_url(storage).render_as_string(hide_password=True)


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def open_study(
    name: str, storage: BaseStorage, pruner: BasePruner, startup: int, settings: dict[str, Any]
) -> optuna.Study:
    """Create a study, or join it where the storage has it.

    Args:
        name: what processes that share the storage call it.
        storage: see ``open_storage``.
        pruner: see ``make_pruner``.
        startup: trials drawn at random before the search learns from them.
        settings: what all its trials have in common, as JSON-ready values.

    Raises:
        RecipeError: the study was begun with other settings.
    """
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)  # the sweep speaks for itself
    study = optuna.create_study(
        study_name=name,
        storage=storage,
        sampler=TPESampler(n_startup_trials=startup),
        pruner=pruner,
        direction="maximize",
        load_if_exists=True,
    )
    begun = study.user_attrs.get(_SETTINGS)
    if begun is None:
        study.set_user_attr(_SETTINGS, settings)
    elif begun != settings:
        different = next(
            key for key in {**settings, **begun} if settings.get(key) != begun.get(key)
        )
        raise RecipeError(
            f"study {name!r} was begun with another {different}",
            "give it what it was begun with, or begin another with --study NAME",
        )
    return study


def make_pruner(name: Pruner, startup: int, epochs: int) -> BasePruner:
    """What stops a trial early.

    Args:
        name: ``median`` stops a trial whose best epoch is below the median of the others at the
            same epoch, after the first tenth of its epochs; ``hyperband`` keeps the best third at
            each rung (Li et al., 2018, arXiv:1603.06560); ``none`` stops nothing.
        startup: trials that are not stopped, for the median.
        epochs: of a whole trial.
    """
    if name == "median":
        return MedianPruner(n_startup_trials=startup, n_warmup_steps=epochs // 10)
    if name == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=epochs)
    return NopPruner()
