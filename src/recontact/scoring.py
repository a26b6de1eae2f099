"""Score one live contact: its features, both models, reasons, and what may come next."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol, runtime_checkable

from recontact.contacts import normalise_reason
from recontact.durations import HOUR
from recontact.epoch import EPOCH, micros
from recontact.features.cumulated import LATEST
from recontact.features.figures import Figures
from recontact.features.live import Live, Looked, Row
from recontact.features.live_figures import LiveFigures, LoadsOfOne
from recontact.features.loads import Loads
from recontact.features.past import Pasts
from recontact.features.remembered import Fetch, Remembered
from recontact.features.shapes import HISTORY_LIMIT
from recontact.judging import Judge
from recontact.model.bundle import Bundle
from recontact.model.soon import back_h
from recontact.next_issues import NextIssues
from recontact.policy import Policy
from recontact.probes import DEFAULT, Probes

Contact = Mapping[str, Any]
SOON = 0.25  # share of those who come back that may be back before a follow-up is late


@runtime_checkable
class Loading(LoadsOfOne, Protocol):
    """Tells how busy it is once it has read up to an instant."""

    def at_hand(self, at: int) -> bool:
        """Tell whether `prepare` has nothing to read."""
        ...

    def prepare(self, at: int) -> None:
        """Read what is told of an instant, in microseconds, where it is not at hand."""
        ...


class Ahead(NamedTuple):
    """What is known at the end of a contact of the time after it.

    Attributes
    ----------
    window_us : int
        For how long a repeat counts: the contact's own window, in microseconds.
    due_us : int or None
        How long after the end a `SOON` part of those are back who come within the window; None
        where the model does not know when, or the customer is back already.
    """

    window_us: int
    due_us: int | None


class Asked(NamedTuple):
    """A contact to score, as `Scorer.scored` takes it."""

    contact: Contact
    history: Sequence[Contact] | Pasts | None
    moment: str
    at: dt.datetime
    explain: str = "auto"


class Scored(NamedTuple):
    """A score.

    Attributes
    ----------
    answer : dict
        What `Scorer.score` gives.
    features : list
        Moment, instant and the features: what gives outcomes, reasons and next issues again.
    ahead : Ahead or None
        At wrap-up, what is known of the time after it.
    """

    answer: dict[str, Any]
    features: list[Any]
    ahead: Ahead | None = None


class Scorer:
    """Both models with what they need to score a live contact.

    Parameters
    ----------
    bundles : mapping of str to Bundle
        The models of `repeated` and `escalation`, of one policy.
    figures : Figures
        What is known of agents, queues, reasons ....
    next_issues : NextIssues
        What followed what: for a model of repeats that knows nothing of next issues itself.
    loads : LoadsOfOne, optional
        Tells how busy it is; without it, `figures` do.
    probes : Probes
        What to ask about each reason.
    """

    def __init__(
        self,
        bundles: Mapping[str, Bundle],
        figures: Figures,
        next_issues: NextIssues,
        loads: LoadsOfOne | None = None,
        probes: Probes = DEFAULT,
    ) -> None:
        self.bundles = dict(bundles)
        self.figures = figures
        self.loads = loads
        self._judge = Judge(self.bundles, next_issues, probes)

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
        return self.scored(contact, history, moment=moment, at=at, explain=explain).answer

    def scored(
        self,
        contact: Contact,
        history: Sequence[Contact] | Pasts | None,
        *,
        moment: str,
        at: dt.datetime,
        explain: str = "auto",
    ) -> Scored:
        """Score a contact as it stands, and tell by which features.

        Parameters
        ----------
        contact, moment, at, explain
            As for `score`.
        history : sequence of mapping, Pasts or None
            Also as `ready` gives it. None: it could not be read, nor how busy it is.

        Returns
        -------
        Scored
            What `score` gives, and what gives it again.
        """
        return self.scored_together([Asked(contact, history, moment, at, explain)])[0]

    def scored_together(self, asked: Sequence[Asked]) -> list[Scored]:
        """Score contacts as `scored` does, each step of all of them before the next one.

        It takes less time than one after the other: a step finds in the processor's caches what
        it left there.
        """
        looked = [
            self.look(one.contact, one.history, moment=one.moment, at=one.at) for one in asked
        ]
        judged = self._judge.tell([found.row for found in looked], [one.explain for one in asked])
        return [self._scored(*one) for one in zip(asked, looked, judged, strict=True)]

    def _scored(self, asked: Asked, found: Looked, judged: Mapping[str, Any]) -> Scored:
        wrapup = asked.moment == "wrapup"
        degraded = self._degraded(found, asked)
        answer = {**judged, "history": _history(found), "degraded": degraded}
        ahead = self._ahead(asked.contact, found.row, judged) if wrapup else None
        return Scored(answer, list(found.row.values())[1:], ahead)  # all but the contact's name

    def again(self, features: Sequence[Any], explain: str) -> dict[str, Any]:
        """Give again what hangs on the features of a score: outcomes, reasons and next issues.

        Next issues are left out where the models know nothing of them.

        Parameters
        ----------
        features : sequence
            As `Scored` holds them.
        explain : {"auto", "always", "never"}
            As it was asked for.

        Raises
        ------
        ValueError
            They are not of these models.
        """
        (told,) = self._judge.tell([dict(zip(self.names, features, strict=True))], [explain])
        if self.bundles["repeated"].next_issues is None:  # then they came from the history
            del told["next_issues"]
        return told

    def at_hand(self, at: dt.datetime) -> bool:
        """Tell whether how busy it is at an instant is known, so that `ready` does not wait."""
        return self._loading is None or self._loading.at_hand(micros(at))

    def ready(self, stamps: Sequence[int], fetch: Fetch, at: dt.datetime) -> Pasts:
        """Make ready what a score at an instant looks back at, reading what is not at hand.

        Parameters
        ----------
        stamps : sequence of int
            One for each of the customer's other contacts; it changes when the contact does.
        fetch : callable
            Gives the contacts of some stamps.
        at : datetime.datetime
            The instant.
        """
        if self._loading is not None:
            self._loading.prepare(micros(at))
        return self._remembered.pasts(stamps, fetch)

    def look(
        self,
        contact: Contact,
        history: Sequence[Contact] | Pasts | None,
        *,
        moment: str,
        at: dt.datetime,
    ) -> Looked:
        """Compute the features of a contact as it stands.

        Parameters
        ----------
        contact, history, moment, at
            As for `scored`.

        Returns
        -------
        Looked
            The features, and what of the history the answer tells.
        """
        if history is None:
            alone = {**contact, "customer_id": None}
            return self.live.look(alone, self.live.pasts(()), moment, at, self._figures_unread)
        pasts = history if isinstance(history, Pasts) else self.live.pasts(history)
        return self.live.look(contact, pasts, moment, at, self._figures)

    @cached_property
    def live(self) -> Live:
        """What computes the features."""
        texts = frozenset(self._first.encoding.categories)
        first = self._first
        return Live(self.policy, first.known_from, texts, first.features, first.wrapup_delay_s)

    @cached_property
    def _loading(self) -> Loading | None:
        return self.loads if isinstance(self.loads, Loading) else None

    @cached_property
    def _remembered(self) -> Remembered:
        return Remembered(self.live)

    @cached_property
    def _figures(self) -> LiveFigures:
        return self.live.figures(self.figures, self.loads)

    @cached_property
    def _figures_unread(self) -> LiveFigures:
        """What is at hand without the database: nothing of how busy it is now."""
        return self.live.figures(self.figures, Loads({}, LATEST))

    @cached_property
    def names(self) -> list[str]:
        """The features in the order in which `Scored` holds them."""
        contact = {"contact_id": "", "started_at": EPOCH}
        row = self.live.look(contact, self.live.pasts(()), "start", EPOCH, self._figures_unread).row
        return list(row)[1:]

    def _ahead(self, contact: Contact, row: Row, judged: Mapping[str, Any]) -> Ahead:
        reason = normalise_reason(contact.get("reason"))
        window = self.live.rules(contact.get("program")).window(reason)
        when, repeated = self.bundles["repeated"].when, judged["repeated"]
        if when is None or repeated["band"] == "already":
            return Ahead(window, None)
        hours = back_h(when, row, repeated["probability"], row["at"], window, SOON)
        return Ahead(window, int(hours * HOUR))

    def _degraded(self, found: Looked, asked: Asked) -> list[str]:
        row, moment = found.row, asked.moment
        missing = [
            f"{target}: no model, only how often it happens: {bundle.facts['constant']}"
            for target, bundle in self.bundles.items()
            if "constant" in bundle.facts
        ]
        if moment not in self._first.moments:
            missing.append(f"moment: no model for '{moment}', scored as at the start")
        if found.late:
            after = f"{self._first.wrapup_delay_s / 60:g} min after the end"
            missing.append(
                f"known_at: over {after}, so nothing that comes with the wrap-up is used"
            )
        if asked.history is None:
            missing.append("history: it could not be read in time, nor how busy it is")
        elif row["contacts_before"] is None:
            missing.append("history: the customer is not known")
        elif _size(asked.history) >= HISTORY_LIMIT:
            missing.append(f"history: only the latest {HISTORY_LIMIT} contacts are looked at")
        if not self.figures.daily.counts:
            missing.append("rates: none are loaded")
        for name in ("queue", "channel", "program", "site"):
            value = row[name]
            categories = self._first.encoding.categories.get(name, ())
            if value is not None and categories and value not in categories:
                missing.append(f"{name}: '{value}' was not seen in training")
        if row["program"] is None and self._first.encoding.categories.get("program"):
            missing.append("program: not given, so no rate of a program is found")
        return missing


def _size(history: Sequence[Contact] | Pasts) -> int:
    return len(history.contacts if isinstance(history, Pasts) else history)


def _history(found: Looked) -> dict[str, Any]:
    counts = (found.row["contacts_48h"], found.row["contacts_30d"])
    last = found.last or {}
    return {
        "contacts_48h": None if counts[0] is None else int(counts[0]),
        "contacts_30d": None if counts[1] is None else int(counts[1]),
        "last_contact_at": last.get("started_at"),
        "last_reason": found.row["last_reason"],
        "last_agent_id": last.get("agent_id") if found.last_known else None,
    }
