"""Contacts tables into the service's history."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa

from recontact.contacts import SCHEMA
from recontact.errors import UserError
from recontact.features.known import known_from
from recontact.model.bundle import Bundle
from recontact.policy import Policy
from recontact_serving.hourly.rates import rebuild
from recontact_serving.models.cache import Cache
from recontact_serving.scoring import history
from recontact_serving.storage.clock import now
from recontact_serving.storage.database import Database

MODEL = "recontact-repeated"
AT_ONCE = 1000  # contacts to a transaction: a running service waits no longer than for these


def load(
    database: Database, contacts: pa.Table, advance: Callable[[int], Any] = lambda _: None
) -> history.Recorded:
    """Record the contacts of a clean table; those known already stay as they are.

    Parameters
    ----------
    database : Database
        Holds the history.
    contacts : pyarrow.Table
        Clean contacts (`recontact.clean.read_contacts`).
    advance : callable, optional
        Is told how many more are done.

    Returns
    -------
    history.Recorded
        How many were new or corrected, and how many were known.
    """
    accepted = unchanged = 0
    for batch in contacts.to_batches(max_chunksize=AT_ONCE):
        with database.write() as db:
            counts = history.record(db, [_known(row) for row in batch.to_pylist()], now())
        accepted, unchanged = accepted + counts.accepted, unchanged + counts.unchanged
        advance(len(batch))
    return history.Recorded(accepted, unchanged)


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is unknown; a record without `known_at` was known when it ended."""
    row["known_at"] = row["known_at"] or row["ended_at"]
    return {name: value for name, value in row.items() if value is not None}


class Learnt(NamedTuple):
    """What the rates rest on."""

    contacts: int
    policy: str
    trouble: str


def refresh(database: Database, uri: str | None, contacts: pa.Table | None = None) -> Learnt:
    """Bring the rates up to date, under the champion's policy if there is a champion.

    Parameters
    ----------
    database : Database
        Holds the history and the rates.
    uri : str or None
        Address of the MLflow store.
    contacts : pyarrow.Table, optional
        What was loaded: without a champion, it says which column is known from when.

    Returns
    -------
    Learnt
        How many contacts, the policy's digest, and why it is not the champion's, if so.
    """
    from recontact.tracking import load_bundle  # noqa: PLC0415 - takes seconds

    try:
        bundle = load_bundle(MODEL, uri=uri)
    except UserError as error:
        trouble = error.what
    else:
        return Learnt(relearn(database, bundle), bundle.policy_digest, "")
    last = Cache.open().heard(uri).champions.get("repeated")
    if last:
        bundle = Cache.open().load(last["digest"])
        told = f"the policy of the champion that was served last is used for the rates: {trouble}"
        return Learnt(relearn(database, bundle), bundle.policy_digest, told)
    known = known_from(SCHEMA.empty_table() if contacts is None else contacts)
    told = f"the default policy is used for the rates: {trouble}"
    return Learnt(rebuild(database, Policy(), known), Policy().digest, told)


def relearn(database: Database, bundle: Bundle) -> int:
    """Learn the rates that a model asks for, under its policy; give how many contacts there are."""
    policy = Policy.from_text(bundle.policy)
    return rebuild(database, policy, bundle.known_from, bundle.features, bundle)
