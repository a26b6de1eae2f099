"""Sign-in by an identity provider: what the operator sets, and which groups mean which role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from recontact import yaml_files
from recontact.errors import UserError
from recontact_serving.people.roles import ROLES

NEEDED = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ROLES", "PUBLIC_URL")
SEE = "docs/people.md shows a whole one"
KEYS = {"claim": "groups", "name": "preferred_username", "agent_id": ""}
GRANT_KEYS = ("group", "role", "programs", "teams")
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Grant:
    """What the members of a group are."""

    group: str
    role: str
    programs: tuple[str, ...] | None = None
    teams: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Mapped:
    """Which claims tell who somebody is.

    Attributes
    ----------
    grants : tuple of Grant
        The first whose group somebody is in tells the role.
    claim : str
        Names the groups.
    name : str
        Names the person.
    agent_id : str
        Names the agent whose contacts are the person's own; empty: none does.

    Examples
    --------
    >>> mapped = Mapped.parse("roles: [{group: leads, role: lead, teams: [north]}]")
    >>> mapped.grant({"groups": ["staff", "leads"]}).teams, mapped.grant({"groups": "staff"})
    (('north',), None)
    """

    grants: tuple[Grant, ...]
    claim: str = KEYS["claim"]
    name: str = KEYS["name"]
    agent_id: str = KEYS["agent_id"]

    @classmethod
    def parse(cls, text: str, what: str = "the roles") -> "Mapped":
        """Read it from YAML.

        Raises
        ------
        UserError
            It is not of this form; the message names the key.
        """
        found = yaml_files.parse(text, what, SEE)
        if not isinstance(found, dict) or not isinstance(found.get("roles"), list):
            raise UserError(f"{what}: there is no list `roles`", mend=SEE)
        _only(found, (*KEYS, "roles"), what)
        claims = {key: _text(found.get(key, default), key, what) for key, default in KEYS.items()}
        grants = tuple(_grant(one, what) for one in found["roles"])
        return cls(grants, **claims)

    def grant(self, claims: Mapping[str, Any]) -> Grant | None:
        """Tell what somebody is by these claims; None: nothing here."""
        found = claims.get(self.claim)
        groups = found if isinstance(found, list) else [found]
        return next((one for one in self.grants if one.group in groups), None)


@dataclass(frozen=True)
class OidcSettings:
    """Where people sign in, and how this service is known there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    public_url: str
    mapped: Mapped

    @classmethod
    def read(cls, env: Mapping[str, str]) -> "OidcSettings":
        """Read `RECONTACT_OIDC_*` and `RECONTACT_PUBLIC_URL`.

        Raises
        ------
        UserError
            Something is missing or can't be used; the message names the variable.
        """
        given = {name: env.get(f"RECONTACT_{name}") or "" for name in NEEDED}
        missing = [f"RECONTACT_{name}" for name, value in given.items() if not value]
        if missing:
            raise UserError(f"{missing[0]} is not set", mend="sign-in by OIDC needs it")
        for name in ("OIDC_ISSUER", "PUBLIC_URL"):
            _check_url(f"RECONTACT_{name}", given[name])
        file = given["OIDC_ROLES"]
        return cls(
            given["OIDC_ISSUER"],
            given["OIDC_CLIENT_ID"],
            given["OIDC_CLIENT_SECRET"],
            given["PUBLIC_URL"].rstrip("/"),
            Mapped.parse(yaml_files.read_text(file), file),
        )

    @property
    def redirect_uri(self) -> str:
        """Where the provider leads back to."""
        return f"{self.public_url}/sign-in/callback"


def is_safe(url: str) -> bool:
    """Tell whether what is sent there can't be read on the way.

    Examples
    --------
    >>> is_safe("https://id.example"), is_safe("http://127.0.0.1:80"), is_safe("http://id.example")
    (True, True, False)
    """
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in LOCAL
    return bool(parts.hostname) and (parts.scheme == "https" or local)


def _check_url(name: str, url: str) -> None:
    parts = urlsplit(url)
    if not is_safe(url) or parts.query or parts.fragment or parts.username is not None:
        raise UserError(
            f"{name} is '{url}'", mend="give an https address such as https://id.example.org"
        )


def _grant(given: Any, what: str) -> Grant:
    if not isinstance(given, dict) or not {"group", "role"} <= given.keys():
        raise UserError(f"{what}: each of `roles` needs `group` and `role`", mend=SEE)
    _only(given, GRANT_KEYS, what)
    role = _text(given["role"], "role", what)
    if role not in ROLES:
        raise UserError(f"{what}: '{role}' is no role", mend=f"roles are {', '.join(ROLES)}")
    limits = {key: _names(given.get(key), key, what) for key in ("programs", "teams")}
    if role == "admin" and any(some is not None for some in limits.values()):
        raise UserError(
            f"{what}: an admin sees every program and team", mend="take the limits away"
        )
    return Grant(_text(given["group"], "group", what), role, **limits)


def _names(given: Any, key: str, what: str) -> tuple[str, ...] | None:
    if given is None:
        return None
    if not isinstance(given, list) or not given:
        raise UserError(f"{what}: {key} is {given!r}", mend="give a list of names, or leave it out")
    return tuple(_text(one, key, what) for one in given)


def _text(given: Any, key: str, what: str) -> str:
    if not isinstance(given, str) or (not given and key != "agent_id"):
        raise UserError(f"{what}: {key} is {given!r}", mend="give a text")
    return given


def _only(given: Mapping[Any, Any], known: Sequence[str], what: str) -> None:
    for key in given:
        if key not in known:
            raise UserError(f"{what}: '{key}' is unknown", mend=f"keys are {', '.join(known)}")
