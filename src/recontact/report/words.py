"""Rates in plain words, always with their interval and what they are taken of."""

from collections.abc import Mapping
from typing import Any

from recontact.durations import format_duration
from recontact.policy import Policy

GROUPS = {  # what groups are called: one, several
    "agent_id": ("agent", "agents"),
    "team": ("team", "teams"),
    "queue": ("queue", "queues"),
    "site": ("site", "sites"),
    "reason": ("reason", "reasons"),
    "reason:1": ("main reason", "main reasons"),
    "channel": ("channel", "channels"),
    "program": ("program", "programs"),
    "week": ("week", "weeks"),
    "month": ("month", "months"),
}


def percent(share: float) -> str:
    """Write a share in percent.

    Examples
    --------
    >>> percent(0.7134)
    '71.3 %'
    """
    return f"{100 * share:.1f} %"


def share(row: Mapping[str, Any], name: str) -> str:
    """Write one rate of a row of `recontact.rates.rates`.

    Examples
    --------
    >>> share({"fcr": 0.75, "fcr_low": 0.3006, "fcr_high": 0.9544, "fcr_of": 4}, "fcr")
    '75.0 % of 4 (95 % interval 30.1 to 95.4 %)'
    >>> share({"fcr": None, "fcr_of": 0}, "fcr")
    'unknown (no contact to take it of)'
    """
    if row[name] is None:
        return "unknown (no contact to take it of)"
    low, high = 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]
    of = row[f"{name}_of"]
    return f"{percent(row[name])} of {of:,} (95 % interval {low:.1f} to {high:.1f} %)"


def policy_line(policy: Policy) -> str:
    """Say what holds for a figure: window, look-back, relatedness, and the digest.

    Examples
    --------
    >>> policy_line(Policy())  # doctest: +ELLIPSIS
    'window 48h, look-back 48h, related by reason, judged: voice; policy ...'
    """
    parts = [f"window {format_duration(policy.window)}"]
    if policy.window_by_reason:
        parts.append(f"{len(policy.window_by_reason)} windows by reason")
    parts.append(f"look-back {format_duration(policy.lookback)}")
    level = f" (level {policy.reason_level})" if policy.reason_level else ""
    parts.append(f"related by {policy.related_by.replace('_', ' ')}{level}")
    parts.append(f"judged: {', '.join(policy.index_channels) or 'no channel'}")
    if policy.by_program:
        parts.append(f"overrides for {len(policy.by_program)} programs")
    return f"{', '.join(parts)}; policy {policy.digest}"


def title(group: str | None) -> str:
    """Give the name of a group as people read it."""
    return "unknown" if group is None else group
