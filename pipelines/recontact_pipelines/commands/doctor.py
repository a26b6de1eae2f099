"""`recontact doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from recontact_pipelines.output import emit, progress

MARKS = {"good": "  ok ", "mind": "mind ", "bad": " BAD "}


def doctor(
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    policy: Annotated[Path | None, typer.Option(help="FCR policy in YAML.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Tell what the data can and cannot support, before any number is shown.

    Example:

        recontact doctor contacts.parquet
    """
    from recontact.doctor import examine  # noqa: PLC0415 - help stays fast
    from recontact.labels.table import label  # noqa: PLC0415
    from recontact.policy import Policy  # noqa: PLC0415
    from recontact.tables import read_contacts  # noqa: PLC0415

    rules = Policy.read(policy) if policy else Policy()
    with progress("examining"):
        table = read_contacts(contacts)
        findings = examine(table, label(table, rules))
    words = [f"{MARKS[finding.level]} {finding.text}" for finding in findings]
    result = {"findings": [vars(finding) for finding in findings], "policy_digest": rules.digest}
    emit(result, "\n".join([*words, f"policy {rules.digest}"]), as_json)
