"""How near both models come to what can be known of a simulated contact centre.

python -m recontact_pipelines.campaigns.simulated --contacts 1000000 --out FOLDER
"""

import argparse
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from recontact.evaluation.figures import LOGISTIC, OURS, RULE, find
from recontact.evaluation.truth import beside_ceiling, links
from recontact.model import Learnt, learn
from recontact.model.fitting import judged
from recontact.policy import Policy
from recontact_pipelines.output import emit, note

CONTACTS = 1_000_000
RELATED: dict[str, dict[str, Any]] = {  # how contacts are related: settings of a policy
    "any": {"related_by": "any"},
    "case": {"related_by": "case"},
    "reason": {"related_by": "reason"},
    "reason, first level": {"related_by": "reason", "reason_level": 1},
    "reason or case": {"related_by": "reason_or_case"},
    "first level or case": {"related_by": "reason_or_case", "reason_level": 1},
}
LINKS = ("judged", "precision", "recall", "linked")


def measure(learnt: Learnt, truth: pa.Table) -> list[dict[str, Any]]:
    """Give ROC AUC by target and moment beside the ceiling's on the same test rows.

    Parameters
    ----------
    learnt : Learnt
        A training on simulated contacts.
    truth : pyarrow.Table
        `truth/probabilities.parquet` of the simulation.
    """
    table = []
    for target, bundle in learnt.bundles.items():
        rows = judged(learnt.test, target)
        beside = beside_ceiling(rows, bundle.predict(rows), truth, target)
        for moment, figures in beside.items():
            place = {"target": target, "moment": moment}
            found = {
                model: find(learnt.evaluation["figures"], **place, history="all", model=model)
                for model in (OURS, LOGISTIC, RULE)
            }
            others = {model: found[model]["roc_auc"] for model in (LOGISTIC, RULE)}
            error = found[OURS]["calibration_error"]
            table.append({**place, **figures, **others, "calibration_error": error})
    return table


def related(contacts: pa.Table, issues: pa.Table) -> list[dict[str, Any]]:
    """Give how well each way of relating contacts finds the true links (`links`)."""
    return [
        {"related_by": name, **links(contacts, issues, Policy.parse(rules))}
        for name, rules in RELATED.items()
    ]


def links_words(table: list[dict[str, Any]]) -> str:
    """Write how the ways of relating contacts did as a Markdown table."""
    lines = [
        "| related by | judged | precision | recall | the very contact |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in table:
        cells = " | ".join("-" if row[k] is None else f"{row[k]:.3f}" for k in LINKS)
        lines.append(f"| {row['related_by']} | {cells} |")
    return "\n".join(lines)


def words(table: list[dict[str, Any]]) -> str:
    """Write the figures as a Markdown table."""
    lines = [
        "| outcome | moment | rows | ours | ceiling | share | logistic | rule | calib. error |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in table:
        figures = (row[k] for k in ("roc_auc", "ceiling", "share", LOGISTIC, RULE))
        cells = " | ".join(f"{value:.3f}" for value in figures)
        place = f"{row['target']} | {row['moment']} | {row['rows']:,}"
        lines.append(f"| {place} | {cells} | {row['calibration_error']:.4f} |")
    return "\n".join(lines)


def main() -> int:
    """Simulate, train, measure and say."""
    from recontact.clean import read_contacts  # noqa: PLC0415
    from recontact.simulate import simulate  # noqa: PLC0415 - main only
    from recontact.tables import read_table  # noqa: PLC0415

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--contacts", type=int, default=CONTACTS)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path, default=Path("campaign"))
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    folder = given.out / f"simulated_{given.contacts}_{given.seed}"
    note(f"simulating {given.contacts:,} contacts")
    simulate(contacts=given.contacts, seed=given.seed, out=folder)
    contacts, truth = read_contacts([folder / "contacts.parquet"]), folder / "truth"
    ways = related(contacts, read_table([truth / "issues.parquet"]))
    note("links found")
    learnt = learn(contacts, say=note)
    table = measure(learnt, read_table([truth / "probabilities.parquet"]))
    found = {"figures": table, "links": ways}
    (folder / "figures.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    emit(found, "\n\n".join([words(table), links_words(ways)]), given.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
