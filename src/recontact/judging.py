"""What models make of a contact's features: outcomes, reasons in words, and what comes next."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from recontact.features.declared import FEATURES
from recontact.features.measures import known_since
from recontact.features.moments import KNOWN_FROM, MOMENTS
from recontact.features.shapes import Floats, Ints
from recontact.features.words import Themes
from recontact.model.bundle import Bundle
from recontact.model.encoding import Encoding
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

    def tell(self, rows: Sequence[Row], explain: Sequence[str]) -> list[dict[str, Any]]:
        """Give outcomes, reasons and next issues of contacts.

        Parameters
        ----------
        rows : sequence of mapping
            Moment, instant and features of each.
        explain : sequence of {"auto", "always", "never"}
            Whether to give reasons of each: `auto` gives them from the band `medium` up.
        """
        moments = next(iter(self.bundles.values())).moments
        rows = [row if row["moment"] in moments else {**row, "moment": "start"} for row in rows]
        outcomes: list[dict[str, Any]] = [{} for _ in rows]
        reasons: list[list[dict[str, Any]]] = [[] for _ in rows]
        for target, matrix in self._matrices(rows):
            found = self._outcomes(target, rows, matrix)
            for one, outcome in zip(outcomes, found, strict=True):
                one[target] = outcome
            wanted = [
                k
                for k, outcome in enumerate(found)
                if explain[k] == "always" or (explain[k] == "auto" and outcome["band"] != "low")
            ]
            for k, told in zip(wanted, self._reasons(target, rows, matrix, wanted), strict=True):
                reasons[k] += told
        return [
            {**one, "reasons": told, "next_issues": self._next(row, one["repeated"]["probability"])}
            for row, one, told in zip(rows, outcomes, reasons, strict=True)
        ]

    def _matrices(self, rows: Sequence[Row]) -> Iterator[tuple[str, Floats]]:
        """Give by target the encoded rows; models of one encoding share them."""
        made: dict[int, Floats] = {}
        for target, encoding in self._encodings.items():
            if id(encoding) not in made:
                made[id(encoding)] = encoding.rows(rows)
            yield target, made[id(encoding)]

    @cached_property
    def _encodings(self) -> dict[str, Encoding]:
        """Give the encoding of each target, of equal ones the same."""
        there: list[Encoding] = []
        for bundle in self.bundles.values():
            if bundle.encoding not in there:
                there.append(bundle.encoding)
        return {
            target: there[there.index(bundle.encoding)] for target, bundle in self.bundles.items()
        }

    def _outcomes(self, target: str, rows: Sequence[Row], matrix: Floats) -> list[dict[str, Any]]:
        bundle, fact = self.bundles[target], f"{target}_already"
        found = []
        for row, raw in zip(rows, bundle.explainer.raw(matrix).tolist(), strict=True):
            chance = 1.0 if row[fact] else bundle.calibrator(row["moment"]).one(raw)
            band = bundle.cuts.band(chance, already=row[fact])
            found.append({"probability": chance, "band": band})
        return found

    def _reasons(
        self, target: str, rows: Sequence[Row], matrix: Floats, wanted: Sequence[int]
    ) -> list[list[dict[str, Any]]]:
        fact = f"{target}_already"
        open_ = [k for k in wanted if not rows[k][fact]]
        found = {}
        if open_:
            places, themes = self._themes[target]
            effects = self.bundles[target].contributions_rows(matrix[open_])[:, places]
            for k, own in zip(open_, effects, strict=True):
                own[self._unknown_yet(target, rows[k])] = 0.0
                found[k] = themes.reasons(target, rows[k], own)
        known = [{"outcome": target, "feature": fact, "value": True, "effect": None,
                  "text": SPOKEN[target]}]  # fmt: skip
        return [found.get(k, known) for k in wanted]

    def _unknown_yet(self, target: str, row: Row) -> list[int]:
        """Tell what lacks a value only for the moment's sake, which is no reason for a risk."""
        later = self._later[target][row["moment"]]
        return [place for place, name in later if row[name] is None]

    @cached_property
    def _later(self) -> dict[str, dict[str, list[tuple[int, str]]]]:
        """By target and moment the features, and their places, that are known only later."""
        found = {}
        for target, bundle in self.bundles.items():
            names, known = self._themes[target][1].names, KNOWN_FROM | bundle.known_from
            features = (*FEATURES, *bundle.yours)
            since = {one.name: MOMENTS.index(known_since(one.measure, known)) for one in features}
            found[target] = {
                moment: [(k, n) for k, n in enumerate(names) if since.get(n, 0) > at]
                for at, moment in enumerate(MOMENTS)
            }
        return found

    @cached_property
    def _themes(self) -> dict[str, tuple[Ints, Themes]]:
        """By target where the features stand that can be a reason, and their themes."""
        found = {}
        for target, bundle in self.bundles.items():
            names = bundle.encoding.features
            places = [k for k, name in enumerate(names) if name != "moment"]
            meanings = {feature.name: feature.meaning for feature in bundle.yours}
            themes = Themes([names[k] for k in places], meanings)
            found[target] = (np.array(places, dtype=np.int64), themes)
        return found

    def _next(self, row: Row, chance: float) -> list[dict[str, Any]]:
        model = self.bundles["repeated"].next_issues
        if model is None:
            found = self.next_issues.probable(row["reason"])
        else:
            found = [issue._asdict() for issue in model.probable(row, chance)]
        return [{**issue, "probe": self.probes.question(issue["reason"])} for issue in found]
