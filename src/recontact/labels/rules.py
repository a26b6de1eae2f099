"""What the policy says of each contact, as plain arrays: who counts, who is judged, who is related.

Texts are looked at once per distinct value and policy, never once per row.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.compiled import compiled
from recontact.contacts import channel_of, direction_of, handled_of, normalise_reason
from recontact.history import Order, codes, numbered, order
from recontact.policy import Policy

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Texts = list[str | None]

EXCLUSIONS = (
    "no_customer",
    "not_inbound",
    "channel",
    "not_handled",
    "too_short",
    "disposition",
    "no_issue",
)
LONGEST_US = 2**62  # no two instants are further apart


@dataclass(frozen=True)
class Rules:
    """The policy applied to each contact, every array in the row order of the contacts table.

    Attributes
    ----------
    window_us, lookback_us : numpy.ndarray of int64
        The contact's own window (by its reason) and look-back, at most `LONGEST_US`.
    arrives : numpy.ndarray of bool
        Inbound and on a counted channel.
    excluded : numpy.ndarray of bool
        Of a disposition that is never judged and never counted.
    count_unhandled : numpy.ndarray of bool
        An abandoned attempt counts in this contact's program.
    counts : numpy.ndarray of bool
        Counts as an earlier or later contact: arrives, not excluded, and handled or
        `count_unhandled`. An anonymous contact may count too, but relates to nothing.
    exclusion : numpy.ndarray of int64
        Position in `EXCLUSIONS` of the first that holds, -1 where the contact may be judged.
    issues : numpy.ndarray of int64, shape (1 or 2, contacts)
        Two contacts are related when they hold the same code, not -1, in one of the rows. A
        code is used inside one program and customer only; those of one customer follow each
        other without a gap, in order of appearance. Row 0 compares reasons (or, for
        ``related_by: any``, nothing but the customer), row 1 cases; row 1 is left out where no
        program compares cases.
    windows_us : numpy.ndarray of int64
        The distinct windows, ascending.
    """

    window_us: Ints
    lookback_us: Ints
    arrives: Flags
    excluded: Flags
    count_unhandled: Flags
    counts: Flags
    exclusion: Ints
    issues: Ints
    windows_us: Ints

    @property
    def eligible(self) -> Flags:
        """Which contacts may be judged."""
        return self.exclusion < 0


def rules(contacts: pa.Table, policy: Policy, ordered: Order | None = None) -> Rules:
    """Apply a policy to each contact.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    policy : Policy
        With its overrides by program.
    ordered : Order, optional
        `recontact.history.order` of the contacts, where it is already there.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> from recontact.contacts import canonical
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 2, 3)]
    >>> contacts = canonical(pa.table({
    ...     "contact_id": ["1", "2", "3"], "customer_id": ["x", "x", None], "started_at": t,
    ...     "ended_at": t, "reason": ["bill > late", "bill", "bill"],
    ...     "channel": ["voice", "chat", "voice"]}))
    >>> applied = rules(contacts, Policy.parse({"reason_level": 1}))
    >>> applied.counts.tolist(), applied.issues.tolist()
    ([True, True, True], [[0, 0, -1]])
    >>> [EXCLUSIONS[code] if code >= 0 else None for code in applied.exclusion]
    [None, 'channel', 'no_customer']
    """
    facts = _Facts.of(contacts)
    applied = _blank(len(contacts))
    windows = [_apply(own, facts, rows, applied) for own, rows in _by_policy(facts, policy)]
    issues = applied.issues if (applied.issues[1] >= 0).any() else applied.issues[:1]
    _number_issues(issues, ordered or order(contacts))
    return replace(applied, issues=issues, windows_us=np.unique(np.concatenate(windows)))


@dataclass(frozen=True)
class _Facts:
    """What the rules look at: codes of texts with the texts themselves, and plain arrays."""

    programs: tuple[Ints, Texts]
    channels: tuple[Ints, Texts]
    dispositions: tuple[Ints, Texts]
    reasons: tuple[Ints, Texts]
    cases: Ints
    known_customer: Flags
    inbound: Flags
    handled: Flags
    talk_s: npt.NDArray[np.float64]

    @classmethod
    def of(cls, contacts: pa.Table) -> "_Facts":
        return cls(
            programs=_coded(contacts["program"]),
            channels=_coded(channel_of(contacts)),
            dispositions=_coded(contacts["disposition"]),
            reasons=_coded(contacts["reason"]),
            cases=codes(contacts["case_id"]),
            known_customer=contacts["customer_id"].is_valid().to_numpy(),
            inbound=_matching(_coded(direction_of(contacts)), ("inbound",)),
            handled=handled_of(contacts),
            talk_s=contacts["talk_s"].to_numpy(),
        )


def _coded(column: pa.ChunkedArray) -> tuple[Ints, Texts]:
    """Give codes and the distinct texts by code; the last, at -1, is null."""
    numbers, texts = numbered(column)
    return numbers, [*texts.to_pylist(), None]


def _matching(coded: tuple[Ints, Texts], wanted: tuple[str, ...]) -> Flags:
    found, texts = coded
    return np.array([text in wanted for text in texts], dtype=bool)[found]


def _blank(size: int) -> Rules:
    return Rules(
        window_us=np.zeros(size, np.int64),
        lookback_us=np.zeros(size, np.int64),
        arrives=np.zeros(size, bool),
        excluded=np.zeros(size, bool),
        count_unhandled=np.zeros(size, bool),
        counts=np.zeros(size, bool),
        exclusion=np.zeros(size, np.int64),
        issues=np.zeros((2, size), np.int64),
        windows_us=np.zeros(0, np.int64),
    )


def _by_policy(facts: _Facts, policy: Policy) -> list[tuple[Policy, Ints | slice]]:
    """Group the rows by the policy of their program."""
    found, programs = facts.programs
    special = [code for code, program in enumerate(programs) if program in policy.by_program]
    if not special:
        return [(policy.for_program(None), slice(None))]
    groups = {code: policy.for_program(programs[code]) for code in special}
    sorted_rows = np.argsort(found, kind="stable")
    bounds = np.searchsorted(found[sorted_rows], [[code, code + 1] for code in special])
    own = [(groups[c], sorted_rows[a:b]) for c, (a, b) in zip(special, bounds, strict=True)]
    others = np.flatnonzero(~np.isin(found, special))
    return [(policy.for_program(None), others), *own]


def _apply(policy: Policy, facts: _Facts, rows: Ints | slice, to: Rules) -> Ints:
    """Fill the rows of one policy; give the windows that occur."""
    found, reasons = facts.reasons
    by_reason = np.array([window_of(policy, reason) for reason in reasons], dtype=np.int64)
    to.window_us[rows] = by_reason[found[rows]]
    to.lookback_us[rows] = min(policy.lookback, LONGEST_US)
    counted = _among(facts.channels, policy.counted_channels)[facts.channels[0][rows]]
    excluded = _among(facts.dispositions, policy.exclude_dispositions)[facts.dispositions[0][rows]]
    to.arrives[rows] = facts.inbound[rows] & counted
    to.excluded[rows] = excluded
    to.count_unhandled[rows] = policy.count_unhandled
    served = facts.handled[rows] | policy.count_unhandled
    to.counts[rows] = to.arrives[rows] & ~excluded & served
    to.issues[0, rows], to.issues[1, rows] = _issue_texts(policy, facts, rows)
    to.exclusion[rows] = _exclusions(policy, facts, rows, to)
    return by_reason


def _among(coded: tuple[Ints, Texts], wanted: tuple[str, ...] | None) -> Flags:
    return np.array([wanted is None or text in wanted for text in coded[1]], dtype=bool)


def window_of(policy: Policy, reason: str | None) -> int:
    """Give the window of a reason: of the entry that is its longest leading run of levels.

    Parameters
    ----------
    policy : Policy
        Of the contact's program.
    reason : str or None
        In its one form.

    Examples
    --------
    >>> policy = Policy.parse({"window_by_reason": {"billing": "7d", "billing > dispute": "30d"}})
    >>> window_of(policy, "billing > dispute > fee") // 86_400_000_000
    30
    """
    levels = reason.split(" > ") if reason else []
    runs = (" > ".join(levels[:k]) for k in range(len(levels), 0, -1))
    own = next((policy.window_by_reason[r] for r in runs if r in policy.window_by_reason), None)
    return min(policy.window if own is None else own, LONGEST_US)


def _issue_texts(policy: Policy, facts: _Facts, rows: Ints | slice) -> tuple[Ints, Ints]:
    """Code what the policy compares: reasons (or nothing but the customer) and cases."""
    cases = facts.cases[rows]
    nothing = np.full(len(cases), -1, dtype=np.int64)
    if policy.related_by == "any":
        return nothing + 1, nothing
    if policy.related_by == "case":
        return nothing, cases
    cut = [normalise_reason(reason, policy.reason_level) for reason in facts.reasons[1]]
    number = {text: code for code, text in enumerate(dict.fromkeys(cut)) if text is not None}
    reasons = np.array([-1 if text is None else number[text] for text in cut], dtype=np.int64)
    own = reasons[facts.reasons[0][rows]]
    return own, cases if policy.related_by == "reason_or_case" else nothing


def _exclusions(policy: Policy, facts: _Facts, rows: Ints | slice, to: Rules) -> Ints:
    judged = _among(facts.channels, policy.index_channels)[facts.channels[0][rows]]
    talked = facts.talk_s[rows] >= (policy.min_talk_s or 0.0)
    holds = (
        ~facts.known_customer[rows],
        ~facts.inbound[rows],
        ~judged,
        ~facts.handled[rows],
        np.zeros_like(judged) if policy.min_talk_s is None else ~talked,
        to.excluded[rows],
        (to.issues[0, rows] < 0) & (to.issues[1, rows] < 0),
    )
    return np.select(holds, range(len(holds)), default=-1)


def _number_issues(issues: Ints, ordered: Order) -> None:
    """Turn codes of texts into codes of issues, each inside one program and customer."""
    for way in issues:
        seen = np.full((2, int(way.max(initial=-1)) + 1), -1, dtype=np.int64)
        _number(way, ordered.rows, ordered.starts, seen)


@compiled
def _number(texts: Ints, rows: Ints, starts: Ints, seen: Ints) -> None:
    """Replace text codes by issue codes in place; `seen` keeps customer and issue by text."""
    issue = 0
    for k in range(starts[0]):
        texts[rows[k]] = -1
    for customer in range(len(starts) - 1):
        for k in range(starts[customer], starts[customer + 1]):
            text = texts[rows[k]]
            if text < 0:
                continue
            if seen[0, text] != customer:
                seen[0, text], seen[1, text] = customer, issue
                issue += 1
            texts[rows[k]] = seen[1, text]
