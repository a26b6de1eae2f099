"""Learn what next contacts are about: tables from earlier rows, their weights from later ones."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.model.calibration import Floats
from recontact.model.next_reasons import (
    COUNTED,
    HISTORIES,
    NEAR_ONE,
    SOURCES,
    TABLES,
    NextReasons,
    Row,
    general_of,
    kind,
)

Flags = npt.NDArray[np.bool_]
NEEDED = ("reason", "program", "last_reason", "since_last_s", *COUNTED)
KEPT = {"after_own": 50, "after_general": 200, "program": 200, "after_last": 50}  # of each row
KEPT_ALL = 2_000
KINDS = 4  # by how much of what comes next is related
ROUNDS = 60
TO_COMMON = 20.0  # next contacts by which the weights of a kind are drawn to the common ones
MOST_ROWS = 60_000
MIN_NEXT = 30
MIN_OF_KEY = 2  # next contacts; a rarer reason is left to its general one
Pair = tuple[str | None, str | None, str, str | None]  # own, last, program, next


class Next(NamedTuple):
    """What came next after some contacts, whose window has passed.

    Attributes
    ----------
    rows : pyarrow.Table
        Their dataset rows.
    came : numpy.ndarray of bool
        A next contact came within the window.
    reason : sequence of str or None
        What it was about.
    """

    rows: pa.Table
    came: Flags
    reason: Sequence[str | None]


def learn_next_reasons(
    earlier: Next, later: Next, chance: Floats, related: Flags
) -> NextReasons | None:
    """Learn what the next contacts are about.

    Parameters
    ----------
    earlier : Next
        Rows that the tables are counted of at first, one a contact.
    later : Next
        Rows that tell how much each table says; in the end they are counted, too.
    chance : numpy.ndarray of float64
        Calibrated probability of a related contact for the later rows, by trees that have not
        seen them.
    related : numpy.ndarray of bool
        Whether one came, for the later rows.

    Returns
    -------
    NextReasons or None
        None where fewer than 30 later rows were followed by a contact.
    """
    plain = [later.rows[name].to_pylist() for name in NEEDED]
    rows = [dict(zip(NEEDED, values, strict=True)) for values in zip(*plain, strict=True)]
    chosen = np.flatnonzero(later.came)
    chosen = chosen[:: max(1, -(-len(chosen) // MOST_ROWS))]
    if len(chosen) < MIN_NEXT:
        return None
    other = _other(rows, chance, related, later.came)
    counted = _tables(_pairs(earlier))
    draft = NextReasons(**counted, cuts=(), weights=((1.0,) * len(SOURCES),), other=other)
    totals = [draft.any_chance(rows[i], float(chance[i])) for i in chosen]
    share = chance[chosen] / np.maximum(totals, NEAR_ONE)
    cuts = tuple(np.round(np.quantile(share, np.arange(1, KINDS) / KINDS), 6).tolist())
    kinds = np.array([kind(rows[i], float(s), cuts) for i, s in zip(chosen, share, strict=True)])
    fits = _fits(draft, [(rows[i], later.reason[i]) for i in chosen.tolist()])
    both = _tables([*_pairs(earlier), *_pairs(_last_moment(later))])
    return NextReasons(**both, cuts=cuts, weights=_weights(fits, kinds), other=other)


def _pairs(found: Next) -> list[Pair]:
    """Give own reason, last reason, program and next reason, where there was a next contact."""
    rows = found.rows
    columns = [rows[name].to_pylist() for name in ("reason", "last_reason", "program")]
    return [
        (own, last, program or "", following)
        for own, last, program, following, came in zip(
            *columns, found.reason, found.came, strict=True
        )
        if came
    ]


def _last_moment(found: Next) -> Next:
    """Keep one row a contact: that of the last moment, which knows most."""
    moments = found.rows["moment"]
    kept = np.asarray(moments.to_numpy(zero_copy_only=False)) == moments[-1].as_py()
    reasons = [reason for reason, keep in zip(found.reason, kept, strict=True) if keep]
    return Next(found.rows.filter(pa.array(kept)), found.came[kept], reasons)


def _tables(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Count what followed; the unknown is in the sizes only, so that no reason has its share."""
    counts: dict[str, dict[str, Counter[str | None]]] = {name: {} for name in TABLES}
    every: Counter[str | None] = Counter()
    for own, last, program, following in pairs:
        every[following] += 1
        keys = (own, general_of(own), program, last)
        for name, key in zip(TABLES, keys, strict=True):
            if key is not None:
                counts[name].setdefault(key, Counter())[following] += 1
    once = sum(count == 1 for count in every.values())  # as many come that were never seen
    of = max(every.total() + once, 1)
    kept = {
        name: {key: found for key, found in sorted(table.items()) if found.total() >= MIN_OF_KEY}
        for name, table in counts.items()
    }
    return {
        "base": {reason: round(n / of, 9) for reason, n in _most(every, KEPT_ALL).items()},
        **{n: {k: _most(found, KEPT[n]) for k, found in t.items()} for n, t in kept.items()},
        "sizes": {n: {k: _size(found, KEPT[n]) for k, found in t.items()} for n, t in kept.items()},
    }


def _size(found: Counter[str | None], most: int) -> int:
    """Count the next contacts of a row: the kept reasons and the unknown."""
    return sum(_most(found, most).values()) + found[None]


def _most(found: Counter[str | None], most: int) -> dict[str, int]:
    known = [(reason, count) for reason, count in found.items() if reason is not None]
    return dict(sorted(known, key=lambda one: (-one[1], one[0]))[:most])


def _fits(draft: NextReasons, found: Sequence[tuple[Row, str | None]]) -> Floats:
    """Give the share that each source gave to the reason that came, to any other where unknown."""
    fits = np.empty((len(found), len(SOURCES)))
    known = sum(draft.base.values())
    for i, (row, reason) in enumerate(found):
        for k, source in enumerate(draft.sources(row)):
            if reason is None:
                all_known = sum(part * sum(counts.values()) for part, counts in source.parts)
                fits[i, k] = max(1.0 - all_known - source.left * known, 0.0)
            else:
                fits[i, k] = draft.share(reason, source)
    return fits


def _weights(fits: Floats, kinds: npt.NDArray[np.int64]) -> tuple[tuple[float, ...], ...]:
    """Find the weights under which what came is likeliest, those of few rows near the common.

    Notes
    -----
    Expectation and maximisation in turn (Dempster, Laird and Rubin 1977, "Maximum likelihood from
    incomplete data via the EM algorithm").
    """
    seen = fits.sum(axis=1) > 0
    fits, kinds = fits[seen], kinds[seen]
    number = HISTORIES * KINDS
    weights = np.full((number, len(SOURCES)), 1 / len(SOURCES))
    for _ in range(ROUNDS):
        shares = fits * weights[kinds]
        shares /= shares.sum(axis=1, keepdims=True)
        common = shares.mean(axis=0)
        sums = np.zeros_like(weights)
        np.add.at(sums, kinds, shares)
        weights = sums + TO_COMMON * common
        weights /= weights.sum(axis=1, keepdims=True)
    return tuple(tuple(np.round(row, 6).tolist()) for row in weights)


def _other(rows: Sequence[Row], chance: Floats, related: Flags, came: Flags) -> tuple[float, ...]:
    """Learn how probable another contact is where no related one comes; empty where none is."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - scoring needs no sklearn

    alone = np.flatnonzero(~related)
    alone = alone[:: max(1, -(-len(alone) // MOST_ROWS))]
    outcome = came[alone]
    if outcome.sum() < MIN_NEXT or outcome.all():
        return ()
    sure = np.clip(chance[alone], NEAR_ONE, 1 - NEAR_ONE)
    counts = np.array([[rows[i][name] or 0.0 for name in COUNTED] for i in alone.tolist()])
    columns = np.column_stack([np.log(sure / (1 - sure)), np.log1p(counts)])
    line = LogisticRegression(C=1.0).fit(columns, outcome)
    return tuple(np.round([line.intercept_[0], *line.coef_[0]], 6).tolist())
