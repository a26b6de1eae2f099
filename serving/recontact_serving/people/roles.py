"""What people may do: roles, and the scopes that each opens."""

from collections.abc import Mapping
from typing import Literal, get_args

from recontact_serving.people import keys

Role = Literal["agent", "lead", "manager", "analyst", "admin"]
Scope = Literal[
    keys.Scope,
    "own",  # one's own contacts
    "dispute",  # say that a flag is wrong
    "assign",  # give a contact to somebody, and take it from somebody
    "fcr",  # the FCR pages
    "capacity",  # how many follow-ups a team can do in a day
    "proof",  # whether the list works
    "people",  # who may sign in, and as what
    "account",  # one's own password
]
SCOPES: tuple[Scope, ...] = get_args(Scope)
LEAST: Role = "agent"  # sees nothing but the contacts of an agent, and none where none is named

_LEAD: tuple[Scope, ...] = ("read", "follow_up", "assign", "dispute", "fcr", "capacity")
_OPENED: Mapping[Role, tuple[Scope, ...]] = {
    "agent": ("own", "dispute"),
    "lead": _LEAD,
    "manager": (*_LEAD, "proof"),
    "analyst": ("read", "fcr", "proof"),
    "admin": tuple(scope for scope in SCOPES if scope not in {"score", "ingest"}),
}
ROLES: Mapping[str, frozenset[str]] = {
    role: frozenset((*opened, "account")) for role, opened in _OPENED.items()
}


def scopes_of(role: str) -> frozenset[str]:
    """Give what a role may do; one that is not known may do nothing.

    Examples
    --------
    >>> sorted(scopes_of("agent")), scopes_of("owner")
    (['account', 'dispute', 'own'], frozenset())
    """
    return ROLES.get(role, frozenset())


def home(scopes: frozenset[str]) -> str:
    """Give the page that somebody begins at.

    Examples
    --------
    >>> home(scopes_of("lead")), home(scopes_of("agent"))
    ('/', '/mine')
    """
    return "/" if "read" in scopes else "/mine"
