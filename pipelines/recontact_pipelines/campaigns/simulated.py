"""How near both models come to what can be known of a simulated contact centre.

python -m recontact_pipelines.campaigns.simulated --contacts 1000000 --out FOLDER
"""

import argparse
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from recontact.evaluation.figures import LOGISTIC, OURS, RULE, find
from recontact.evaluation.truth import beside_ceiling
from recontact.model import Learnt, learn
from recontact.model.fitting import judged
from recontact_pipelines.output import emit, note

CONTACTS = 1_000_000


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
    learnt = learn(read_contacts([folder / "contacts.parquet"]), say=note)
    table = measure(learnt, read_table([folder / "truth" / "probabilities.parquet"]))
    (folder / "figures.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    emit({"figures": table}, words(table), given.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
