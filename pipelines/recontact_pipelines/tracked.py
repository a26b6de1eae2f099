"""The option that names the MLflow store, the same for every command that needs it."""

from typing import Annotated

import typer

MlflowUri = Annotated[
    str | None,
    typer.Option(
        help="MLflow store; else RECONTACT_MLFLOW_URI, else mlflow.db in this folder.",
        show_default=False,
    ),
]
