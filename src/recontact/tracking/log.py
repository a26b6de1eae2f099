"""What happened to the champion alias, one entry an event, none ever taken away."""

import getpass
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from recontact.tracking.store import Store, speaking

PREFIX = "recontact.log."  # of the tags of the registered model that hold the entries
LONGEST = 5_000  # characters that a tag of a registered model holds
WHY = 500  # characters of a reason that are kept
ACTIONS = ("first", "promoted", "rolled back")


def note(
    store: Store,
    name: str,
    action: str,
    version: str,
    previous: str | None,
    why: str,
    *,
    at: datetime,
    overruled: Sequence[str] = (),
    compared: Sequence[str] = (),
) -> dict[str, Any]:
    """Write down that a version took the alias: who did it, when and why.

    Parameters
    ----------
    store : Store
        Where to.
    name : str
        The registered model.
    action : {"first", "promoted", "rolled back"}
        What was done.
    version, previous : str
        Who holds the alias now, and who held it before.
    why : str
        The reason that was given.
    at : datetime
        When: the same for both models that one command moves.
    overruled, compared : sequence of str
        Conditions of the gate that did not hold, and all that were looked at, in words.

    Returns
    -------
    dict
        The entry.
    """
    entry: dict[str, Any] = {
        "name": name,
        "action": action,
        "version": version,
        "previous": previous,
        "at": at.isoformat(timespec="microseconds"),
        "by": who(),
        "why": why[:WHY],
        "overruled": list(overruled),
        "compared": list(compared),
    }
    with speaking(store.uri):
        key = PREFIX + at.strftime("%Y%m%dT%H%M%S.%f")
        store.client.set_registered_model_tag(name, key, _fitting(entry))
    return entry


def entries(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read the entries from the tags of a registered model, the newest first."""
    keys = sorted((key for key in tags if key.startswith(PREFIX)), reverse=True)
    return [json.loads(tags[key]) for key in keys]


def instant() -> datetime:
    """Give the present, in UTC."""
    return datetime.now(UTC)


def who() -> str:
    """Name the account that runs this."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"


def _fitting(entry: dict[str, Any]) -> str:
    """Write an entry so that a tag can hold it; what is too long loses its comparisons' ends."""
    text = json.dumps(entry, ensure_ascii=False)
    longest = 400
    while len(text.encode()) > LONGEST and longest > 10:
        cut = {k: [one[:longest] for one in entry[k]] for k in ("overruled", "compared")}
        text = json.dumps(entry | cut, ensure_ascii=False)
        longest //= 2
    return text
