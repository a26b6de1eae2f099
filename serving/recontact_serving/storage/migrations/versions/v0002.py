"""A log of every score, agents' actions, leases of workers, keys in turn, stamps of versions."""

import hashlib
import time
from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

AT_ONCE = 10_000
NAMED = ("contact_id", "program", "customer_id", "started_at", "ended_at", "known_at", "payload")
FROM_THEN_ON = "3"  # what programs from before there were steps read: they refuse it in words


def upgrade() -> None:
    """Make the new tables; all versions, scores, keys and people are kept."""
    _log()
    _leases()
    _keys()
    _stamps()
    meta = sa.table("meta", sa.column("name"), sa.column("value"))
    op.execute(sa.delete(meta).where(meta.c.name == "schema"))
    op.execute(sa.insert(meta).values(name="schema", value=FROM_THEN_ON))


def _log() -> None:
    op.create_table(
        "decisions",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("scored_at", sa.BigInteger, nullable=False),
        sa.Column("contact_id", sa.String(200), nullable=False),
        sa.Column("program", sa.String(200), nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("agent_id", sa.String(200)),
        sa.Column("moment", sa.String(10), nullable=False),
        sa.Column("explain", sa.String(10), nullable=False),
        sa.Column("models", sa.String(200), nullable=False),
        sa.Column("features", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("decided", "decisions", ["scored_at"])
    op.create_index("decided_for", "decisions", ["agent_id", "seq"])
    op.create_index("decided_on", "decisions", ["program", "customer_id"])
    op.create_table(
        "agent_actions",
        sa.Column("contact_id", sa.String(200), primary_key=True),
        sa.Column("program", sa.String(200), nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("agent_id", sa.String(200)),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("probed", sa.Boolean),
        sa.Column("promised", sa.Text),
    )
    op.create_index("acted_on", "agent_actions", ["program", "customer_id"])


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("holder", sa.String(100), nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )


def _keys() -> None:
    """Let two keys of one name be in force; those from before may do all that there is."""
    db = op.get_bind()
    old = sa.table("keys", *(sa.column(name) for name in ("name", "digest", "created_at")),
                   sa.column("revoked", sa.Boolean))  # fmt: skip
    kept = [row._asdict() for row in db.execute(sa.select(old))]
    op.drop_table("keys")
    made = op.create_table(
        "keys",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("scopes", sa.String(200), nullable=False),
        sa.Column("programs", sa.Text),
        sa.Column("teams", sa.Text),
        sa.Column("last_used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_index("ix_keys_name", "keys", ["name"])
    today = time.time_ns() // 1000  # when a key was revoked was not kept
    op.bulk_insert(
        made,
        [
            {
                **{name: row[name] for name in ("digest", "name", "created_at")},
                "scopes": '["score", "ingest", "read"]',
                "revoked_at": today if row["revoked"] else None,
            }
            for row in kept
        ],
    )


def _stamps() -> None:
    op.add_column("contact_versions", sa.Column("stamp", sa.BigInteger))
    _fill_in()
    op.drop_index("history", "contact_versions")
    with op.batch_alter_table("contact_versions") as versions:  # SQLite needs them copied
        versions.alter_column("stamp", existing_type=sa.BigInteger, nullable=False)
    whole = ["program", "customer_id", "started_at", "contact_id", "valid_from", "valid_to"]
    op.create_index("history", "contact_versions", [*whole, "stamp"])


def _fill_in() -> None:
    db = op.get_bind()
    names = (*NAMED, "valid_from", "stamp")
    versions = sa.table("contact_versions", *(sa.column(name) for name in names))
    key = (versions.c.contact_id, versions.c.valid_from)
    some = sa.select(versions).order_by(*key).limit(AT_ONCE)
    mine = (key[0] == sa.bindparam("contact")) & (key[1] == sa.bindparam("since"))
    change = sa.update(versions).where(mine).values(stamp=sa.bindparam("stamped"))
    rows = db.execute(some).mappings().all()
    while rows:
        changes = [
            {"contact": row["contact_id"], "since": row["valid_from"], "stamped": _stamp(row)}
            for row in rows
        ]
        db.execute(change, changes)
        last = (rows[-1]["contact_id"], rows[-1]["valid_from"])
        rows = db.execute(some.where(sa.tuple_(*key) > last)).mappings().all()


def _stamp(row: Mapping[Any, Any]) -> int:
    said = orjson.dumps([row[name] for name in NAMED])
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), signed=True)
