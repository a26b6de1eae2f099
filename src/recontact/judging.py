"""What models make of a contact's features: outcomes, reasons in words, and what comes next."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from recontact.features.shapes import Floats, Ints
from recontact.features.words import Themes
from recontact.model.bundle import Bundle
from recontact.next_issues import NextIssues
from recontact.probes import Probes

Row = Mapping[str, Any]
SPOKEN = {"repeated": "the customer has already been in touch again about this",
          "escalation": "it has already been escalated"}  # fmt: skip


class Judge:
    """Both models, and what is asked about the issues that may come next.

    Parameters
    ----------
    bundles : mapping of str to Bundle
        By target, of one policy.
    next_issues : NextIssues
        What followed what: for a model of repeats that knows nothing of next issues itself.
    probes : Probes
        What to ask about each reason.
    """

    def __init__(
        self, bundles: Mapping[str, Bundle], next_issues: NextIssues, probes: Probes
    ) -> None:
        self.bundles = bundles
        self.next_issues = next_issues
        self.probes = probes

    def tell(self, row: Row, explain: str) -> dict[str, Any]:
        """Give outcomes, reasons and next issues.

        Parameters
        ----------
        row : mapping
            Moment, instant and features of a contact.
        explain : {"auto", "always", "never"}
            Whether to give reasons: `auto` gives them from the band `medium` up.
        """
        if row["moment"] not in next(iter(self.bundles.values())).moments:
            row = {**row, "moment": "start"}
        outcomes, told = self._judge(row, explain)
        following = self._next(row, outcomes["repeated"]["probability"])
        return {**outcomes, "reasons": told, "next_issues": following}

    def _judge(self, row: Row, explain: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        outcomes: dict[str, Any] = {}
        told: list[dict[str, Any]] = []
        encoding, matrix = None, np.empty((0, 0))
        for target, bundle in self.bundles.items():
            if bundle.encoding is not encoding and bundle.encoding != encoding:
                encoding, matrix = bundle.encoding, bundle.encoding.row(row)[None, :]
            already = row[f"{target}_already"]
            chance = 1.0 if already else bundle.predict_encoded(matrix, row["moment"])
            band = bundle.cuts.band(chance, already=already)
            outcomes[target] = {"probability": chance, "band": band}
            if explain == "always" or (explain == "auto" and band != "low"):
                told += self._reasons(target, row, matrix)
        return outcomes, told

    def _reasons(self, target: str, row: Row, matrix: Floats) -> list[dict[str, Any]]:
        fact = f"{target}_already"
        if row[fact]:
            return [{"outcome": target, "feature": fact, "value": True, "effect": None,
                     "text": SPOKEN[target]}]  # fmt: skip
        places, themes = self._themes[target]
        effects = self.bundles[target].contributions_rows(matrix)[0]
        return themes.reasons(target, row, effects[places])

    @cached_property
    def _themes(self) -> dict[str, tuple[Ints, Themes]]:
        """By target where the features stand that can be a reason, and their themes."""
        found = {}
        for target, bundle in self.bundles.items():
            names = bundle.encoding.features
            places = [k for k, name in enumerate(names) if name != "moment"]
            found[target] = (np.array(places, dtype=np.int64), Themes([names[k] for k in places]))
        return found

    def _next(self, row: Row, chance: float) -> list[dict[str, Any]]:
        model = self.bundles["repeated"].next_issues
        if model is None:
            found = self.next_issues.probable(row["reason"])
        else:
            found = [issue._asdict() for issue in model.probable(row, chance)]
        return [{**issue, "probe": self.probes.question(issue["reason"])} for issue in found]
