"""What the service answers with, as the OpenAPI document describes it; instants are ISO 8601."""

from typing import Literal, NotRequired, TypedDict

Band = Literal["low", "medium", "high", "already"]
Moment = Literal["start", "live", "wrapup"]
Explain = Literal["auto", "always", "never"]


class Outcome(TypedDict):
    """How likely an outcome is: 1 and `already` where it has happened."""

    probability: float
    band: Band


class Because(TypedDict):
    """One reason of a probability, in plain words; `effect` is in log-odds."""

    outcome: Literal["repeated", "escalation"]
    feature: str
    value: bool | int | float | str | None
    effect: float | None
    text: str


class NextIssue(TypedDict):
    """What the customer will probably ask next, and a question that probes for it."""

    reason: str
    probability: float
    probe: str


class Past(TypedDict):
    """The customer's other contacts, as known at the instant."""

    contacts_48h: int | None
    contacts_30d: int | None
    last_contact_at: str | None
    last_reason: str | None
    last_agent_id: str | None


class Score(TypedDict):
    """The answer to a score request."""

    contact_id: str
    moment: Moment
    at: str
    repeated: Outcome
    escalation: Outcome
    reasons: list[Because]
    next_issues: list[NextIssue]
    history: Past
    model: dict[str, str]
    policy: str
    degraded: list[str]


class FieldError(TypedDict):
    """What is wrong with one field."""

    pointer: str
    detail: str


class Problem(TypedDict):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[FieldError] | None]


class Rejected(TypedDict):
    """One contact that was not taken, and why; `index` counts from 0."""

    index: int
    contact_id: str | None
    problem: Problem


class Taken(TypedDict):
    """How many contacts were new or corrected, how many known already, and which were refused."""

    accepted: int
    unchanged: int
    rejected: list[Rejected]


class CalledAgain(TypedDict):
    """The customer's first contact after this one; null id and reason: another team's."""

    contact_id: str | None
    at: str
    reason: str | None


class AtRisk(TypedDict):
    """One contact of the at-risk list."""

    contact_id: str
    customer_id: str | None
    program: str | None
    queue: str | None
    team: str | None
    agent_id: str | None
    started_at: str
    at: str
    cost: float
    due_at: str | None
    closes_at: str
    state: Literal["open", "claimed", "snoozed", "resolved", "lapsed", "held_out"]
    owner: str | None
    until: str | None
    outcome: Literal["solved", "not_reached", "no_issue", "coached", "wrong_flag"] | None
    disputed: bool
    version: int
    called_again: CalledAgain | None
    repeated: Outcome
    escalation: Outcome
    reasons: list[Because]
    next_issues: list[NextIssue]
    history: Past
    model: dict[str, str]
    policy: str
    degraded: list[str]


class Acted(TypedDict):
    """One thing that was done about a contact."""

    at: str
    who: str
    action: str
    details: dict[str, str]
    undone: bool


class FollowUp(AtRisk):
    """One contact of the list, with all that was done about it."""

    log: list[Acted]


class AtRiskList(TypedDict):
    """A page of the list; `cursor` leads to the next one."""

    items: list[AtRisk]
    cursor: str | None


class Promised(TypedDict):
    """What was promised, by whom it is kept and until when."""

    what: str
    owner: str | None
    due_at: str | None


class Sent(TypedDict):
    """What the agent did, as last sent."""

    probed: bool | None
    promised: Promised | None
    sent_at: str


class CheckItem(TypedDict):
    """One thing that should be so before the agent leaves the call."""

    item: Literal["reason", "promise", "probe"]
    done: bool
    text: str


class ScoresOfCall(TypedDict):
    """The latest score at each moment."""

    start: Score | None
    live: Score | None
    wrapup: Score | None


class Call(TypedDict):
    """One call as the service knows it."""

    contact_id: str
    program: str | None
    customer_id: str | None
    agent_id: str | None
    team: str | None
    queue: str | None
    reason: str | None
    started_at: str
    moment: Moment
    scores: ScoresOfCall
    check: list[CheckItem]
    actions: Sent | None


class Token(TypedDict):
    """A token that a browser may hold."""

    token: str
    expires_at: str
    agent_id: str | None
    contact_id: str | None
