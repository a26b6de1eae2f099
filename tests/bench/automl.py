"""FLAML with the raw columns of real incidents and a time, beside recontact on the same test rows.

    python tests/bench/automl.py --minutes 60 --out campaign

The environment of FLAML is kept in `build/bench`; the incidents are fetched, or looked for in
`RECONTACT_DATA_DIR`.
"""

# ruff: noqa: T201 - it prints what it measures

import argparse
import json
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
from processes import PEERS, environment

from recontact.sources.fetch import fetch_servicenow
from recontact.sources.imports import import_contacts
from recontact_pipelines.campaigns.automl import beside, raw, words

FLAML = [
    *("flaml[automl]==2.7.0", "lightgbm==4.7.0", "xgboost==2.1.4", "scikit-learn==1.9.1"),
    *("pandas==3.1.1", "numpy==2.4.6", "pyarrow==26.0.1"),
]


def main() -> None:
    """Prepare, let it search, measure and say."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--window", default="48h", help="of the policy: 48h or 7d")
    options.add_argument("--out", type=Path, default=Path("campaign"))
    options.add_argument("--scored", action="store_true", help="scores of before: do not search")
    given = options.parse_args()
    folder = given.out / f"automl_{given.window}"
    folder.mkdir(parents=True, exist_ok=True)
    contacts = import_contacts("servicenow", [fetch_servicenow(given.out)]).contacts
    if not given.scored:
        for name, table in raw(contacts, given.window)._asdict().items():
            pq.write_table(table, folder / f"{name}.parquet")
        python = environment("flaml", FLAML)
        command = [python, PEERS / "automl_flaml.py", folder, str(given.minutes)]
        subprocess.run(command, check=True)
    scores = pq.read_table(folder / "scores.parquet")["score"].to_numpy()
    found = json.loads((folder / "automl.json").read_text())
    table = beside(contacts, given.window, scores)
    text = json.dumps({"found": found, "figures": table}, indent=1)
    (folder / "figures.json").write_text(text + "\n")
    print(words(table, found, given.window))


if __name__ == "__main__":
    main()
