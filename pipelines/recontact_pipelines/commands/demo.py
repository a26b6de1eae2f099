"""`recontact demo`."""

import signal
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from recontact_pipelines.output import emit, note


class Data(StrEnum):
    """Whose contacts are shown."""

    SIMULATED = "simulated"
    SERVICENOW = "servicenow"


def demo(
    data: Annotated[
        Data, typer.Option(help="Simulated contacts, or real ServiceNow incidents.")
    ] = Data.SIMULATED,
    out: Annotated[
        Path, typer.Option(help="Folder for all that is made; an earlier demo's is replaced.")
    ] = Path("demo"),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the service listens; 0: a free port.")
    ] = 8000,
    contacts: Annotated[int, typer.Option(min=1, help="How many are simulated.")] = 40_000,
    seed: Annotated[int, typer.Option(help="The same seed simulates the same.")] = 1,
    once: Annotated[
        bool, typer.Option("--once", help="End after the scoreboard instead of at Ctrl-C.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Show the whole main job: contacts, labels, models, the service, and live traffic.

    The last few hundred contacts are kept out of the training and then played to the service
    over HTTP, at their start and at their wrap-up, as they would have come in. The days before
    them are lived through once more, with a holdout, for the page of the proof. It ends with a
    scoreboard and serves the at-risk list until Ctrl-C. Everything is written to --out.

    Example:

        recontact demo
        recontact demo --data servicenow --port 8001
    """
    for ending in (signal.SIGINT, signal.SIGTERM):  # even where the caller's shell ignores them
        signal.signal(ending, signal.default_int_handler)
    from recontact_pipelines import demo as run  # noqa: PLC0415 - keeps --help fast
    from recontact_serving.server import listen  # noqa: PLC0415

    listen(run.HOST, port).close()  # a port in use is better told now than in some minutes
    folder = run.fresh(out / data)
    if data is Data.SIMULATED:
        centre = run.simulated(folder, contacts, seed)
    else:
        centre = run.servicenow(folder)
    with run.shown(centre, folder, port) as shown:
        emit(shown.board, shown.words, as_json)
        note(f"  make mlflow DATA={data}  runs, figures and registered models, in {folder}")
        if once:
            note("\nThe service ends here; without ONCE=1 (--once) it keeps running.")
        else:
            note("\nCtrl-C ends it.")
            _until_ctrl_c()


def _until_ctrl_c() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        note("\nended")
