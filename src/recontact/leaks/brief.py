"""The leak check in seconds, for every training: on some customers, at a few instants."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import instants
from recontact.errors import UserError
from recontact.features.declared import FEATURES, Feature
from recontact.features.known import known_from
from recontact.features.moments import WRAPUP_DELAY_S
from recontact.features.table import Source
from recontact.leaks.firewall import check
from recontact.leaks.found import BlindFirewallError, Check
from recontact.leaks.sample import drawn
from recontact.policy import Policy

MOST, INSTANTS = 3_000, 3  # contacts, and instants of each moment at which the future is deleted
SHOWN = 3  # features that are named
PASSED, SUSPECTED, LEAKS = "passed", "suspected", "leaks"


def briefly(
    contacts: pa.Table,
    policy: Policy,
    *,
    known: Mapping[str, str] | None = None,
    delay_s: float = WRAPUP_DELAY_S,
    events: pa.Table | None = None,
    features: Sequence[Feature] = FEATURES,
    seed: int = 0,
    most: int = MOST,
) -> dict[str, Any]:
    """Check some customers' contacts for leaks; a whole check is `recontact leak-check`.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts, as a model learns from them.
    policy, known, delay_s, events, features
        As for `recontact.features.table.Source`; `known` holds changes only.
    seed : int
        Which customers and instants are drawn.
    most : int
        About how many contacts are checked, all of each customer.

    Returns
    -------
    dict
        `passed`, `verdict` (`passed`; `leaks` where a value held what came later; `suspected`
        where a feature tells an outcome too well, or nothing was proved), `text`, `contacts`,
        `of`, and `leaks`: each a test, a feature and a moment.
    """
    some = _some(contacts, seed, most)
    counts = {"contacts": len(some), "of": len(contacts)}
    if events is not None:
        ids = some["contact_id"].combine_chunks()
        events = events.filter(pc.is_in(events["contact_id"], value_set=ids))
    source = Source(some, policy, known_from(some, known), delay_s, events, features)
    try:
        checks = check(source, sample=INSTANTS, seed=seed)
    except (BlindFirewallError, UserError) as error:  # it proves nothing then, and must not pass
        why = error.what if isinstance(error, UserError) else str(error)
        return _result(SUSPECTED, f"nothing was proved: {why}", counts, [])
    leaks = [_told(one, leak) for one in checks for leak in one.leaks]
    proved = any(leak["test"] != "outcome" for leak in leaks)
    verdict = LEAKS if proved else SUSPECTED if leaks else PASSED
    return _result(verdict, _words(leaks, counts), counts, leaks)


def _result(
    verdict: str, text: str, counts: dict[str, int], leaks: list[dict[str, Any]]
) -> dict[str, Any]:
    passed = verdict == PASSED
    return {"passed": passed, "verdict": verdict, "text": text, **counts, "leaks": leaks}


def _told(one: Check, leak: Any) -> dict[str, Any]:
    found = asdict(leak)
    return {"test": one.name, "feature": found["feature"], "moment": found["moment"]}


def _words(leaks: list[dict[str, Any]], counts: dict[str, int]) -> str:
    on = f"{counts['contacts']:,} of {counts['of']:,} contacts"
    if not leaks:
        return f"nothing leaks in {on}"
    named = dict.fromkeys(f"{leak['feature']} at {leak['moment']}" for leak in leaks)
    more = len(named) - SHOWN
    shown = ", ".join([*named][:SHOWN]) + (f" and {more} more" if more > 0 else "")
    first = leaks[0]["test"]
    held = "tells the outcome too well" if first == "outcome" else "held what was not known then"
    return f"{shown} {held} ({on}); see: recontact leak-check"


def _some(contacts: pa.Table, seed: int, most: int) -> pa.Table:
    """Keep all contacts of some customers; the earliest of them where one customer has them all."""
    if len(contacts) <= most:
        return contacts
    odd = np.random.default_rng(seed).integers(2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    bound = np.uint64(most / len(contacts) * 2**64)
    some = contacts.filter(pa.array(drawn(contacts, odd, bound)))
    started = instants(some["started_at"])
    if len(some) > 2 * most:
        some = some.filter(pa.array(started <= np.sort(started)[2 * most]))
    return some
