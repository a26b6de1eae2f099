"""The database's tables, brought from any earlier version to today's.

Each file in `versions` is one step; `recontact_revision` in the database names the last one that
was taken. A new step comes with each release that changes `recontact_serving.storage.tables`.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, column, inspect, select, table

HEAD = "0004"  # the last step
TABLE = "recontact_revision"  # not Alembic's own name: MLflow's may be in the same database
WITHOUT = {"2": "0001"}  # before there were steps, `meta` named the version: which step that is


def found(db: Connection) -> str:
    """Return the last step that a database has taken.

    Returns
    -------
    str
        Empty where it has none of our tables; `version N` where its tables are of a version that
        no step leads on from.
    """
    there = inspect(db)
    if there.has_table(TABLE):
        return str(db.execute(select(column("version_num")).select_from(table(TABLE))).scalar())
    if not there.has_table("meta"):
        return ""
    meta = table("meta", column("name"), column("value"))
    version = db.execute(select(meta.c.value).where(meta.c.name == "schema")).scalar()
    return WITHOUT.get(str(version), f"version {version}")


def known(step: str) -> bool:
    """Tell whether today's tables can be reached from a step.

    Examples
    --------
    >>> known(""), known("0001"), known("9999"), known("version 1")
    (True, True, False, False)
    """
    return step == "" or (step.isdecimal() and step <= HEAD)


def named(step: str) -> str:
    """Say which tables a database holds.

    Examples
    --------
    >>> named("0007"), named("version 1")
    ('step 0007', 'version 1')
    """
    return f"step {step}" if step.isdecimal() else step


def upgrade(db: Connection) -> None:
    """Take all steps that a database has not taken yet, on a connection that may write."""
    from alembic.migration import MigrationContext  # noqa: PLC0415 - seldom needed, takes a while
    from alembic.operations import Operations  # noqa: PLC0415

    last = found(db)
    context = MigrationContext.configure(db, opts={"version_table": TABLE})
    with Operations.context(context):
        for step in reversed([*scripts().walk_revisions()]):
            if step.revision > last:
                step.module.upgrade()
                context.stamp(scripts(), step.revision)


def scripts() -> Any:
    """Return the steps as Alembic sees them."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    return ScriptDirectory(str(Path(__file__).parent))
