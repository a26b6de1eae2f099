"""Reasons for a score in plain words: what raised the risk, grouped so that each says one thing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recontact.features.phrases import readable
from recontact.features.shapes import Floats
from recontact.features.themes import THEMES, Row, Words


def reasons(
    outcome: str, row: Row, effects: Mapping[str, float], most: int = 3
) -> list[dict[str, Any]]:
    """Give the strongest reasons that raise a risk.

    Parameters
    ----------
    outcome : str
        `repeated` or `escalation`.
    row : mapping
        Feature values; None where unknown.
    effects : mapping of str to float
        What each feature adds to the log-odds.
    most : int
        How many reasons at most.

    Returns
    -------
    list of dict
        `outcome`, `feature` (the strongest of its theme), `value`, `effect` (log-odds of the
        whole theme) and `text`, strongest first; none that lowers the risk.

    Examples
    --------
    >>> row = {"hold_s": 240.0, "hold_count": 1.0, "weekday": 0.0}
    >>> (told,) = reasons("repeated", row, {"hold_s": 0.5, "hold_count": 0.1, "weekday": -0.2})
    >>> told["feature"], told["value"], told["effect"], told["text"]
    ('hold_s', 240.0, 0.6, 'on hold for 4 min')
    """
    themes = Themes(tuple(name for name in effects if name in row))
    values = np.array([effects[name] for name in themes.names])
    return themes.reasons(outcome, row, values, most)


class Themes:
    """The themes that the features of a model belong to.

    Parameters
    ----------
    names : sequence of str
        The features, in the order in which their effects will come.
    meanings : mapping of str to str, optional
        What those say that a user has declared.

    Examples
    --------
    >>> own = Themes(["late_7d"], {"late_7d": "late parcels in 7 days"})
    >>> own.reasons("repeated", {"late_7d": 2.0}, np.array([0.3]))[0]["text"]
    'late parcels in 7 days: 2'
    """

    def __init__(self, names: Sequence[str], meanings: Mapping[str, str] | None = None) -> None:
        meanings = meanings or {}
        self.names = tuple(names)
        place = {name: k for k, name in enumerate(self.names)}
        words = {name: words for theme in THEMES for name, words in theme.items()}
        own = [[k] for k, name in enumerate(self.names) if name not in words]
        found = [[place[name] for name in theme if name in place] for theme in THEMES]
        self._themes = [places for places in found if places] + own
        self._words = [words.get(name) or _extra(name, meanings.get(name)) for name in self.names]
        self._order = np.array([k for places in self._themes for k in places], dtype=np.int64)
        sizes = [len(places) for places in self._themes]
        self._starts = np.cumsum([0, *sizes[:-1]])

    def reasons(
        self, outcome: str, row: Row, effects: Floats, most: int = 3
    ) -> list[dict[str, Any]]:
        """Give the strongest reasons that raise a risk, as `reasons` does.

        Parameters
        ----------
        outcome, row, most
            As for `reasons`.
        effects : numpy.ndarray of float64
            What each of `names` adds to the log-odds.
        """
        sums = np.add.reduceat(effects[self._order], self._starts) if self._themes else effects
        found = []
        for theme in np.argsort(-sums, kind="stable")[:most].tolist():
            if sums[theme] <= 0:
                break
            place = max(self._themes[theme], key=effects.__getitem__)
            name = self.names[place]
            found.append(
                {
                    "outcome": outcome,
                    "feature": name,
                    "value": row[name],
                    "effect": round(float(sums[theme]), 6),
                    "text": self._words[place](row),
                }
            )
        return found


def _extra(name: str, meaning: str | None) -> Words:
    label = meaning or name.replace("_", " ")

    def words(row: Row) -> str:
        value = row[name]
        if value is None:
            return f"{label} not known"
        return f"{label}: {readable(value) if isinstance(value, str) else f'{value:g}'}"

    return words
