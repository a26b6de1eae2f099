"""`recontact train`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from recontact_pipelines.known import KnownFrom, WrapupDelay, Yours, naming_yours
from recontact_pipelines.learning import Events, Params, PolicyFile, Until, data, folder
from recontact_pipelines.output import emit, note
from recontact_pipelines.tracked import MlflowUri


def train(
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    policy: PolicyFile = None,
    until: Until = None,
    events: Events = None,
    known_from: KnownFrom = None,
    own: Yours = None,
    wrapup_delay: WrapupDelay = "15m",
    params: Params = None,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same models.")] = 0,
    costs: Annotated[
        Path | None,
        typer.Option(help="What a repeat, an escalation and a follow-up cost, in YAML."),
    ] = None,
    slices: Annotated[
        list[str] | None,
        typer.Option("--slice", help="Compare the groups of this column; may be given again."),
    ] = None,
    capacity: Annotated[
        list[int] | None,
        typer.Option(help="How many contacts a day can be followed up; may be given again."),
    ] = None,
    shuffled_check: Annotated[
        bool, typer.Option(help="Also learn shuffled outcomes, in which nothing may be found.")
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the evaluation page, plots and model cards.", callback=folder
        ),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the two model cards; they are in the run, too.", callback=folder
        ),
    ] = None,
    mlflow_uri: MlflowUri = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Label, train both models, test them on later contacts and register them.

    The last fifth of the judged contacts by time is the test. All figures stand beside the rule
    "contacts in the last 7 days", the reason's usual rate, a logistic regression and scikit-learn's
    boosted trees, with 95 % intervals. Everything goes into an MLflow run; a model becomes champion
    where there is none for this policy and it beats the rule.

    Example:

        recontact train contacts.parquet --policy policy.yaml --until 2026-06-01 --slice site
    """
    from recontact.model import train as run  # noqa: PLC0415 - help stays fast
    from recontact.model.params import read_params  # noqa: PLC0415

    plan = _plan(costs, slices, capacity, shuffled_check)
    with naming_yours(own):
        trained = run(
            **data(contacts, policy, until, events, known_from, own, wrapup_delay),
            params=read_params(params),
            seed=seed,
            plan=plan,
            tracking_uri=mlflow_uri,
            say=note,
        )
    if out is not None:
        _write(out, trained)
    if card is not None:
        _write_cards(card, trained)
    result = {
        "run_id": trained.run_id,
        "versions": trained.versions,
        "champions": trained.champions,
        "objections": trained.objections,
        "bands": {
            t: {"medium": b.cuts.medium, "high": b.cuts.high} for t, b in trained.bundles.items()
        },
        **trained.evaluation,
    }
    emit(result, _words(trained), as_json)
    for text in _objections(trained):
        note(f"warning: {text}")


def _plan(
    costs: Path | None, slices: list[str] | None, capacity: list[int] | None, shuffled: bool
) -> Any:
    from recontact.evaluation.costs import Costs  # noqa: PLC0415 - help stays fast
    from recontact.evaluation.plan import Plan  # noqa: PLC0415

    return Plan(
        costs=Costs.read(costs) if costs else Costs(),
        slices=tuple(slices or ()),
        capacities=tuple(sorted(set(capacity or ()))),
        shuffled=shuffled,
    )


def _write(folder: Path, trained: Any) -> None:
    from recontact.tracking.record import write_files  # noqa: PLC0415 - help stays fast

    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder, trained.learnt)
    note(f"written: {folder / 'evaluation.html'}")


def _write_cards(folder: Path, trained: Any) -> None:
    from recontact.tracking.record import write_cards  # noqa: PLC0415 - help stays fast

    folder.mkdir(parents=True, exist_ok=True)
    for file in write_cards(folder, trained.learnt):
        note(f"written: {file}")


def _objections(trained: Any) -> list[str]:
    """Say what the gate would have against a champion that is one as the first of its policy."""
    return [
        f"{target}: version {trained.versions[target]} is champion as the first of its policy, but "
        f"{'; '.join(texts)}. The gate of recontact promote would refuse it: rely on its scores "
        "with care, and train on more or newer contacts"
        for target, texts in trained.objections.items()
    ]


def _words(trained: Any) -> str:
    from recontact.evaluation.findings import scoreboard  # noqa: PLC0415 - help stays fast

    champions = [f"{target}: {said}" for target, said in trained.champions.items()]
    where = f"run {trained.run_id}, policy {trained.evaluation['policy_digest']}"
    return "\n".join([*scoreboard(trained.evaluation), *champions, where])
