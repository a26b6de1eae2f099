"""`recontact serve`."""

from typing import Annotated

import typer

from recontact_pipelines.output import emit, note


def serve(
    host: Annotated[
        str | None, typer.Option(help="Where to listen; by default RECONTACT_HOST, else 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="By default RECONTACT_PORT, else 8000; 0: a free one."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many processes answer; by default RECONTACT_WORKERS, else 1."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as JSON.")] = False,
) -> None:
    """Run the scoring service and its pages until Ctrl-C.

    It takes both champions from the MLflow store, checks them, keeps them in RECONTACT_CACHE_DIR
    for times when the store is away, and follows them while it runs. The address is printed once
    scores can be given, or once it is clear that there are no models yet; until then, the log on
    standard error says what is going on. Environment:
    RECONTACT_DATABASE_URL (default sqlite:///recontact.db), RECONTACT_MLFLOW_URI, RECONTACT_HOST,
    RECONTACT_PORT, and RECONTACT_AUTH=off to try it out on this machine without a key; all of it
    in docs/service.md.

    Example:

        recontact users add ada
        recontact keys add desktop
        recontact serve --port 8080 --workers 2
    """
    from recontact_serving.server import serve as run  # noqa: PLC0415 - help stays fast
    from recontact_serving.settings import Settings  # noqa: PLC0415

    def say(address: str, trouble: str) -> None:
        words = f"recontact serves at {address} (Ctrl-C to stop)"
        if trouble:
            words += f"\nno scores yet: {trouble}"
        emit({"address": address, "trouble": trouble or None}, words, as_json)

    settings = Settings.read(host=host, port=port, workers=workers)
    if settings.retention_days:
        _note_retention(settings.retention_days)
    run(settings, say)


def _note_retention(days: int) -> None:
    from recontact_serving.storage.retention import too_short  # noqa: PLC0415 - takes a second

    if too_short(days):
        note(too_short(days))
