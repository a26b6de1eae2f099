"""What agents' desktops send and get; part of the OpenAPI document."""

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recontact_serving.web.fields import Id, Instant, Text
from recontact_serving.web.schemas import Moment, Score

HOURS = 8.0  # how long a token is good for, unless asked otherwise: a shift
MOST_HOURS = 24.0


class _Request(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Promise(_Request):
    """What was promised to the customer; without owner and date the check at wrap-up asks."""

    what: Id
    owner: Text | None = None
    due_at: Instant | None = None


class Actions(_Request):
    """What the agent did: all of it, each time."""

    probed: bool | None = Field(description="whether the probe question was asked; null: no word")
    promised: Promise | None


def _only(given: str, missing: str) -> dict[str, Any]:
    kinds = {given: {"type": "string"}, missing: {"type": "null"}}
    return {"required": [given], "properties": kinds}


class TokenRequest(_Request):
    """Whose calls a token is for: one agent's, or one call."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [_only("agent_id", "contact_id"), _only("contact_id", "agent_id")]
        }
    )

    agent_id: Id | None = None
    contact_id: Id | None = None
    hours: float = Field(default=HOURS, gt=0, le=MOST_HOURS)

    @model_validator(mode="after")
    def _one_of_both(self) -> "TokenRequest":
        if (self.agent_id is None) == (self.contact_id is None):
            raise ValueError("give one of agent_id and contact_id")
        return self


class Token(_Answer):
    """A token for a browser: `Authorization: Bearer TOKEN` at the calls it is for."""

    token: str
    expires_at: dt.datetime
    agent_id: str | None
    contact_id: str | None


class Promised(_Answer):
    """What was promised, by whom it is kept and until when."""

    what: str
    owner: str | None
    due_at: dt.datetime | None


class Sent(_Answer):
    """What the agent did, as last sent."""

    probed: bool | None
    promised: Promised | None
    sent_at: dt.datetime


class CheckItem(_Answer):
    """One thing that should be so before the agent leaves the call."""

    item: Literal["reason", "promise", "probe"]
    done: bool
    text: str


class ScoresOfCall(_Answer):
    """The latest score at each moment."""

    start: Score | None
    live: Score | None
    wrapup: Score | None


class Call(_Answer):
    """One call as the service knows it."""

    contact_id: str
    program: str | None
    customer_id: str | None
    agent_id: str | None
    team: str | None
    queue: str | None
    reason: str | None
    started_at: dt.datetime
    moment: Moment = Field(description="that of the latest score")
    scores: ScoresOfCall
    check: list[CheckItem] = Field(description="what should be so before the agent leaves")
    actions: Sent | None = Field(description="what the agent did; null: nothing was sent")
