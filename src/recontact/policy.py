"""The FCR policy: which contacts are judged, which count, and within what time."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import yaml

from recontact import yaml_files
from recontact.durations import HOUR
from recontact.errors import UserError
from recontact.policy_values import CHECKS, KEYS, parse_values, written


@dataclass(frozen=True, repr=False)
class Policy:
    """The rules by which contacts are labeled; checks and normalises itself when made.

    Two policies that mean the same are equal and have the same digest: durations are
    microseconds, reasons are in their one form, lists are sorted sets, and an override of
    `by_program` that changes nothing is dropped.

    Parameters
    ----------
    window, lookback : int
        Microseconds.
    window_by_reason : mapping of str to int
        Microseconds by reason.
    related_by : {"any", "case", "reason", "reason_or_case"}
        How two contacts are about the same issue.
    reason_level : int or None
        How many levels of `reason` are compared; None: all.
    index_channels, counted_channels, exclude_dispositions : tuple of str
        `counted_channels` may be None: every channel.
    count_unhandled, escalation_breaks_fcr : bool
        Does an abandoned attempt count; does an own escalation undo FCR.
    min_talk_s : float or None
        Seconds that a judged contact must have talked.
    edges : {"data", "program"}
        Over which rows the record's first start and last end are taken.
    as_of : int or None
        Microseconds since 1970, UTC.
    by_program : mapping of str to mapping
        Overrides by program, with values as above.

    Raises
    ------
    UserError
        A value is not allowed; the message names the key.

    See Also
    --------
    Policy.parse : from a mapping with durations as text.
    Policy.read : from a YAML file.

    Examples
    --------
    >>> policy = Policy.parse({"window": "7d", "by_program": {"acme": {"window": "30d"}}})
    >>> policy.for_program("acme").window == 30 * 24 * HOUR
    True
    >>> policy.for_program("acme")
    Policy.parse({'window': '30d'})  # digest 115f3f45f528b4c8
    >>> Policy.parse({"window": "2d"}).digest == Policy().digest
    True
    """

    window: int = 48 * HOUR
    window_by_reason: Mapping[str, int] = field(default_factory=dict)
    lookback: int = 48 * HOUR
    related_by: str = "reason"
    reason_level: int | None = None
    index_channels: tuple[str, ...] = ("voice",)
    counted_channels: tuple[str, ...] | None = None
    count_unhandled: bool = False
    min_talk_s: float | None = None
    exclude_dispositions: tuple[str, ...] = ()
    escalation_breaks_fcr: bool = True
    edges: str = "data"
    as_of: int | None = None
    by_program: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in KEYS:
            object.__setattr__(self, key, CHECKS[key](getattr(self, key), key))
        kept = {program: self._changes(own) for program, own in self.by_program.items()}
        by_program = {program: kept[program] for program in sorted(kept) if kept[program]}
        object.__setattr__(self, "by_program", by_program)

    def __hash__(self) -> int:
        return hash(self.text())

    def __repr__(self) -> str:
        """Write what differs from the defaults, so that it can be read and pasted."""
        differing = self._differing()
        made = f"Policy.parse({differing})" if differing else "Policy()"
        return f"{made}  # digest {self.digest}"

    def _repr_html_(self) -> str:
        """Show all keys in a notebook, those that differ from the defaults in bold."""
        differing = self._differing()
        rows = [
            f"<tr><th>{key}</th><td>{_bold(written(key, getattr(self, key)), key in differing)}"
            for key in KEYS
        ]
        return f"<table><caption>FCR policy {self.digest}</caption>{''.join(rows)}</table>"

    def _differing(self) -> dict[str, object]:
        usual = vars(Policy())
        kept = {key: getattr(self, key) for key in KEYS}
        return {key: written(key, value) for key, value in kept.items() if value != usual[key]}

    def _changes(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: overrides[key]
            for key in KEYS
            if key in overrides and overrides[key] != getattr(self, key)
        }

    @classmethod
    def parse(cls, mapping: Mapping[str, Any]) -> "Policy":
        """Make a policy from a mapping as a YAML file holds it.

        Raises
        ------
        UserError
            An unknown key, or a value that is unreadable or not allowed.

        Examples
        --------
        >>> Policy.parse({"by_program": {"acme": {"window": 48}}})
        Traceback (most recent call last):
        ...
        recontact.errors.UserError: by_program.acme.window: 48 is not a duration
          mend: write a number with a unit: 90s, 15m, 48h, 7d, 2w
        """
        return cls(**parse_values(mapping, ""))

    @classmethod
    def from_text(cls, text: str) -> "Policy":
        """Make a policy from YAML text; empty text gives the defaults.

        Examples
        --------
        >>> Policy.from_text("related_by: any").related_by
        'any'
        """
        mapping = yaml_files.parse(text, "the policy", "see docs/labels.md")
        if mapping is None:
            return cls()
        if not isinstance(mapping, dict):
            raise UserError("the policy is not a mapping of keys", "write lines such as window: 7d")
        return cls.parse(mapping)

    @classmethod
    def read(cls, path: str | Path) -> "Policy":
        """Read a policy file.

        Raises
        ------
        UserError
            The file can't be read or its policy is wrong; names file and key.
        """
        text = yaml_files.read_text(path)
        try:
            return cls.from_text(text)
        except UserError as error:
            raise UserError(f"{path}: {error.what}", error.mend) from error

    def text(self) -> str:
        """Write the whole policy as YAML, from which `from_text` makes an equal one.

        Examples
        --------
        >>> Policy().text().splitlines()[:3]
        ['window: 48h', 'window_by_reason: {}', 'lookback: 48h']
        >>> Policy.from_text(Policy().text()) == Policy()
        True
        """
        values = {key: written(key, getattr(self, key)) for key in KEYS}
        return yaml.safe_dump(
            values, sort_keys=False, allow_unicode=True, width=1_000, default_flow_style=None
        )

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that stand for this policy beside every figure."""
        return hashlib.sha256(self.text().encode()).hexdigest()[:16]

    def for_program(self, program: str | None) -> "Policy":
        """Give the policy of one program, its overrides applied and no others left.

        Examples
        --------
        >>> policy = Policy.parse({"by_program": {"acme": {"related_by": "any"}}})
        >>> policy.for_program(None) == Policy()
        True
        """
        own = self.by_program.get(program, {}) if program is not None else {}
        return replace(self, by_program={}, **own)


def _bold(value: object, differs: bool) -> str:
    text = escape(json.dumps(value, ensure_ascii=False).strip('"'), quote=False)
    return f"<b>{text}</b>" if differs else text
