"""`recontact leak-check`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recontact_pipelines.known import (
    KnownFrom,
    WrapupDelay,
    Yours,
    naming_yours,
    parse_known_from,
)
from recontact_pipelines.learning import Events, PolicyFile
from recontact_pipelines.output import emit, progress

if TYPE_CHECKING:
    from recontact.leaks import Check, Leak, Telling

SHOWN = 10  # leaks of one test; --json holds all


def leak_check(
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    policy: PolicyFile = None,
    events: Events = None,
    known_from: KnownFrom = None,
    own: Yours = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(help="A feature that may tell an outcome however well; repeatable."),
    ] = None,
    wrapup_delay: WrapupDelay = "15m",
    sample: Annotated[
        int, typer.Option(min=1, help="Instants drawn for each moment, to delete the future at.")
    ] = 20,
    seed: Annotated[int, typer.Option(help="Which contacts are drawn.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Test that no feature holds what was not known at its instant.

    Deleting what came later changes no feature; nor does another order of the rows, nor a
    record that is delivered twice or in an older version; and no feature by itself tells an
    outcome too well to have been known. Each test must also find leaks that are planted.
    Of more than 50,000 contacts, some customers with all their contacts are tested.
    Exit code 1 where something leaks.

    Example:

        recontact leak-check contacts.parquet --policy policy.yaml --known-from region=start
    """
    from recontact.durations import parse_duration  # noqa: PLC0415
    from recontact.features.declared import FEATURES  # noqa: PLC0415
    from recontact.features.known import known_from as known  # noqa: PLC0415
    from recontact.features.moments import SO_FAR  # noqa: PLC0415
    from recontact.features.table import Source  # noqa: PLC0415
    from recontact.features.yours import yours  # noqa: PLC0415
    from recontact.leaks import check  # noqa: PLC0415
    from recontact.leaks.sample import read_events, read_some  # noqa: PLC0415 - help stays fast
    from recontact.policy import Policy  # noqa: PLC0415

    changes = parse_known_from(known_from)
    if events is not None:
        changes = {**dict.fromkeys(SO_FAR, "live"), **changes}
    delay_s = parse_duration(wrapup_delay, "--wrapup-delay") / 1e6
    rules = Policy.read(policy) if policy else Policy()
    with progress("reading"):
        some = read_some(contacts, seed)
        happened = read_events([events], some.contacts) if events else None
    since = known(some.contacts, changes)
    features = (*FEATURES, *yours(own))
    with naming_yours(own):
        source = Source(some.contacts, rules, since, delay_s, happened, features)
    with progress("checking", total=1.0) as advance:
        checks = check(source, sample=sample, seed=seed, allow=allow or (), advance=advance)
    found = sum(len(one.leaks) for one in checks)
    result = {
        "contacts": len(some.contacts),
        "of": some.of,
        "passed": not found,
        "checks": [{**asdict(one), "passed": not one.leaks} for one in checks],
    }
    emit(result, "\n".join(_words(checks, len(some.contacts), some.of)), as_json)
    if found:
        raise typer.Exit(1)


def _words(checks: "list[Check]", contacts: int, of: int) -> list[str]:
    drawn = "" if contacts == of else f", of {of:,}: some customers with all of theirs"
    lines = [f"{contacts:,} contacts{drawn}"]
    for one in checks:
        lines.append(f"{'LEAK' if one.leaks else 'ok':>4}  {one.name:<10}  {one.text}")
        lines += [f"{'':18}{_leak(leak)}" for leak in one.leaks[:SHOWN]]
        if len(one.leaks) > SHOWN:
            lines.append(f"{'':18}and {len(one.leaks) - SHOWN} more (--json)")
    planted = [name for one in checks for name in one.planted]
    return [*lines, f"leaks planted and found: {', '.join(planted)}", *_mend(checks)]


def _leak(leak: "Leak | Telling") -> str:
    said: dict[str, Any] = asdict(leak)
    if "auc" in said:
        return (
            f"{said['feature']} at {said['moment']} tells {said['target']}: AUC {said['auc']:.2f} "
            f"({said['positives']:,} of {said['contacts']:,} contacts)"
        )
    return (
        f"{said['feature']} at {said['moment']}: {said['moved']:,} values move, "
        f"as of {said['contact_id']}: {said['value']}, by then {said['value_then']}"
    )


def _mend(checks: "list[Check]") -> list[str]:
    telling = {leak.feature for one in checks if one.name == "outcome" for leak in one.leaks}
    if not telling:
        return []
    names = ", ".join(sorted(telling))
    option = " ".join(f"--allow {name}" for name in sorted(telling))
    return [
        f"mend: say from when {names} is really known (--known-from), or take it out;",
        f"      if it was known so early and does tell so much: {option}",
    ]
