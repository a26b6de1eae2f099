"""Score one live contact: the batch's own features on one customer's few contacts."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from recontact.contacts import SCHEMA
from recontact.features.kernel import Floats, Seen
from recontact.features.known import extras
from recontact.features.moments import SO_FAR
from recontact.features.rates import Rates
from recontact.features.table import Source, assemble, see
from recontact.features.words import reasons
from recontact.model.bundle import Bundle
from recontact.next_issues import NextIssues
from recontact.policy import Policy

Contact = Mapping[str, Any]
NOT_YET = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)  # stands for an end or a record still to come
SPOKEN = {"repeated": "the customer has already been in touch again about this",
          "escalation": "it has already been escalated"}  # fmt: skip


class Scorer:
    """Both models with what they need to score a live contact.

    Parameters
    ----------
    bundles : mapping of str to Bundle
        The models of `repeated` and `escalation`, of one policy.
    rates : Rates
        Cumulated labels of agents, queues and reasons.
    next_issues : NextIssues
        What followed what.
    """

    def __init__(
        self, bundles: Mapping[str, Bundle], rates: Rates, next_issues: NextIssues
    ) -> None:
        self.bundles = dict(bundles)
        self.rates = rates
        self.next_issues = next_issues

    @cached_property
    def policy(self) -> Policy:
        """The policy that the models were trained under."""
        return Policy.from_text(self._first.policy)

    @property
    def _first(self) -> Bundle:
        return next(iter(self.bundles.values()))

    def score(
        self,
        contact: Contact,
        history: Sequence[Contact],
        *,
        moment: str,
        at: dt.datetime,
        explain: str = "auto",
    ) -> dict[str, Any]:
        """Score a contact as it stands.

        Parameters
        ----------
        contact : mapping
            The contact's columns known so far; instants are aware datetimes.
        history : sequence of mapping
            The same customer's other contacts in the same program, one version each, at most
            the 500 latest that started before the instant; `ended_at` and `known_at` are None
            for those only seen to begin.
        moment : {"start", "live", "wrapup"}
            When the score is asked for.
        at : datetime.datetime
            The instant of the request; at `wrapup`, `ended_at` where the contact has none.
        explain : {"auto", "always", "never"}
            Whether to give reasons: `auto` gives them from the band `medium` up.

        Returns
        -------
        dict
            `repeated` and `escalation` (each `probability` and `band`), `reasons`,
            `next_issues`, `history` and `degraded`.
        """
        table, seen, source = self.look(contact, history, moment=moment, at=at)
        degraded = self._degraded(table, moment)
        if moment not in self._first.moments:
            table = table.set_column(1, "moment", pa.array(["start"]))
        outcomes, told = self._judge(table, explain)
        return {
            **outcomes,
            "reasons": told,
            "next_issues": self.next_issues.probable(table["reason"][0].as_py()),
            "history": _history(source, seen, table),
            "degraded": degraded,
        }

    def look(
        self, contact: Contact, history: Sequence[Contact], *, moment: str, at: dt.datetime
    ) -> tuple[pa.Table, Seen, Source]:
        """Compute the features of a contact as it stands, one row, by the batch's own steps.

        Parameters
        ----------
        contact, history, moment, at
            As for `score`.

        Returns
        -------
        tuple
            The features table, what was seen of the history, and the contacts behind it.
        """
        source = self._source(contact, history, moment, at)
        elapsed = (at - contact["started_at"]).total_seconds()
        elapsed_s = np.full(len(source.contacts), elapsed) if moment == "live" else None
        row = np.zeros(1, dtype=np.int64)
        own = self._so_far(source.own(moment), contact, moment)
        instant = source.at(moment, elapsed_s)[row]
        seen = see(source, own, row, instant)
        table = assemble(source, own.take(pa.array(row)), seen, moment, instant, self.rates)
        return table, seen, source

    def _so_far(self, own: pa.Table, contact: Contact, moment: str) -> pa.Table:
        """Take holds and transfers at `live` from the request, where the model knows them."""
        for name in SO_FAR:
            if moment == "live" and self._first.known_from.get(name) == "live":
                k, first = own.column_names.index(name), contact.get(name)
                values = [first, *[None] * (len(own) - 1)]
                own = own.set_column(k, name, pa.array(values, own.schema.field(k).type))
        return own

    def _source(
        self, contact: Contact, history: Sequence[Contact], moment: str, at: dt.datetime
    ) -> Source:
        known = self._first.known_from
        ended = contact.get("ended_at") or at if moment == "wrapup" else NOT_YET
        own = {**contact, "ended_at": ended, "known_at": ended}
        others = [
            {**other, "ended_at": other.get("ended_at") or NOT_YET,
             "known_at": other.get("known_at") or other.get("ended_at") or NOT_YET}
            for other in history
        ]  # fmt: skip
        rows = [own, *others]
        columns = {f.name: pa.array([r.get(f.name) for r in rows], f.type) for f in SCHEMA}
        for name in extras(known):
            columns[name] = self._extra(name, [row.get(name) for row in rows])
        return Source(pa.table(columns), self.policy, known, self._first.wrapup_delay_s)

    def _extra(self, name: str, values: list[Any]) -> pa.Array:
        if name not in self._first.encoding.categories:
            return pa.array(values).cast(pa.float64())
        texts = [str(v).lower() if isinstance(v, bool) else v for v in values]
        return pa.array([None if v is None else str(v) for v in texts], pa.string())

    def _judge(self, table: pa.Table, explain: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        outcomes: dict[str, Any] = {}
        told: list[dict[str, Any]] = []
        row = table.to_pylist()[0]
        for target, bundle in self.bundles.items():
            matrix = bundle.encoding.row(row)[None, :]
            already = bool(row[f"{target}_already"])
            chance = 1.0 if already else float(bundle.predict_rows(matrix, [row["moment"]])[0])
            band = bundle.bands([chance], [already])[0]
            outcomes[target] = {"probability": chance, "band": band}
            if explain == "always" or (explain == "auto" and band != "low"):
                told += _reasons(target, bundle, row, matrix)
        return outcomes, told

    def _degraded(self, table: pa.Table, moment: str) -> list[str]:
        missing = []
        if moment not in self._first.moments:
            missing.append(f"moment: no model for '{moment}', scored as at the start")
        if table["contacts_before"][0].as_py() is None:
            missing.append("history: the customer is not known")
        if not len(self.rates.kinds["all_repeat"].day):
            missing.append("rates: none are loaded")
        for name in ("queue", "channel", "program", "site"):
            value = table[name][0].as_py()
            categories = self._first.encoding.categories.get(name, ())
            if value is not None and categories and value not in categories:
                missing.append(f"{name}: '{value}' was not seen in training")
        if table["program"][0].as_py() is None and self._first.encoding.categories.get("program"):
            missing.append("program: not given, so no history or rate of a program is found")
        return missing


def _reasons(target: str, bundle: Bundle, row: Contact, matrix: Floats) -> list[dict[str, Any]]:
    fact = f"{target}_already"
    if row[fact]:
        return [{"outcome": target, "feature": fact, "value": True, "effect": None,
                 "text": SPOKEN[target]}]  # fmt: skip
    contributions = bundle.contributions_rows(matrix)[0]
    effects = dict(zip(bundle.encoding.features, map(float, contributions), strict=False))
    effects.pop("moment", None)
    return reasons(target, row, effects)


def _history(source: Source, seen: Seen, table: pa.Table) -> dict[str, Any]:
    def count(name: str) -> int | None:
        value = table[name][0].as_py()
        return None if value is None else int(value)

    found = {"contacts_48h": count("contacts_48h"), "contacts_30d": count("contacts_30d"),
             "last_contact_at": None, "last_reason": None, "last_agent_id": None}  # fmt: skip
    if seen.last[0] < 0:
        return found
    last = source.contacts.slice(int(source.order.rows[seen.last[0]]), 1)
    known = last["known_at"][0].as_py() < table["at"][0].as_py()
    found["last_contact_at"] = last["started_at"][0].as_py()
    found["last_reason"] = table["last_reason"][0].as_py()
    found["last_agent_id"] = last["agent_id"][0].as_py() if known else None
    return found
