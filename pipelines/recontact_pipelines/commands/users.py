"""`recontact users`."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from recontact.errors import UserError
from recontact_pipelines.output import emit


class UserAction(StrEnum):
    """What to do with the people."""

    add = "add"
    list = "list"
    remove = "remove"


def users(
    action: Annotated[UserAction, typer.Argument(help="What to do.")],
    name: Annotated[str | None, typer.Argument(help="The person's name.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Add, list or remove the people who may sign in to the service's pages.

    The password is asked for, or read from standard input. Removing a person ends their
    sessions. The database is the one of RECONTACT_DATABASE_URL (default sqlite:///recontact.db).

    Example:

        recontact users add ada
        recontact users list
        recontact users remove ada
    """
    from recontact_serving import accounts  # noqa: PLC0415 - the service's libraries
    from recontact_serving.database import Database  # noqa: PLC0415
    from recontact_serving.settings import Settings  # noqa: PLC0415

    if action is not UserAction.list and not name:
        raise UserError(f"users {action} needs a name", mend=f"recontact users {action} NAME")
    database = Database(Settings.read().database_url)
    password = _password(password_stdin) if action is UserAction.add else ""
    with database.write() as db:
        if action is UserAction.add:
            accounts.add_user(db, name or "", password)
            emit({"name": name, "added": True}, f"'{name}' may sign in", as_json)
        elif action is UserAction.remove:
            accounts.remove_user(db, name or "")
            emit({"name": name, "removed": True}, f"'{name}' is removed", as_json)
        else:
            found = accounts.list_users(db)
            lines = [f"{user}  since {since:%Y-%m-%d %H:%M} UTC" for user, since in found]
            listed = [{"name": user, "created_at": since} for user, since in found]
            emit({"users": listed}, "\n".join(lines) or "no users yet", as_json)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise UserError(
            "the password can't be asked for without a terminal",
            mend="pipe it in: recontact users add NAME --password-stdin",
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
