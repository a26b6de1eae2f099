"""What is sent to work on the list, and what comes back; part of the OpenAPI document."""

import datetime as dt
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from recontact_serving.follow_up.details import LONGEST
from recontact_serving.follow_up.standing import Action
from recontact_serving.web.fields import Id, Instant
from recontact_serving.web.schemas import AtRisk, Item, Problem, WorkOutcome

MOST = 200  # contacts at once
AHEAD = "ahead, within 30 days"


def _not_blank(value: str) -> str:
    if not value.strip() or "\0" in value:
        raise ValueError("there is nothing to read in it")
    return value.strip()


Said = Annotated[
    str,
    Field(
        min_length=1, max_length=LONGEST, json_schema_extra={"pattern": r"^[^\u0000]*\S[^\u0000]*$"}
    ),
    AfterValidator(_not_blank),
]


class _Request(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Nothing(_Request):
    """There is nothing to say; the body may be left out."""


class Until(_Request):
    """Until when it is put off."""

    until: Instant = Field(description=AHEAD)


class Resolution(_Request):
    """What came of it."""

    outcome: WorkOutcome


class Disagreement(_Request):
    """Why the flag is wrong."""

    reason: Said


class To(_Request):
    """Who is to follow it up."""

    to: Id


class Note(_Request):
    """What others should know."""

    text: Said


class Work(_Request):
    """One thing to do about one contact."""

    contact_id: Id
    action: Action
    until: Instant | None = Field(default=None, description=f"snooze: {AHEAD}")
    outcome: WorkOutcome | None = Field(default=None, description="resolve")
    to: Id | None = Field(default=None, description="assign")
    reason: Said | None = Field(default=None, description="disagree")
    text: Said | None = Field(default=None, description="note")

    def details(self) -> dict[str, Any]:
        """Give what goes with the action."""
        named = ("until", "outcome", "to", "reason", "text")
        return {name: value for name in named if (value := getattr(self, name)) is not None}


class SeveralWorks(_Request):
    """Several things to do; each is checked and done by itself."""

    requests: list[Item] = Field(max_length=MOST)


class Worked(_Answer):
    """One answer for each request, in the same order."""

    results: list[AtRisk | Problem]


class Acted(_Answer):
    """One thing that was done about a contact."""

    at: dt.datetime
    who: str
    action: str
    details: dict[str, Any]
    undone: bool


class FollowUp(AtRisk):
    """One contact of the list, with all that was done about it."""

    log: list[Acted]
