"""`recontact keys`."""

from enum import StrEnum
from typing import Annotated

import typer

from recontact.errors import UserError
from recontact_pipelines.output import emit, note


class KeyAction(StrEnum):
    """What to do with the keys."""

    add = "add"
    list = "list"
    revoke = "revoke"


def keys(
    action: Annotated[KeyAction, typer.Argument(help="What to do.")],
    name: Annotated[str | None, typer.Argument(help="The key's name, to add or revoke.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Add, list or revoke the API keys with which machines use the service.

    A key is shown once, when it is made; the database keeps only its digest. Revoking works at
    once. The database is the one of RECONTACT_DATABASE_URL (default sqlite:///recontact.db).

    Example:

        recontact keys add desktop
        recontact keys list
        recontact keys revoke desktop
    """
    from recontact_serving import accounts  # noqa: PLC0415 - the service's libraries
    from recontact_serving.database import Database  # noqa: PLC0415
    from recontact_serving.settings import Settings  # noqa: PLC0415

    if action is not KeyAction.list and not name:
        raise UserError(f"keys {action} needs a name", mend=f"recontact keys {action} NAME")
    with Database(Settings.read().database_url).write() as db:
        if action is KeyAction.add:
            key = accounts.add_key(db, name or "")
            note("keep this key: it is not shown again")
            emit({"name": name, "key": key}, key, as_json)
        elif action is KeyAction.revoke:
            accounts.revoke_key(db, name or "")
            emit({"name": name, "revoked": True}, f"key '{name}' is revoked", as_json)
        else:
            found = [key._asdict() for key in accounts.list_keys(db)]
            lines = [
                f"{key['name']}  since {key['created_at']:%Y-%m-%d %H:%M} UTC"
                f"{'  revoked' if key['revoked'] else ''}"
                for key in found
            ]
            emit({"keys": found}, "\n".join(lines) or "no keys yet", as_json)
