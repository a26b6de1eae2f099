"""Risk sets by the letter: every contact, every stretch, one after the other."""

import datetime as dt
from itertools import pairwise


def at_risk(edges, ended_at, gap_s, watched_s, busy):
    """Give for each stretch the share of its busy hours that the row was at risk, and if it came.

    `busy` holds 168 numbers from Monday 0:00 UTC. Busy hours are added up minute by minute, so
    times are to be whole minutes.
    """
    until = min(gap_s, watched_s)
    rows = []
    for low, high in pairwise(edges):
        spent = passed(ended_at, low, min(high, max(low, until / 3600)), busy)
        came = gap_s <= watched_s and (low < gap_s / 3600 <= high or (gap_s == 0 and low == 0))
        rows.append((spent / passed(ended_at, low, high, busy), came))
    return rows


def passed(ended_at, low, high, busy):
    """Add up the busy hours between two numbers of hours after the end."""
    total, minute = 0.0, round(low * 60)
    while minute < round(high * 60):
        at = ended_at + dt.timedelta(minutes=minute)
        total += busy[at.weekday() * 24 + at.hour] / 60
        minute += 1
    return total


def kaplan_meier(gaps, watched, hours):
    """Give the share not back after some hours, time by time."""
    share = 1.0
    times = sorted({g for g, w in zip(gaps, watched, strict=True) if g <= w and g <= hours})
    for time in times:
        still = sum(min(g, w) >= time for g, w in zip(gaps, watched, strict=True))
        came = sum(g == time and g <= w for g, w in zip(gaps, watched, strict=True))
        share *= 1 - came / still
    return share
