"""The rows that models learn from, made of contacts by a recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from recontact import dataset
from recontact.contacts import canonical, instants, known_of
from recontact.errors import UserError
from recontact.features.declared import FEATURES, Feature
from recontact.features.moments import MOMENTS, SO_FAR, WRAPUP_DELAY_S
from recontact.labels.table import label
from recontact.model.gate import check_contacts
from recontact.policy import Policy


@dataclass(frozen=True)
class Recipe:
    """What rows may see, and of which contacts they are.

    Parameters
    ----------
    until : int, optional
        Microseconds since 1970: contacts that start at or after it and records known after it
        do not exist, and it is the labels' `as_of`.
    moments : sequence of str
        The moments to make rows of.
    known : mapping of str to str, optional
        Changes to what is known from when.
    wrapup_delay_s : float
        How late a record may come and still be seen at wrap-up.
    events : pyarrow.Table, optional
        What happened during the contacts: holds and transfers so far are then known at `live`.
    yours : sequence of Feature
        Features of your own beside ours (`recontact.features.yours`).
    """

    until: int | None = None
    moments: Sequence[str] = MOMENTS
    known: Mapping[str, str] | None = None
    wrapup_delay_s: float = WRAPUP_DELAY_S
    events: pa.Table | None = None
    yours: Sequence[Feature] = ()

    @property
    def changes(self) -> Mapping[str, str] | None:
        """Changes to what is known from when, those that the events make among them."""
        if self.events is None:
            return self.known
        return {**dict.fromkeys(SO_FAR, "live"), **(self.known or {})}

    @property
    def features(self) -> tuple[Feature, ...]:
        """What is computed: our features and yours."""
        return (*FEATURES, *self.yours)

    def contacts(self, contacts: pa.Table) -> pa.Table:
        """Give the contacts that existed, in canonical form."""
        seen = before(canonical(contacts), self.until)
        if self.until is not None and not len(seen):
            told = "until: no contact was known by then, so no contact can be judged"
            raise UserError(told, "give a later instant")
        return seen

    def judging(self, policy: Policy) -> Policy:
        """Give the policy as it judges: as of `until`, where that is given."""
        return policy if self.until is None else replace(policy, as_of=self.until)

    def rows(self, contacts: pa.Table, labels: pa.Table) -> pa.Table:
        """Give the dataset rows of canonical contacts beside their labels."""
        return dataset.build(
            contacts,
            labels,
            moments=self.moments,
            known=self.changes,
            delay_s=self.wrapup_delay_s,
            events=self.events,
            features=self.features,
        )


def before(contacts: pa.Table, until: int | None) -> pa.Table:
    """Keep what existed at an instant: contacts started before it, records known by then.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 2)]
    >>> c = canonical(pa.table({"contact_id": ["1", "2"], "started_at": t, "ended_at": t}))
    >>> before(c, instants(c["started_at"])[1])["contact_id"].to_pylist()
    ['1']
    """
    if until is None:
        return contacts
    there = (instants(contacts["started_at"]) < until) & (known_of(contacts) <= until)
    return contacts.filter(pa.array(there))


def labeled_rows(contacts: pa.Table, policy: Policy, recipe: Recipe | None = None) -> pa.Table:
    """Label contacts and give the rows whose outcome has settled.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    policy : Policy
        How they are labeled.
    recipe : Recipe, optional
        How rows are made; without, at all moments, of what our features see.

    Raises
    ------
    UserError
        Too few judged contacts.
    """
    recipe = recipe or Recipe()
    whole = recipe.rows(contacts, label(contacts, recipe.judging(policy)))
    check_contacts(whole)
    return whole.filter(pc.is_valid(whole["repeated"]))
