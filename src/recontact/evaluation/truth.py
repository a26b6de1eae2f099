"""How near a model comes to what can be known at all, where the truth is known (simulated)."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.evaluation.metrics import Floats, roc_auc
from recontact.labels.table import label
from recontact.policy import Policy


def beside_ceiling(
    rows: pa.Table, scores: Floats, truth: pa.Table, target: str
) -> dict[str, dict[str, Any]]:
    """Give a model's ROC AUC beside that of the true chances on the same rows, by moment.

    Parameters
    ----------
    rows : pyarrow.Table
        Judged rows: `contact_id`, `moment` and the target.
    scores : numpy.ndarray of float64
        The model's probabilities for them.
    truth : pyarrow.Table
        `truth/probabilities.parquet` of the simulator; rows that it lacks are left out.
    target : {"repeated", "escalation"}
        The outcome.

    Returns
    -------
    dict of str to dict
        By moment: `rows`, `roc_auc`, `ceiling` and `share`, how much of the way from a coin
        (0.5) to the ceiling the model has gone.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> rows = pa.table({"contact_id": ["1", "2"], "moment": ["start"] * 2,
    ...                  "repeated": [False, True]})
    >>> truth = rows.append_column("repeated_probability", pa.array([0.1, 0.7]))
    >>> beside_ceiling(rows, np.array([0.2, 0.3]), truth, "repeated")["start"]["share"]
    1.0
    """
    column = f"{target}_probability"
    keys = ["contact_id", "moment"]
    left = rows.select([*keys, target]).append_column("score", pa.array(scores))
    joined = left.join(truth.select([*keys, column]), keys, join_type="inner")
    moments = np.asarray(joined["moment"].to_numpy(zero_copy_only=False), dtype=object)
    numbers = [
        np.asarray(joined[name].cast(pa.float64()).to_numpy(), dtype=np.float64)
        for name in (target, "score", column)
    ]
    return {
        moment: _beside(*(values[moments == moment] for values in numbers))
        for moment in sorted(set(moments.tolist()))
    }


def _beside(outcome: Floats, score: Floats, chance: Floats) -> dict[str, Any]:
    ours, ceiling = roc_auc(outcome, score), roc_auc(outcome, chance)
    share = None
    if ours is not None and ceiling is not None and ceiling > 0.5:
        share = (ours - 0.5) / (ceiling - 0.5)
    return {"rows": len(outcome), "roc_auc": ours, "ceiling": ceiling, "share": share}


def links(contacts: pa.Table, issues: pa.Table, policy: Policy) -> dict[str, Any]:
    """Tell how well a policy finds the next contact about the same true issue.

    Looked at are all contacts that may be judged where any contact is related; the policy's own
    exclusions, such as an unknown reason, are contacts whose link it does not find.

    Parameters
    ----------
    contacts : pyarrow.Table
        Simulated contacts.
    issues : pyarrow.Table
        `truth/issues.parquet` of the simulator: `contact_id` and `issue_id`.
    policy : Policy
        How contacts are related, and within which window.

    Returns
    -------
    dict
        `judged`: the share of these contacts that the policy judges; `true_rate`: the share that
        an issue really brought back; `precision` and `recall` of its repeats; `linked`: of the true
        repeats, the share whose next contact it names.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, d) for d in (3, 4, 5, 28)]
    >>> c = canonical(pa.table({"contact_id": ["1", "2", "3", "4"], "customer_id": ["x"] * 4,
    ...                         "started_at": t, "ended_at": t, "reason": ["a", "b", "a", "a"]}))
    >>> issues = pa.table({"contact_id": ["1", "2", "3", "4"], "issue_id": ["i", "j", "i", "k"]})
    >>> found = links(c, issues, Policy.parse({"related_by": "any"}))
    >>> found["precision"], found["recall"], found["linked"]
    (0.5, 1.0, 0.0)
    """
    plain = replace(policy, window_by_reason={}, by_program={})
    place = pc.index_in(contacts["contact_id"], issues["contact_id"].combine_chunks())
    named = pc.fill_null(issues["issue_id"].take(place), "")
    at = contacts.column_names.index("reason")
    true = label(
        contacts.set_column(at, "reason", named.cast(pa.string())),
        replace(plain, related_by="reason", reason_level=None),
    )
    wide, own = label(contacts, replace(plain, related_by="any")), label(contacts, policy)
    kept = pc.and_(wide["eligible"], wide["matured"])
    came, said = (_flags(table["repeated"].filter(kept)) for table in (true, own))
    pairs = [table["next_contact_id"].filter(kept) for table in (true, own)]
    same = _flags(pc.equal(*pairs)) & said
    return {
        "judged": float(_flags(own["eligible"].filter(kept)).mean()),
        "true_rate": float(came.mean()),
        "precision": _share(came & said, said),
        "recall": _share(came & said, came),
        "linked": _share(came & same, came),
    }


def _flags(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(column, fill_value=False).to_numpy(), dtype=bool)


def _share(part: npt.NDArray[np.bool_], whole: npt.NDArray[np.bool_]) -> float | None:
    return float(part.sum() / whole.sum()) if whole.any() else None
