"""History, scores, rates, keys and people."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _notes_and_people()
    _history()
    _scores()
    _rates()


def _notes_and_people() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "keys",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column(
            "user", sa.String(100), sa.ForeignKey("users.name", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])


def _history() -> None:
    op.create_table(
        "contact_versions",
        sa.Column("contact_id", sa.String(200), primary_key=True),
        sa.Column("valid_from", sa.BigInteger, primary_key=True),
        sa.Column("valid_to", sa.BigInteger, nullable=False),
        sa.Column("known_at", sa.BigInteger),
        sa.Column("program", sa.String(200), nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_index("history", "contact_versions", ["program", "customer_id", "started_at"])
    op.create_index("arrived", "contact_versions", ["started_at"])
    op.create_index("recorded", "contact_versions", ["known_at"])


def _scores() -> None:
    op.create_table(
        "scores",
        sa.Column("moment", sa.String(10), primary_key=True),
        sa.Column("contact_id", sa.String(200), primary_key=True),
        sa.Column("risk", sa.Float, nullable=False),
        sa.Column("repeated_probability", sa.Float, nullable=False),
        sa.Column("repeated_band", sa.String(10), nullable=False),
        sa.Column("escalation_probability", sa.Float, nullable=False),
        sa.Column("escalation_band", sa.String(10), nullable=False),
        sa.Column("program", sa.String(200), nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("agent_id", sa.String(200)),
        sa.Column("queue", sa.String(200)),
        sa.Column("team", sa.String(200)),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("scored_at", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
    )
    op.create_index("worst_first", "scores", ["moment", "risk", "contact_id"])


def _rates() -> None:
    op.create_table(
        "daily",
        sa.Column("of", sa.String(100), primary_key=True),
        sa.Column("what", sa.String(100), primary_key=True),
        sa.Column("entity", sa.String(600), primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "hourly",
        sa.Column("of", sa.String(100), primary_key=True),
        sa.Column("entity", sa.String(600), primary_key=True),
        sa.Column("minute", sa.Integer, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
