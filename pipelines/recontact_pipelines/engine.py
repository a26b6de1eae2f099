"""The option --engine, shared by the commands that work on contacts of any number."""

from enum import StrEnum
from typing import Annotated

import typer


class Engine(StrEnum):
    """What reads and sorts the contacts."""

    DUCKDB = "duckdb"
    SPARK = "spark"


EngineOption = Annotated[
    Engine,
    typer.Option(help="duckdb: this machine; spark: a cluster, for what exceeds one."),
]
