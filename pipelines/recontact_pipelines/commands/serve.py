"""`recontact serve`."""

from typing import Annotated

import typer

from recontact_pipelines.output import emit


def serve(
    host: Annotated[
        str | None, typer.Option(help="Where to listen; by default RECONTACT_HOST, else 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="By default RECONTACT_PORT, else 8000; 0: a free one."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as JSON.")] = False,
) -> None:
    """Run the scoring service and its pages until Ctrl-C.

    It takes both champions from the MLflow store, and follows them while it runs. Environment:
    RECONTACT_DATABASE_URL (default sqlite:///recontact.db), RECONTACT_MLFLOW_URI, RECONTACT_HOST,
    RECONTACT_PORT, and RECONTACT_AUTH=off to try it out on this machine without a key.

    Example:

        recontact users add ada
        recontact keys add desktop
        recontact serve --port 8080
    """
    from recontact_serving.server import serve as run  # noqa: PLC0415 - the service's libraries
    from recontact_serving.settings import Settings  # noqa: PLC0415

    def say(address: str) -> None:
        emit({"address": address}, f"recontact serves at {address} (Ctrl-C to stop)", as_json)

    run(Settings.read(host=host, port=port), say)
