"""`recontact users`."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recontact.errors import UserError
from recontact_pipelines.limits import note_unknown
from recontact_pipelines.output import emit, note

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from recontact_serving.people.accounts import Person


class UserAction(StrEnum):
    """What to do with the people."""

    add = "add"
    list = "list"
    set = "set"
    remove = "remove"


class RoleName(StrEnum):
    """What a person is, by which it is told what they may do."""

    agent = "agent"
    lead = "lead"
    manager = "manager"
    analyst = "analyst"
    admin = "admin"


def users(
    action: Annotated[UserAction, typer.Argument(help="What to do.")],
    name: Annotated[str | None, typer.Argument(help="The person's name; not for list.")] = None,
    role: Annotated[
        RoleName | None,
        typer.Option(
            help="add, set: what the person may do. The first person is admin unless this says "
            "otherwise, whoever comes later agent."
        ),
    ] = None,
    programs: Annotated[
        list[str] | None,
        typer.Option(
            "--program",
            help="add, set: a program whose contacts the person sees. Can be given several times; "
            "without it, all. set: --program '' takes the limit away.",
        ),
    ] = None,
    teams: Annotated[
        list[str] | None,
        typer.Option("--team", help="add, set: a team whose contacts the person sees; likewise."),
    ] = None,
    agent_id: Annotated[
        str | None,
        typer.Option(help="add, set: the agent whose contacts are the person's own."),
    ] = None,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read the password from standard input; with set, it is the new one.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Add, list, change or remove the people who may sign in to the service's pages.

    For add, the password is asked for, or read from standard input. set changes what is named
    and leaves the rest; another role or password, and remove, end the person's sessions. Roles:
    agent (own contacts), lead (a team's list), manager (also whether it works), analyst (looks,
    changes nothing), admin (everything, and people). The database is the one of
    RECONTACT_DATABASE_URL (default sqlite:///recontact.db).

    Example:

        recontact users add ada
        recontact users add ben --role lead --program acme --team north
        recontact users add cleo --role agent --agent-id a-17 --password-stdin < password.txt
        recontact users list
        recontact users set ben --role manager --team ''
        recontact users remove ben
    """
    from recontact_serving.settings import Settings  # noqa: PLC0415
    from recontact_serving.storage.database import Database  # noqa: PLC0415 - the service's libraries

    if action is not UserAction.list and not name:
        raise UserError(f"users {action} needs a name", mend=f"recontact users {action} NAME")
    given = {"role": role, "programs": programs, "teams": teams, "agent_id": agent_id}
    given = {what: value for what, value in given.items() if value is not None}
    changes = action in {UserAction.add, UserAction.set}
    if not changes and (given or password_stdin):
        raise UserError(
            f"users {action} takes no role, program, team, agent id or password",
            mend="these are for add and set",
        )
    database = Database(Settings.read().database_url)
    asked = action is UserAction.add or password_stdin
    password = _password(password_stdin) if asked else None
    with database.write() as db:
        note_unknown(db, {"program": programs, "team": teams})
        result, words = _do(db, action, name or "", given, password)
    emit(result, words, as_json)


def _do(
    db: "Connection",
    action: UserAction,
    name: str,
    given: Mapping[str, Any],
    password: str | None,
) -> tuple[dict[str, Any], str]:
    from recontact_serving.people import accounts  # noqa: PLC0415 - the service's libraries

    if action is UserAction.list:
        found = accounts.list_users(db)
        return {"users": [_row(person) for person in found]}, _table(found)
    if action is UserAction.remove:
        accounts.remove_user(db, name)
        return {"name": name, "removed": True}, f"'{name}' is removed"
    if action is UserAction.add:
        rights = {what: _limit(value) for what, value in given.items()}
        person = accounts.add_user(db, name, password, **rights)
        if person.role == "agent" and person.agent_id is None:
            note(f"'{name}' sees nothing yet: recontact users set {name} --agent-id ID (or --role)")
        return {**_row(person), "added": True}, f"'{name}' may sign in as {person.role}"
    person = _set(db, name, given, password)
    return {**_row(person), "changed": True}, f"'{name}' is changed: {_rights(person)}"


def _set(db: "Connection", name: str, given: Mapping[str, Any], password: str | None) -> "Person":
    """Change what is given; the rest stays."""
    from recontact_serving.people import accounts  # noqa: PLC0415 - the service's libraries

    if not given and password is None:
        raise UserError("nothing is to be changed", mend="recontact users set NAME --role ROLE")
    person = accounts.find_user(db, name)
    kept = {what: getattr(person, what) for what in ("role", "programs", "teams", "agent_id")}
    if given:
        new = kept | {what: _limit(value) for what, value in given.items()}
        person = accounts.set_rights(db, name, **new)
    if password is not None:
        accounts.set_password(db, name, password)
    return person


def _limit(value: Any) -> Any:
    """Read a limit: one empty text takes it away."""
    return None if value in ("", [""]) else value


def _row(person: "Person") -> dict[str, Any]:
    return {
        "name": person.name,
        "role": person.role,
        "programs": person.programs,
        "teams": person.teams,
        "agent_id": person.agent_id,
        "signs_in": "here" if person.local else "elsewhere",
        "created_at": person.created_at,
    }


def _rights(person: "Person") -> str:
    limits = (("program", person.programs), ("team", person.teams))
    words = [f"{what} {', '.join(some)}" for what, some in limits if some is not None]
    own = [f"agent id {person.agent_id}"] if person.agent_id else []
    return "; ".join([person.role, *words, *own])


def _table(found: "list[Person]") -> str:
    """Write the people as columns."""
    rows = [("name", "role", "programs", "teams", "agent id", "signs in", "since")]
    rows += [
        (
            person.name,
            person.role,
            ", ".join(person.programs) if person.programs is not None else "all",
            ", ".join(person.teams) if person.teams is not None else "all",
            person.agent_id or "none",
            "here" if person.local else "elsewhere",
            f"{person.created_at:%Y-%m-%d %H:%M} UTC",
        )
        for person in found
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines) if found else "no users yet"


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UserError(
            "the password can't be asked for without a terminal",
            mend="pipe it in: recontact users add NAME --password-stdin",
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
