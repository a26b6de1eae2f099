"""What requests may say and what answers say; the OpenAPI document is made from it.

Requests are strict: an unknown field, a number given as text or an unreadable instant is an
error that names the field.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from recontact.contacts import SCHEMA
from recontact_serving.web.fields import (
    NAMES,
    Answer,
    Attribute,
    Count,
    Id,
    Instant,
    Name,
    Notes,
    Reason,
    Seconds,
    Text,
)

Band = Literal["low", "medium", "high", "already"]
Moment = Literal["start", "live", "wrapup"]
State = Literal["open", "claimed", "snoozed", "resolved", "lapsed", "held_out"]
Listed = Literal["open", "claimed", "snoozed", "resolved", "lapsed"]
WorkOutcome = Literal["solved", "not_reached", "no_issue", "coached", "wrong_flag"]
OWN: dict[str, Any] = {**NAMES, "not": {"enum": SCHEMA.names}}  # a column is no attribute
Item = Annotated[Any, Field(description="checked by itself; what is wrong is said in its place")]
COLUMNS = tuple(SCHEMA.names)
MOST_SCORES = 1000
MOST_CONTACTS = 10_000


class _Request(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Facts(_Request):
    """The columns of a contact, as far as they are known."""

    contact_id: Id
    customer_id: Text | None = None
    started_at: Instant
    ended_at: Instant | None = None
    interaction_id: Text | None = None
    program: Text | None = None
    channel: Text | None = None
    direction: Text | None = None
    handled: bool | None = None
    queue: Text | None = None
    agent_id: Text | None = None
    team: Text | None = None
    site: Text | None = None
    reason: Reason | None = None
    case_id: Text | None = None
    disposition: Text | None = None
    wait_s: Seconds | None = None
    talk_s: Seconds | None = None
    hold_s: Seconds | None = None
    wrap_s: Seconds | None = None
    hold_count: Count | None = None
    transfer_count: Count | None = None
    tier: Count | None = None
    escalated: bool | None = None
    csat: Answer | None = None
    nps: Answer | None = None
    ces: Answer | None = None
    survey_resolved: bool | None = None
    agent_resolved: bool | None = None
    dropped: bool | None = None
    notes: Notes | None = None
    known_at: Instant | None = None
    attributes: dict[Name, Attribute] = Field(
        default={}, max_length=200, json_schema_extra={"propertyNames": OWN}
    )

    @field_validator("ended_at")
    @classmethod
    def _in_order(cls, value: dt.datetime | None, info: ValidationInfo) -> dt.datetime | None:
        return _not_before(value, info.data.get("started_at"))

    @field_validator("attributes")
    @classmethod
    def _own_names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if name in COLUMNS:
                raise ValueError(f"'{name}' is a field of its own, not an attribute")
        return value

    def columns(self) -> dict[str, Any]:
        """Give the columns that are known, other columns among them."""
        told = self.__dict__
        known = {name: value for name in COLUMNS if (value := told[name]) is not None}
        return known | {name: v for name, v in self.attributes.items() if v is not None}


class Contact(_Facts):
    """One finished contact."""

    ended_at: Instant


class ScoreRequest(_Facts):
    """One contact as it stands, and when and how to score it."""

    moment: Moment
    at: Instant | None = Field(default=None, description="default: now")
    explain: Literal["auto", "always", "never"] = "auto"

    @field_validator("at")
    @classmethod
    def _not_before_its_start(
        cls, value: dt.datetime | None, info: ValidationInfo
    ) -> dt.datetime | None:
        return _not_before(value, info.data.get("started_at"))

    def instant(self, at: dt.datetime) -> dt.datetime:
        """Return the instant of the score: its history is cut there."""
        if self.moment == "wrapup":
            return self.ended_at or at
        return self.started_at if self.moment == "start" else at


class ScoreRequests(_Request):
    """Several score requests; each is checked by itself."""

    requests: list[Item] = Field(max_length=MOST_SCORES)


class Contacts(_Request):
    """Several contacts; each is checked by itself."""

    contacts: list[Item] = Field(max_length=MOST_CONTACTS)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Outcome(_Answer):
    """How likely an outcome is: 1 and `already` where it has happened."""

    probability: float = Field(ge=0, le=1)
    band: Band


class Because(_Answer):
    """One reason of a probability, in plain words."""

    outcome: Literal["repeated", "escalation"]
    feature: str
    value: bool | int | float | str | None
    effect: float | None = Field(description="in log-odds; null for a fact")
    text: str


class NextIssue(_Answer):
    """What the customer will probably ask next, and a question that probes for it."""

    reason: str
    probability: float = Field(ge=0, le=1)
    probe: str


class Past(_Answer):
    """The customer's other contacts, as known at the instant."""

    contacts_48h: int | None
    contacts_30d: int | None
    last_contact_at: dt.datetime | None
    last_reason: str | None
    last_agent_id: str | None


class Score(_Answer):
    """The answer to a score request."""

    contact_id: str
    moment: Moment
    at: dt.datetime = Field(description="the instant at which the history was cut")
    repeated: Outcome
    escalation: Outcome
    reasons: list[Because]
    next_issues: list[NextIssue]
    history: Past
    model: dict[str, str] = Field(description="name of each model: its version")
    policy: str = Field(description="digest of the policy that the models were trained under")
    degraded: list[str] = Field(description="what was missing")


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list["FieldError"] | None = Field(default=None, description="at invalid input")


class FieldError(_Answer):
    """What is wrong with one field."""

    pointer: str = Field(description="JSON pointer into the body, or the parameter's name")
    detail: str


class Scores(_Answer):
    """One answer for each request, in the same order."""

    results: list[Score | Problem]


class Rejected(_Answer):
    """One contact that was not taken, and why."""

    index: int
    contact_id: str | None
    problem: Problem


class Taken(_Answer):
    """How many contacts were new or corrected, how many known already, and which were refused."""

    accepted: int
    unchanged: int
    rejected: list[Rejected]


class ErasedCustomer(_Answer):
    """How many rows that named a customer were deleted, by table."""

    erased: dict[str, int]


class CalledAgain(_Answer):
    """The customer's first contact after this one."""

    contact_id: str | None = Field(description="null, as the reason, if another team's")
    at: dt.datetime = Field(description="when it began")
    reason: str | None


class AtRisk(_Answer):
    """One contact of the list, and what is done about it."""

    contact_id: str
    customer_id: str | None
    program: str | None
    queue: str | None
    team: str | None
    agent_id: str | None
    started_at: dt.datetime
    at: dt.datetime
    cost: float = Field(description="expected and avoidable; the list is sorted by it")
    due_at: dt.datetime | None = Field(
        description="by then a quarter of those are back who come back; null: not known"
    )
    closes_at: dt.datetime = Field(description="from then on a repeat would not count any more")
    state: State
    owner: str | None
    until: dt.datetime | None = Field(description="while snoozed, until when")
    outcome: WorkOutcome | None
    disputed: bool
    version: int = Field(description="one more with each thing done")
    called_again: CalledAgain | None
    repeated: Outcome
    escalation: Outcome
    reasons: list[Because]
    next_issues: list[NextIssue]
    history: Past
    model: dict[str, str]
    policy: str
    degraded: list[str]


class AtRiskList(_Answer):
    """A page of the list, worst first; `cursor` leads to the next page, null at the end."""

    items: list[AtRisk]
    cursor: str | None


class Live(_Answer):
    """The process answers."""

    status: Literal["live"]


class DatabaseCheck(_Answer):
    """Whether the database answers."""

    ok: bool
    trouble: str | None


class ModelsCheck(_Answer):
    """Which models are in use."""

    ok: bool
    trouble: str | None
    models: dict[str, str] = Field(description="name of each model: its version")
    policy: str | None


class RatesCheck(_Answer):
    """How old the rates of agents, queues and reasons are; without them, scores know less."""

    ok: bool
    trouble: str | None
    age_s: int | None = None
    up_to: dt.datetime | None = None


class Checks(_Answer):
    """What was looked at."""

    database: DatabaseCheck
    models: ModelsCheck
    rates: RatesCheck


class Ready(_Answer):
    """Scores can be given now."""

    status: Literal["ready"]
    checks: Checks


def _not_before(value: dt.datetime | None, started_at: dt.datetime | None) -> dt.datetime | None:
    if value is not None and started_at is not None and value < started_at:
        raise ValueError("lies before started_at")
    return value


def name_of(item: Item) -> str | None:
    """Return the contact's name in an item that may be anything."""
    name = item.get("contact_id") if isinstance(item, Mapping) else None
    return name.encode(errors="replace").decode() if isinstance(name, str) else None
