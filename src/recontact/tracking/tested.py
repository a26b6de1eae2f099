"""What every model said about each test contact, kept with the run: any two compare later."""

import datetime as dt
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recontact.errors import UserError
from recontact.evaluation.figures import CHAMPION, OURS, Trial
from recontact.hashing import hashed
from recontact.model.fitting import judged, moments_of
from recontact.model.training import Learnt
from recontact.tracking.registry import Version
from recontact.tracking.store import Store, speaking

SCORES_FILE = "test_scores.parquet"
MOST = 100_000  # test contacts that are kept: an AUC is then sure to about 0.003
ASKED = ("contact_id", "moment", "at", "started_at", "customer", "contacts_before")
SCORE = "score_"
SAME = ["target", "contact_id", "moment", "at"]


def scores_of(learnt: Learnt, most: int = MOST) -> pa.Table:
    """Give the test contacts of a training with what came and what each model said.

    Parameters
    ----------
    learnt : Learnt
        The training.
    most : int
        How many contacts are kept: those whose ids have the least hashes, so that two trainings
        keep the same ones.

    Returns
    -------
    pyarrow.Table
        A row a target, moment and contact: `target`, `contact_id`, `moment`, `at`,
        `started_at`, `customer` (a number that holds within this training), `contacts_before`,
        `outcome`, and `score_<model>` for ours, the baselines and the champion where there was
        one; null where a model said nothing about the target.
    """
    kept = _kept(learnt.test, most)
    parts = [_part(kept, trial) for trial in learnt.trials]
    if not parts:
        raise UserError("no model was tested", mend="train on more contacts")
    return pa.concat_tables(parts, promote_options="default")


def _kept(test: pa.Table, most: int) -> pa.Table:
    hashes = hashed(test["contact_id"])
    different = np.unique(hashes)
    last = different[min(most, len(different)) - 1] if len(different) else 0
    return test.append_column("kept", pa.array(hashes <= last))


def _part(test: pa.Table, trial: Trial) -> pa.Table:
    own = judged(test, trial.target)
    own = own.filter(pa.array(moments_of(own) == trial.moment))
    rows = own.select([name for name in ASKED if name in own.column_names])
    rows = rows.add_column(0, "target", pa.array([trial.target] * len(own), pa.string()))
    rows = rows.append_column("outcome", pa.array(trial.outcome))
    for model, scores in trial.scores.items():
        rows = rows.append_column(SCORE + model, pa.array(scores))
    return rows.filter(own["kept"])


def write(table: pa.Table, folder: Path) -> None:
    """Write the scores into a folder; the same scores give the same bytes."""
    pq.write_table(table, folder / SCORES_FILE, compression="zstd")


def read(store: Store, version: Version) -> pa.Table | None:
    """Read the test scores of a version's run; None where it kept none."""
    with speaking(store.uri), tempfile.TemporaryDirectory() as folder:
        import mlflow  # noqa: PLC0415 - takes seconds, and open_store has it imported by now

        there = {file.path for file in store.client.list_artifacts(version.run_id)}
        if SCORES_FILE not in there:
            return None
        address = f"runs:/{version.run_id}/{SCORES_FILE}"
        found = mlflow.artifacts.download_artifacts(address, dst_path=folder)
        return pq.read_table(found)


def beside(
    challenger: Version, ours: pa.Table, holder: Version, theirs: pa.Table | None
) -> pa.Table | None:
    """Put a champion's scores beside a challenger's, on contacts that neither has learnt from.

    Where training tested this champion beside, on the very same rows, these scores are taken,
    from the champion's own first test contact on: what lies before it may have taught it. Else
    the contacts that both trainings tested, asked about at the same instants.

    Parameters
    ----------
    challenger, holder : Version
        Who wants the alias, and who has it.
    ours, theirs : pyarrow.Table
        The test scores of their runs, of one target; None where the champion's run kept none.

    Returns
    -------
    pyarrow.Table or None
        The challenger's rows with `score_champion`; None where they have none in common.
    """
    name = SCORE + CHAMPION
    beside_then = challenger.tags.get("test_champion") == holder.version
    first = holder.tags.get("test_from")
    if beside_then and first and name in ours.column_names:
        since = pa.scalar(dt.datetime.fromisoformat(first))
        later = pc.greater_equal(ours["started_at"], since.cast(ours["started_at"].type))
        rows = ours.filter(later)
        return rows if len(rows) else None
    if theirs is None or not len(theirs):
        return None
    asked = theirs.select([*SAME, SCORE + OURS]).rename_columns([*SAME, name])
    own = ours.drop_columns([name]) if name in ours.column_names else ours
    rows = own.join(asked, SAME, join_type="inner").sort_by([(k, "ascending") for k in SAME])
    return rows if len(rows) else None


def of_target(table: pa.Table, target: str) -> pa.Table:
    """Keep the rows of one target, and the models that said something about it."""
    rows = table.filter(pc.equal(table["target"], target))
    scores = [name for name in rows.column_names if name.startswith(SCORE)]
    empty = [name for name in scores if rows[name].null_count == len(rows)]
    return rows.drop_columns(empty)


def by_moment(table: pa.Table) -> Mapping[str, pa.Table]:
    """Split the rows by moment, in the order in which the moments come."""
    moments = pc.unique(table["moment"]).to_pylist()
    order = [m for m in ("start", "live", "wrapup") if m in moments]
    return {m: table.filter(pc.equal(table["moment"], m)) for m in order}
