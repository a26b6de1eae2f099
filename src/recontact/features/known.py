"""Which column of a contact is known from which moment: the one table that keeps scores honest.

Of the contact being scored, `mask_own` leaves what is known at the moment asked for. What is
seen of other contacts is decided in `recontact.features.kernel`, instant by instant.
"""

import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT, SCHEMA, instants, known_of
from recontact.errors import UserError, did_you_mean
from recontact.features.back_filled import refuse_back_filled
from recontact.features.columns import is_single
from recontact.features.moments import KEYS, KNOWN_FROM, MOMENTS, NEVER, SO_FAR, WRAPUP_DELAY_S
from recontact.labels import table as labels
from recontact.policy import Policy

METADATA_KEY = b"recontact.known_from"
LABELS = frozenset(labels.SCHEMA.names) - frozenset(SCHEMA.names)


def known_from(contacts: pa.Table, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Tell from which moment each column is known.

    Parameters
    ----------
    contacts : pyarrow.Table
        Contacts whose source may say more in its metadata (`recontact.known_from`).
    changes : mapping of str to str, optional
        Column to moment, over the defaults and the source's own word. A column that is not
        one of the contacts table's own becomes a feature by being named here.

    Returns
    -------
    dict of str to str
        Column to `start`, `live` or `wrapup`.

    Raises
    ------
    UserError
        An unknown moment or column, a column that can never be a feature (keys, survey answers,
        labels, lists), or one that was filled in after the moment
        (`recontact.features.back_filled`).

    Examples
    --------
    >>> from recontact.contacts import SCHEMA
    >>> known_from(SCHEMA.empty_table(), {"reason": "start"})["reason"]
    'start'
    """
    said: dict[str, str] = json.loads((contacts.schema.metadata or {}).get(METADATA_KEY, b"{}"))
    table = KNOWN_FROM | said | dict(changes or {})
    for column, moment in table.items():
        if KNOWN_FROM.get(column) != moment:
            _refuse(contacts, column, moment)
    return table


def _refuse(contacts: pa.Table, column: str, moment: str) -> None:
    """Refuse what can't be a feature from that moment on."""
    if moment not in MOMENTS:
        raise UserError(
            f"known_from: {column}: unknown moment '{moment}'", f"one of {', '.join(MOMENTS)}"
        )
    if column in NEVER or column in KEYS:
        raise UserError(
            f"known_from: '{column}' can't be a feature of its own contact",
            "take it out; survey answers come after the contact, keys identify it",
        )
    if column in LABELS:
        raise UserError(
            f"known_from: '{column}' is a column of the labels, which look at what came later",
            "take it out; labels are what a model is to foretell, never what it reads",
        )
    refuse_back_filled(contacts, column, moment)
    if column not in KNOWN_FROM and column not in contacts.column_names:
        raise UserError(
            f"known_from: the contacts have no column '{column}'",
            did_you_mean(column, contacts.column_names)
            + f"columns: {', '.join(contacts.column_names)}",
        )
    if column not in SCHEMA.names and not is_single(contacts.schema.field(column).type):
        raise UserError(
            f"known_from: '{column}' holds {contacts.schema.field(column).type}, not single values",
            "leave it out, or make columns of numbers or text of it",
        )


def made_by(policy: Policy, known: Mapping[str, str]) -> dict[bytes, bytes]:
    """Give the metadata that a features table carries: its policy, and what is known from when."""
    return labels.of_policy(policy) | {METADATA_KEY: json.dumps(known, sort_keys=True).encode()}


def extras(known: Mapping[str, str]) -> list[str]:
    """List the columns beyond the contacts table's own that are features."""
    return [column for column in known if column not in SCHEMA.names]


def mask_own(
    contacts: pa.Table,
    moment: str,
    known: Mapping[str, str],
    *,
    elapsed_s: npt.NDArray[np.float64] | None = None,
    delay_s: float = WRAPUP_DELAY_S,
) -> pa.Table:
    """Null what is not known of each contact itself at a moment.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    moment : {"start", "live", "wrapup"}
        When the score is asked for.
    known : mapping of str to str
        Column to the moment from which it is known (`known_from`).
    elapsed_s : numpy.ndarray of float64, optional
        At `live`, seconds since each contact's start; agent and team show once they exceed
        `wait_s`. None shows them: a live request carries them only when somebody answered.
    delay_s : float
        At `wrapup`, wrap-up facts show only where `known_at` is at most this many seconds
        after `ended_at`.

    Returns
    -------
    pyarrow.Table
        The same rows and columns, unknown values null.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> from recontact.contacts import canonical
    >>> t = dt.datetime(2026, 1, 1)
    >>> c = canonical(pa.table({"contact_id": ["1"], "started_at": [t], "ended_at": [t],
    ...                         "queue": ["q"], "talk_s": [60.0]}))
    >>> start = mask_own(c, "start", KNOWN_FROM)
    >>> start["queue"][0].as_py(), start["talk_s"][0].as_py()
    ('q', None)
    """
    rank = MOMENTS.index(moment)
    answered = _answered(contacts, elapsed_s) if moment == "live" else None
    in_time = _in_time(contacts, delay_s) if moment == "wrapup" else None
    columns = {}
    for name in contacts.column_names:
        column = contacts[name]
        since = known.get(name)
        if name in KEYS:
            columns[name] = column
        elif since is None or MOMENTS.index(since) > rank or (name in SO_FAR and rank < 2):
            columns[name] = pa.nulls(len(contacts), column.type)
        elif since == "live" and answered is not None:
            columns[name] = _where(answered, column)
        elif in_time is not None and (since == "wrapup" or name in SO_FAR):
            columns[name] = _where(in_time, column)
        else:
            columns[name] = column
    columns["ended_at"] = contacts["ended_at"] if rank == 2 else pa.nulls(len(contacts), INSTANT)
    return pa.table(columns)


def _answered(
    contacts: pa.Table, elapsed_s: npt.NDArray[np.float64] | None
) -> npt.NDArray[np.bool_] | None:
    if elapsed_s is None:
        return None
    wait = np.asarray(contacts["wait_s"].cast(pa.float64()).fill_null(np.inf), dtype=np.float64)
    return elapsed_s > wait


def _in_time(contacts: pa.Table, delay_s: float) -> npt.NDArray[np.bool_]:
    return known_of(contacts) - instants(contacts["ended_at"]) <= int(delay_s * 1e6)


def _where(shown: npt.NDArray[np.bool_], column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pa.array(shown), column, pa.scalar(None, column.type))
