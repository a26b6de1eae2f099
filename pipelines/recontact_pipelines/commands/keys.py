"""`recontact keys`."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recontact.errors import UserError
from recontact_pipelines.limits import note_unknown
from recontact_pipelines.output import emit, note

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from recontact_serving.people.keys import Key


class KeyAction(StrEnum):
    """What to do with the keys."""

    add = "add"
    list = "list"
    rotate = "rotate"
    revoke = "revoke"


def keys(
    action: Annotated[KeyAction, typer.Argument(help="What to do.")],
    name: Annotated[str | None, typer.Argument(help="The key's name; not for list.")] = None,
    scopes: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            help="add: what the key may do: score, ingest (send contacts), read (the list and "
            "/metrics) or follow_up (claim, resolve ...). Can be given several times; without it, "
            "score alone.",
        ),
    ] = None,
    programs: Annotated[
        list[str] | None,
        typer.Option(
            "--program",
            help="add: a program whose contacts it may touch. Can be given several times; "
            "without it, all.",
        ),
    ] = None,
    teams: Annotated[
        list[str] | None,
        typer.Option("--team", help="add: a team whose contacts it may touch; likewise."),
    ] = None,
    older: Annotated[
        bool, typer.Option("--older", help="revoke: only the older one of two keys of this name.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Add, list, rotate or revoke the API keys with which machines use the service.

    A key is shown once, when it is made; the database keeps only its digest. To change one
    without a pause: rotate makes a second key of the name, and when every machine uses that,
    revoke --older ends the first. A revoked key is refused within two seconds, by every worker of
    a running service. The database is the one of RECONTACT_DATABASE_URL (default
    sqlite:///recontact.db).

    Example:

        recontact keys add desktop
        recontact keys add crm --scope ingest --scope read --program acme
        recontact keys list
        recontact keys rotate desktop
        recontact keys revoke desktop --older
    """
    from recontact_serving.settings import Settings  # noqa: PLC0415
    from recontact_serving.storage.database import Database  # noqa: PLC0415 - the service's libraries

    if action is not KeyAction.list and not name:
        raise UserError(f"keys {action} needs a name", mend=f"recontact keys {action} NAME")
    limits = {"scopes": scopes, "programs": programs, "teams": teams}
    if action is not KeyAction.add and any(limits.values()):
        raise UserError(
            "--scope, --program and --team are for a new key",
            mend="make one with recontact keys add; a key's own can't be changed",
        )
    if action is not KeyAction.revoke and older:
        raise UserError("--older is for revoke", mend="recontact keys revoke NAME --older")
    with Database(Settings.read().database_url).write() as db:
        note_unknown(db, {"program": programs, "team": teams})
        result, words = _do(db, action, name or "", limits, older)
    emit(result, words, as_json)


def _do(
    db: "Connection", action: KeyAction, name: str, limits: Mapping[str, Any], older: bool
) -> tuple[dict[str, Any], str]:
    from recontact_serving.people import keys  # noqa: PLC0415 - the service's libraries

    if action is KeyAction.list:
        found = keys.listed(db)
        return {"keys": [_row(key) for key in found]}, _table(found)
    if action is KeyAction.revoke:
        count = keys.revoke(db, name, older)
        said = f"{'the older key' if older else 'the key' if count == 1 else 'both keys'} '{name}'"
        return {"name": name, "revoked": count}, f"{said} {'are' if count > 1 else 'is'} revoked"
    if action is KeyAction.rotate:
        key = keys.rotate(db, name)
        note(f"the older key goes on too, until: recontact keys revoke {name} --older")
    else:
        key = keys.add(db, name, **{what: given for what, given in limits.items() if given})
    note("keep this key: it is not shown again")
    return {"name": name, "key": key}, key


def _row(key: "Key") -> dict[str, Any]:
    row = key._asdict()
    del row["digest"]
    return {**row, "state": _state(key)}


def _table(found: "list[Key]") -> str:
    """Write the keys as columns."""
    rows = [("name", "scopes", "programs", "teams", "made", "last used", "state")]
    rows += [
        (
            key.name,
            " ".join(key.scopes),
            ", ".join(key.programs) if key.programs is not None else "all",
            ", ".join(key.teams) if key.teams is not None else "all",
            _minute(key.created_at),
            _minute(key.last_used_at) if key.last_used_at else "never",
            _state(key),
        )
        for key in found
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines) if found else "no keys yet"


def _state(key: "Key") -> str:
    return "in force" if key.revoked_at is None else "revoked"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
