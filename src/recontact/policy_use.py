"""What a policy names that no contact has: slips of the pen change figures in silence."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import channel_of
from recontact.errors import near
from recontact.policy import Policy

Present = dict[str, set[str]]  # by column, the values that contacts have
COLUMNS = {  # of which column a key of the policy names values
    "index_channels": "channel",
    "counted_channels": "channel",
    "exclude_dispositions": "disposition",
    "window_by_reason": "reason",
    "by_program": "program",
}


class Unmatched(NamedTuple):
    """A value of the policy that no contact has, and the one of the data that is near to it."""

    key: str
    value: str
    near: str | None

    def __str__(self) -> str:
        """Write it for people."""
        return f"{self.key} {self.value!r}" + (f" (perhaps {self.near!r}?)" if self.near else "")


def present(contacts: pa.Table, policy: Policy) -> Present:
    """Give the values that contacts have in the columns of which the policy names some.

    Parameters
    ----------
    contacts : pyarrow.Table
        Their `channel`, `disposition`, `reason` (in its one form) and `program`.
    policy : Policy
        The rules.
    """
    columns = {column for _, column, _ in _named(vars(policy))}
    values = {
        name: channel_of(contacts) if name == "channel" else contacts[name] for name in columns
    }
    return {name: set(pc.unique(column.drop_null()).to_pylist()) for name, column in values.items()}


def together(parts: Iterable[Present]) -> Present:
    """Put what parts of the contacts have together."""
    found: Present = {}
    for part in parts:
        for name, values in part.items():
            found[name] = found.get(name, set()) | values
    return found


def unmatched(policy: Policy, there: Present) -> list[Unmatched]:
    """Find the values of a policy that no contact has.

    Examples
    --------
    >>> policy = Policy.parse({"window_by_reason": {"biling": "7d", "billing": "30d"}})
    >>> there = {"channel": {"voice"}, "reason": {"billing > late fee"}}
    >>> print(*unmatched(policy, there))
    window_by_reason 'biling' (perhaps 'billing'?)
    """
    known = {**there, "reason": _leading(there.get("reason", ()))}
    return [
        Unmatched(key, value, near(value, known.get(column, ())))
        for key, column, value in _named(vars(policy))
        if value not in known.get(column, ())
    ]


def warning(found: list[Unmatched]) -> str:
    """Say what was found, in a line."""
    named = ", ".join(map(str, found))
    return f"no contact has: {named}: what the policy says there has no effect"


def _leading(reasons: Iterable[str]) -> set[str]:
    """Give each reason and all that it begins with, level by level."""
    levels = [reason.split(" > ") for reason in reasons]
    return {" > ".join(parts[:k]) for parts in levels for k in range(1, len(parts) + 1)}


def _named(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str, str]]:
    """List what a policy names: key, column, value."""
    named = [
        (f"{prefix}{key}", column, value)
        for key, column in COLUMNS.items()
        for value in values.get(key) or ()
    ]
    for program, own in values.get("by_program", {}).items():
        named += _named(own, f"by_program.{program}.")
    return named
