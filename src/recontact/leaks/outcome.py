"""What deleting the future can't show: a column, said to be known, that tells what will come."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.evaluation.alone import auc_alone
from recontact.features.table import feature_columns
from recontact.history import customers
from recontact.leaks.found import PLANTED, Check, Telling, refuse_blind
from recontact.leaks.world import Asked, World
from recontact.model.bundle import TARGETS

Flags = npt.NDArray[np.bool_]
TOO_WELL = {"start": 0.9, "live": 0.9, "wrapup": 0.95}  # docs/leaks.md says why
ENOUGH = 30  # contacts with the outcome, and without it, before anything is said
MOST = 20_000  # judged contacts that are looked at
SURE = 2.0  # standard errors that a figure is lowered by


def outcome(
    world: World, all_asked: list[Asked], allow: Collection[str], draw: np.random.Generator
) -> Check:
    """Tell which feature alone tells an outcome too well to have been known.

    Each feature is taken alone (`recontact.evaluation.alone`), over the judged contacts whose
    outcome was not known yet, customers kept together.

    Parameters
    ----------
    world : World
        With the planted columns that tell the outcomes (`with_outcomes`).
    all_asked : list of Asked
        Its features by moment.
    allow : collection of str
        Features that may: what is found of them is left out.
    draw : numpy.random.Generator
        Draws contacts where there are more than needed.

    Raises
    ------
    BlindFirewallError
        A planted column that tells the outcome was not found.
    """
    found: list[Telling] = []
    looked: list[Telling] = []
    for one in all_asked:
        for target in TARGETS:
            some = _alone(world, one, target, draw)
            over = [t for t in some if lowered(t) >= TOO_WELL[t.moment]]
            if some:
                refuse_blind({PLANTED + target} - {t.feature for t in over})
            found += over
            looked += some
    honest = [t for t in looked if not t.feature.startswith(PLANTED) and t.feature not in allow]
    leaks = [t for t in honest if t in found]
    planted = sorted({t.feature for t in found} & {PLANTED + target for target in TARGETS})
    checked = {"measured": len(honest), "enough": ENOUGH, "too_well": TOO_WELL}
    return Check("outcome", _words(honest), checked, leaks, planted)


def _words(honest: list[Telling]) -> str:
    if not honest:
        return (
            f"too little to say: it takes {ENOUGH} contacts with an outcome, and {ENOUGH} without"
        )
    best = max(honest, key=lambda t: t.auc)
    names = len({t.feature for t in honest})
    return (
        f"{names} features, each alone against what came; "
        f"the best is {best.feature} at {best.moment} for {best.target}, AUC {best.auc:.2f}"
    )


def lowered(told: Telling) -> float:
    """Lower an AUC by two standard errors (Hanley and McNeil, 1982).

    Examples
    --------
    >>> round(lowered(Telling("x", "start", "repeated", 0.93, 100, 30)), 2)
    0.86
    """
    auc, yes, no = told.auc, told.positives, told.contacts - told.positives
    both = auc / (2 - auc) - auc**2, 2 * auc**2 / (1 + auc) - auc**2
    variance = (auc * (1 - auc) + (yes - 1) * both[0] + (no - 1) * both[1]) / (yes * no)
    return float(auc - SURE * np.sqrt(max(variance, 0.0)))


def _alone(world: World, one: Asked, target: str, draw: np.random.Generator) -> list[Telling]:
    """Measure each feature alone; nothing where an outcome is too rare."""
    chosen = _judged(world, one, target, draw)
    rows = one.rows[chosen]
    hits = np.asarray(world.labels[target].take(pa.array(rows)).to_numpy(), dtype=bool)
    positives = int(hits.sum())
    if min(positives, len(hits) - positives) < ENOUGH:
        return []
    table = one.table.take(pa.array(chosen))
    second = customers(world.source.contacts)[rows] % 2 == 1
    told = Telling("", one.moment, target, 0.5, len(hits), positives)
    return [
        replace(told, feature=name, auc=auc_alone(table[name], hits, second))
        for name in feature_columns(table)
    ]


def _judged(
    world: World, one: Asked, target: str, draw: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Give the places of the judged contacts whose outcome was not known; at most so many."""
    valid = np.asarray(world.labels[target].is_valid())[one.rows]
    already = np.asarray(pc.fill_null(one.table[f"{target}_already"], fill_value=False))
    judged = np.flatnonzero(valid & ~already)
    return np.sort(draw.choice(judged, min(MOST, len(judged)), replace=False))
