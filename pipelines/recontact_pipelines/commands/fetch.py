"""`recontact fetch`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from recontact_pipelines.output import emit, progress


class DataSet(StrEnum):
    """The public data sets that can be had."""

    SERVICENOW = "servicenow-incidents"


def fetch(
    data_set: Annotated[DataSet, typer.Argument(help="Which data set.")],  # noqa: ARG001 - one so far
    out: Annotated[
        Path | None, typer.Option(help="Folder to put it in; by default the user's cache.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Get public records to work on, checked by their checksum.

    `servicenow-incidents` is the incident event log of UCI's data set 498 (CC BY 4.0,
    doi 10.24432/C57S4H). A copy named `incident_event_log.zip` in the folder that the environment
    variable RECONTACT_DATA_DIR names is taken before the public one.

    Example:

        recontact fetch servicenow-incidents --out data
        recontact import servicenow data/incident_event_log.csv --out contacts.parquet
    """
    from recontact.sources.fetch import fetch_servicenow  # noqa: PLC0415 - keeps --help fast

    with progress("fetching the incident event log"):
        path = fetch_servicenow(out)
    emit({"path": path}, str(path), as_json)
