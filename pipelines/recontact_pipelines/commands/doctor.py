"""`recontact doctor`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from recontact_pipelines.output import emit, progress

MARKS = {"good": "  ok ", "mind": "mind ", "bad": " BAD "}
CAN = {"yes": " yes ", "weak": "weak ", "no": "  no "}


def doctor(
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    policy: Annotated[Path | None, typer.Option(help="FCR policy in YAML.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Tell what the data can and cannot support, before any number is shown.

    The worst comes first, each with its mend. `BAD`: figures would mean nothing. `mind`: they
    mean less than they seem.

    Example:

        recontact doctor contacts.parquet
        recontact doctor contacts.parquet --policy policy.yaml --json
    """
    from recontact.clean import read_contacts  # noqa: PLC0415
    from recontact.doctor import examine, supports  # noqa: PLC0415 - help stays fast
    from recontact.labels.table import label  # noqa: PLC0415
    from recontact.policy import Policy  # noqa: PLC0415
    from recontact.report.words import policy_line  # noqa: PLC0415

    rules = Policy.read(policy) if policy else Policy()
    with progress("examining"):
        table = read_contacts(contacts)
        labels = label(table, rules)
        findings = examine(table, labels)
        uses = supports(table, labels, findings)
    result = {
        "findings": [asdict(finding) for finding in findings],
        "supports": [asdict(use) for use in uses],
        "policy": rules.text(),
        "policy_digest": rules.digest,
    }
    emit(result, "\n".join([*_words(findings, uses), "", policy_line(rules)]), as_json)


def _words(findings: list[Any], uses: list[Any]) -> list[str]:
    lines = []
    for one in findings:
        lines.append(f"{MARKS[one.level]} {one.text}")
        lines += [f"       mend: {one.mend}"] if one.mend else []
    lines += ["", "What this data supports:"]
    return lines + [f"{CAN[one.can]} {one.use}: {one.text}" for one in uses]
