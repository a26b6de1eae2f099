"""The MLflow store: where it is, opened quietly, its failures in plain words."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recontact.errors import UserError
from recontact.progress import Say, silent

DEFAULT_URI = "sqlite:///mlflow.db"
EXPERIMENT = "recontact"
SQLITE = "sqlite:///"
CALM = {  # MLflow reads these when it is imported; what the user has set stays
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True)
class Store:
    """An open MLflow store.

    Attributes
    ----------
    uri : str
        Where it is.
    client : mlflow.MlflowClient
        Reads and writes it; use it inside `speaking(uri)`.
    """

    uri: str
    client: Any


def open_store(uri: str | None = None, *, create: bool = False, say: Say = silent) -> Store:
    """Open the store of runs and models.

    Parameters
    ----------
    uri : str, optional
        MLflow's tracking address; by default `RECONTACT_MLFLOW_URI`, else `sqlite:///mlflow.db`
        in the working directory.
    create : bool
        Make a local store where there is none.
    say : callable
        Told when a step takes seconds.

    Raises
    ------
    UserError
        There is no store, or it can't be reached.
    """
    uri = uri or os.environ.get("RECONTACT_MLFLOW_URI") or DEFAULT_URI
    fresh = _fresh(uri)
    if fresh and not create:
        raise UserError(
            f"there are no models yet: {fresh} does not exist",
            mend="train first (recontact train contacts.parquet), or name the store: --mlflow-uri",
        )
    if fresh:
        say(f"setting up the MLflow store {fresh}: the first time takes some seconds")
        fresh.parent.mkdir(parents=True, exist_ok=True)
    with speaking(uri):
        import mlflow  # noqa: PLC0415 - takes seconds, and is needed here only

        logging.getLogger("mlflow").setLevel(logging.ERROR)
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        return Store(uri, mlflow.MlflowClient(uri, uri))


@contextmanager
def speaking(uri: str) -> Iterator[None]:
    """Talk to MLflow: its chatter away, its failures turned into a `UserError`."""
    for name, value in CALM.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        # MLflow calls deprecated parts of the libraries it stands on: nothing a user can mend
        warnings.simplefilter("ignore")
        try:
            yield
        except _failures() as error:
            raise UserError(
                f"the MLflow store {uri} does not answer: {_first_line(error)}",
                mend="check RECONTACT_MLFLOW_URI or --mlflow-uri, and that the store is running",
            ) from error


def experiment(store: Store) -> str:
    """Give the id of the experiment, made where it is missing, artifacts beside a local store."""
    found = store.client.get_experiment_by_name(EXPERIMENT)
    if found:
        return str(found.experiment_id)
    where = None
    if store.uri.startswith(SQLITE):
        where = (_file(store.uri).resolve().parent / "mlartifacts").as_uri()
    return str(store.client.create_experiment(EXPERIMENT, artifact_location=where))


def _fresh(uri: str) -> Path | None:
    """Give the file of a local store that does not exist yet."""
    if not uri.startswith(SQLITE):
        return None
    file = _file(uri)
    return None if file.exists() else file


def _file(uri: str) -> Path:
    return Path(uri.removeprefix(SQLITE).split("?")[0])


def _failures() -> tuple[type[Exception], ...]:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see open_store
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - MLflow brings it

    return MlflowException, SQLAlchemyError, ConnectionError


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:300]
