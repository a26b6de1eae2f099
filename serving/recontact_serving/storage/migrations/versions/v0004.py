"""The list by due time, the newest first, or of one customer, without sorting all of it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ORDERS: dict[str, Any] = {
    "due_first": sa.text("coalesce(due_at, closes_at)"),
    "newest_first": sa.text("at"),
}
WORST = ["state", "cost", "contact_id"]
OF_CUSTOMER = "worst_of_customer_id"
SOME = {
    "owner": (["owner", *WORST], "owner IS NOT NULL"),
    **{
        band: (WORST, f"repeated_band = '{band}' OR escalation_band = '{band}'")
        for band in ("medium", "high", "already")
    },
}


def upgrade() -> None:
    """Make the indexes, but those that somebody made ahead, so that nobody waits for them now."""
    for name, key in ORDERS.items():
        op.create_index(name, "follow_ups", ["state", key, "contact_id"], if_not_exists=True)
    op.create_index(OF_CUSTOMER, "follow_ups", ["customer_id", *WORST], if_not_exists=True)
    if op.get_bind().dialect.name == "sqlite":
        _some_anew()


def _some_anew() -> None:
    """Keep the indexes of some rows the newest: SQLite takes the newest where it sees no odds."""
    for of, (columns, where) in SOME.items():
        op.drop_index(f"worst_of_{of}", "follow_ups")
        op.create_index(f"worst_of_{of}", "follow_ups", columns, sqlite_where=sa.text(where))
