"""How far what is scored has moved from what the models learnt from, by feature."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection, select

from recontact.features.figures import Figures
from recontact.model.bundle import Bundle
from recontact.next_issues import NextIssues
from recontact.scoring import Scorer
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import Database, put, read_meta
from recontact_serving.storage.tables import decisions, meta

DRIFT = "drift"
WITHIN = 24 * 3600 * 1_000_000  # microseconds
MOST = 20_000  # scores, the latest
LEAST = 300  # of a moment: of fewer, chance alone moves the index

Drift = dict[str, dict[str, float]]  # by moment and feature


def measure(database: Database, bundle: Bundle) -> Drift:
    """Compare the scores of the last 24 hours with the training, and keep the result.

    Parameters
    ----------
    database : Database
        Holds the log of scores; the result goes there too.
    bundle : Bundle
        The champion of repeats.

    Returns
    -------
    dict of str to dict of str to float
        For each moment with at least 300 scores, the index of each feature
        (`recontact.model.seen.Seen.drift`). Empty where the model does not know what it saw.
    """
    with database.read() as db:
        found = _drift(db, bundle)
    with database.write() as db:
        put(db, meta, [{"name": DRIFT, "value": json.dumps(found)}])
    return found


def read(db: Connection) -> Drift:
    """Read what was measured last."""
    found: Drift = json.loads(read_meta(db, DRIFT) or "{}")
    return found


def _drift(db: Connection, bundle: Bundle) -> Drift:
    rows = list(_rows(db, bundle)) if bundle.seen else []
    moments = [row["moment"] for row in rows]
    many = {moment for moment, count in Counter(moments).items() if count >= LEAST}
    some = [row for row in rows if row["moment"] in many]
    if bundle.seen is None or not some:
        return {}
    matrix = np.array([bundle.encoding.row(row) for row in some])
    found: Drift = {moment: {} for moment in sorted(many)}
    told = bundle.seen.drift(bundle.encoding, matrix, [row["moment"] for row in some])
    for (moment, feature), index in told.items():
        found[moment][feature] = round(index, 4)
    return found


def _rows(db: Connection, bundle: Bundle) -> Iterator[dict[str, Any]]:
    """Read the features of scores, of contacts such as it was trained on."""
    scorer = Scorer({"repeated": bundle}, Figures.none(), NextIssues({}, {}))
    names, policy = scorer.names, scorer.policy
    wanted = (
        select(decisions.c.features)
        .where(decisions.c.scored_at >= micros(now()) - WITHIN)
        .order_by(decisions.c.seq.desc())
        .limit(MOST)
    )
    for features in db.execute(wanted).scalars():
        values = orjson.loads(features)
        if len(values) != len(names):  # of a model with other features
            continue
        row = dict(zip(names, values, strict=True))
        judged = row["channel"] in policy.for_program(row["program"]).index_channels
        if judged and not row["repeated_already"]:  # others are not learnt from
            yield row
