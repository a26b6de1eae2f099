"""Repeats of real ServiceNow incidents beside AutoML that gets the raw columns of the start.

`tests/bench/automl.py` makes the environment, gives the time, and says the figures.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import instants
from recontact.evaluation.figures import HISTORIES, OURS, find
from recontact.model.calibration import Floats
from recontact.model.fitting import judged
from recontact_pipelines.campaigns.servicenow import halves, measure

AUTOML = "automl"
TARGET = "repeated"
RAW = (
    *("customer_id", "channel", "queue", "location", "opened_by"),
    *("impact", "urgency", "priority", "knowledge"),
)
LEVELS = ("category", "subcategory", "symptom")


class Raw(NamedTuple):
    """What AutoML gets: the columns that an incident arrives with, and `outcome`."""

    train: pa.Table
    test: pa.Table


def raw(contacts: pa.Table, window: str) -> Raw:
    """Give the raw columns of the campaign's own rows: no history, no rates, no loads.

    Parameters
    ----------
    contacts : pyarrow.Table
        The imported incidents.
    window : str
        Of the policy.

    Returns
    -------
    Raw
        Training rows in the order of time, test rows in the campaign's order.
    """
    _, train, test = halves(contacts, window)
    train, test = judged(train, TARGET), judged(test, TARGET)
    order = pa.array(np.argsort(instants(train["started_at"]), kind="stable"))
    return Raw(_columns(contacts, train.take(order)), _columns(contacts, test))


def _columns(contacts: pa.Table, rows: pa.Table) -> pa.Table:
    place = pc.index_in(rows["contact_id"], value_set=contacts["contact_id"].combine_chunks())
    own = contacts.take(place)
    columns = {name: own[name] for name in RAW}
    said = [(text or "").split(" > ") for text in own["reason"].to_pylist()]
    for level, name in enumerate(LEVELS):
        texts = [levels[level] if level < len(levels) else None for levels in said]
        columns[name] = pa.array(texts, pa.string())
    columns["opened_at"] = own["started_at"].cast(pa.timestamp("us"))
    return pa.table({**columns, "outcome": rows[TARGET]})


def beside(contacts: pa.Table, window: str, scores: Floats) -> list[dict[str, Any]]:
    """Give the campaign's figures with AutoML's scores of the test rows among the models."""
    return measure(contacts, window, others={AUTOML: scores})


def words(table: list[dict[str, Any]], found: Mapping[str, Any], window: str) -> str:
    """Write the figures as a Markdown table, and what AutoML chose."""
    lines = [
        f"{window}: {found['learner']} after {found['best_found_after_s']:,} of "
        f"{found['seconds']:,} s, {found['processor_s']:,} s of the processor; "
        + ", ".join(f"{name} {number}" for name, number in found["versions"].items()),
        "",
        "| contacts | rows | cases | ours | AutoML on raw columns | ahead by |",
        "|---|---:|---:|---|---|---|",
    ]
    for history, name in HISTORIES.items():
        ours, other = (find(table, history=history, model=m) for m in (OURS, AUTOML))
        lead = ours["ahead"][AUTOML]["roc_auc"]
        lines.append(
            f"| {name} | {ours['rows']:,} | {ours['positives']:,} "
            f"| {ours['roc_auc']:.3f} / {ours['average_precision']:.3f} "
            f"| {other['roc_auc']:.3f} / {other['average_precision']:.3f} "
            f"| {lead['difference']:+.3f} ({lead['low']:+.3f} to {lead['high']:+.3f}) |"
        )
    return "\n".join(lines)
