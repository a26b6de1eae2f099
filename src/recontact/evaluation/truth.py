"""How near a model comes to what can be known at all, where the truth is known (simulated)."""

from typing import Any

import numpy as np
import pyarrow as pa

from recontact.evaluation.metrics import Floats, roc_auc


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
