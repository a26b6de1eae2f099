"""The findings of a report in plain sentences, each computed from its figures."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recontact.durations import HOUR, format_duration
from recontact.report.chance import against_the_rest
from recontact.report.collect import Report
from recontact.report.standing import named
from recontact.report.words import GROUPS, percent, title

Row = Mapping[str, Any]

PLACES = ("queue", "team", "site", "program", "reason:1")
WEEKS = 4  # compared with as many before
CHANCE = 0.05
SHOWN = 3
NAMED = 0.0005  # smaller shares would read 0.0 %


def headlines(report: Report) -> list[str]:
    """Say what a manager should know first.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa, recontact
    >>> from recontact.report.collect import collect
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 9, 10, 20)]
    >>> contacts = pa.table({"contact_id": list("abcd"), "customer_id": ["w", "x", "x", "z"],
    ...                      "reason": ["bill"] * 4, "started_at": t, "ended_at": t})
    >>> headlines(collect(contacts, recontact.label(contacts)))[1]
    'One reason, bill, causes all repeats.'
    """
    if not report.overall["fcr_of"]:
        return ["No contact can be judged under this policy: see what the data can support, below."]
    parts = (_overall, _trend, _places, _agents, _reasons, _recoded, _waiting, _claims, _rules)
    return [line for part in parts for line in part(report)]


def _overall(report: Report) -> Iterator[str]:
    row = report.overall
    unknown = (
        f" It may be up to {percent(row['unknown_reason'])} of these lower: they were followed by "
        "a contact whose reason is unknown."
        if row["unknown_reason"] >= NAMED
        else ""
    )
    yield (
        f"{percent(row['fcr'])} of {row['fcr_of']:,} first contacts were resolved (95 % interval "
        f"{100 * row['fcr_low']:.1f} to {100 * row['fcr_high']:.1f} %).{unknown}"
    )


def _trend(report: Report) -> Iterator[str]:
    weeks = [row for row in report.groups.get("week", []) if not row["small"]]
    if len(weeks) < 2 * WEEKS:
        return
    (new, new_of), (old, old_of) = _sums(weeks[-WEEKS:]), _sums(weeks[-2 * WEEKS : -WEEKS])
    points = 100 * (new / new_of - old / old_of)
    since = f"The {WEEKS} weeks from {weeks[-WEEKS]['group']}"
    if against_the_rest([new, old], [new_of, old_of])[0] >= CHANCE:
        yield f"{since} differ no more from the {WEEKS} before than by chance."
        return
    word = "better" if points > 0 else "worse"
    yield (
        f"{since} were {word} than the {WEEKS} before: {percent(new / new_of)}, "
        f"{points:+.1f} points, more than chance explains."
    )


def _sums(rows: Sequence[Row]) -> tuple[int, int]:
    return round(sum(row["fcr"] * row["fcr_of"] for row in rows)), sum(r["fcr_of"] for r in rows)


def _places(report: Report) -> Iterator[str]:
    for by in PLACES:
        rows = [row for row in report.groups.get(by, []) if row["verdict"]]
        if len(rows) < 2:
            continue
        worse = [_against_all(row, report) for row in rows if row["verdict"] == "worse"]
        if not worse:
            yield f"No {GROUPS[by][0]} is worse than the rest by more than chance."
            continue
        verb = "is" if len(worse) == 1 else "are"
        yield (
            f"{len(worse)} of {len(rows)} {GROUPS[by][1]} {verb} worse than the rest by more than "
            f"chance: {_list(worse)}."
        )


def _against_all(row: Row, report: Report) -> str:
    return f"{row['group']} ({100 * (row['fcr'] - report.overall['fcr']):+.1f} points)"


def _agents(report: Report) -> Iterator[str]:
    rows = [row for row in report.case_mix.get("agent_id", []) if row["outcome"] == "repeat"]
    if len(rows) < 2:
        return
    worse, better = named(rows, "worse"), named(rows, "better")
    yield (
        f"Adjusted for what they were given, {len(worse) or 'none'} of {len(rows):,} agents had "
        f"more repeats than expected and {len(better) or 'none'} fewer, by more than chance. "
        f"(Without any difference between them, about {CHANCE * len(rows):.0f} would lie outside "
        "their 95 % interval; they are not named for that alone.)"
    )


def _reasons(report: Report) -> Iterator[str]:
    rows = report.repeats_caused
    if not rows:
        return
    half = next(k for k, row in enumerate(rows, start=1) if row["cumulative"] >= 0.5)
    names = [title(row["reason"]) for row in rows[:half]]
    share = rows[half - 1]["cumulative"]
    if half == 1:
        told = "all" if share == 1 else f"{percent(share)} of all"
        yield f"One reason, {names[0]}, causes {told} repeats."
        return
    yield f"{half} of {len(rows):,} reasons cause {percent(share)} of all repeats: {_list(names)}."


def _recoded(report: Report) -> Iterator[str]:
    row = report.overall
    if (row["other_issue"] or 0) >= NAMED:
        yield (
            f"Within the window {percent(row['any_issue'])} came back: "
            f"{percent(row['same_issue'])} about the same issue, "
            f"{percent(row['other_issue'])} only about what is coded as another."
        )


def _waiting(report: Report) -> Iterator[str]:
    window = report.policy.window / HOUR
    within = [row for row in report.time_to_repeat if row["hours"] <= window]
    if not within or not within[-1]["same"]:
        return
    half = next(row for row in within if row["same"] >= within[-1]["same"] / 2)
    last = [row for row in report.time_to_repeat if row["same"] == row["same"]][-1]
    yield (
        f"Half of those who come back about the same issue within "
        f"{format_duration(report.policy.window)} do so within {_hours(half['hours'])}; after "
        f"{last['hours'] / 24:.0f} days {percent(last['same'])} have come back."
    )


def _hours(hours: float) -> str:
    return (
        "an hour"
        if hours <= 1
        else f"{hours:.0f} hours"
        if hours < 72
        else f"{hours / 24:.0f} days"
    )


def _claims(report: Report) -> Iterator[str]:
    for row in report.agreement:
        if (row["first"], row["second"]) == ("agent", "measured") and row["wrong_of"]:
            yield (
                f"Of {row['wrong_of']:,} contacts that agents called resolved, "
                f"{percent(row['wrong'])} were repeated all the same."
            )


def _rules(report: Report) -> Iterator[str]:
    known = [row for row in report.sensitivity if row["fcr_of"]]
    if known:
        low, high = min(known, key=lambda r: r["fcr"]), max(known, key=lambda r: r["fcr"])
        yield (
            f"The rules alone move FCR from {percent(low['fcr'])} ({low['window']}, "
            f"{low['related']}) to {percent(high['fcr'])} ({high['window']}, {high['related']})."
        )


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
