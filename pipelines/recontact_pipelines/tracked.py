"""Options about models that several commands share: the MLflow store, one of the two models."""

from typing import Annotated

import typer

MlflowUri = Annotated[
    str | None,
    typer.Option(
        help="MLflow store; else RECONTACT_MLFLOW_URI, else mlflow.db in this folder.",
        show_default=False,
    ),
]
Only = Annotated[
    str | None,
    typer.Option(help="One model: repeated or escalation; the other stays.", show_default=False),
]
