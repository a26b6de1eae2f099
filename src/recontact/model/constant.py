"""The model where there is nothing to learn from: the base rate, said to be no more than that."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.features.declared import Feature
from recontact.features.moments import MOMENTS, WRAPUP_DELAY_S
from recontact.model.bundle import Bundle
from recontact.model.calibration import Calibrator, Cuts
from recontact.model.encoding import Encoding
from recontact.model.engine import lightgbm, versions
from recontact.policy import Policy

NEVER = 1.0  # no probability reaches it: the band is low, since nothing sets a contact apart


def base_rate(
    rows: pa.Table,
    target: str,
    policy: Policy,
    why: str,
    *,
    known_from: Mapping[str, str] | None = None,
    wrapup_delay_s: float = WRAPUP_DELAY_S,
    yours: Sequence[Feature] = (),
    facts: Mapping[str, Any] | None = None,
) -> Bundle:
    """Make the model that gives every contact the same probability.

    It is the share of the contacts with the outcome, half a contact with it and half a one
    without added (Krichevsky and Trofimov, 1981), so that it is never 0 or 1. The band is low,
    there are no reasons, and `facts["constant"]` says why nothing was learnt.

    Parameters
    ----------
    rows : pyarrow.Table
        Training rows whose outcome has settled and was not known already
        (`recontact.model.fitting.judged`).
    target : str
        The outcome, a column of `rows`.
    policy : Policy
        The policy of the labels.
    why : str
        Why nothing was learnt; told wherever the model is.
    known_from, wrapup_delay_s, yours, facts
        As for `recontact.model.fitting.fit`.
    """
    of = len(pc.unique(rows["contact_id"]))
    cases = len(pc.unique(rows.filter(rows[target])["contact_id"]))
    rate = (cases + 0.5) / (of + 1)
    odds = float(np.log(rate / (1 - rate)))
    same = Calibrator((-1.0, 1.0), (odds, odds))
    return Bundle(
        target=target,
        model=_lone_leaf(),
        encoding=Encoding(("moment",), {"moment": MOMENTS}),
        calibrators=dict.fromkeys(MOMENTS, same),
        cuts=Cuts(NEVER, NEVER),
        policy=policy.text(),
        policy_digest=policy.digest,
        known_from=dict(known_from or {}),
        wrapup_delay_s=wrapup_delay_s,
        yours=tuple(yours),
        facts={
            **dict(facts or {}),
            "constant": why,
            "params": {},
            "seed": 0,
            "trees": 1,
            "training_rows": len(rows),
            "training_positives": int(pc.sum(rows[target]).as_py() or 0),
            "validation_rows": 0,
            "versions": versions(),
        },
    )


def _lone_leaf() -> str:
    """Give LightGBM's text of a tree that never splits, so that all that reads models reads it."""
    engine = lightgbm()
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "deterministic": True}
    data = engine.Dataset(np.zeros((2, 1)), np.array([0.0, 1.0]), feature_name=["moment"])
    return str(engine.train(settings, data, 1).model_to_string())
