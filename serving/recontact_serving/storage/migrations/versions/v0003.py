"""The at-risk list as work, its proof, FCR by day; what people may see, and how they sign in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

WINDOW = 48 * 3600 * 1_000_000  # rows from before have no window of their own
GAIN = {"repeated": 0.4 * 8, "escalation": 0.4 * 25}  # the default costs
COUNTS = (
    *("contacts", "eligible", "gross_of", "fcr_of", "fcr", "repeated_of", "repeated"),
    *("escalation_of", "escalation", "unknown_after"),
)
KEPT = (
    *("contact_id", "program", "customer_id", "agent_id"),
    *("repeated_probability", "repeated_band", "escalation_probability", "escalation_band"),
    *("started_at", "at", "scored_at"),
)


def upgrade() -> None:
    """Make the new tables; scores become rows of the list, people see and do all that there is."""
    op.drop_index("worst_first", "scores")
    _follow_ups()
    _fill_in()
    with op.batch_alter_table("scores") as scores:  # SQLite needs them copied
        scores.drop_column("risk")
    _work()
    _fcr()
    _people()


def _follow_ups() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("contact_id", sa.String(200), primary_key=True),
        sa.Column("program", sa.String(200), nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("queue", sa.String(200), nullable=False),
        sa.Column("team", sa.String(200), nullable=False),
        sa.Column("agent_id", sa.String(200)),
        sa.Column("cost", sa.Float, nullable=False),
        sa.Column("repeated_probability", sa.Float, nullable=False),
        sa.Column("repeated_band", sa.String(10), nullable=False),
        sa.Column("escalation_probability", sa.Float, nullable=False),
        sa.Column("escalation_band", sa.String(10), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("scored_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("closes_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("owner", sa.String(100)),
        sa.Column("outcome", sa.String(20)),
        sa.Column("disputed", sa.Boolean, nullable=False),
        sa.Column("changes_at", sa.BigInteger),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("repeated", sa.Boolean),
        sa.Column("escalated", sa.Boolean),
    )
    _indexes()


def _indexes() -> None:
    worst = ["state", "cost", "contact_id"]
    for of in ("queue", "team", "program", "agent_id"):
        op.create_index(f"worst_of_{of}", "follow_ups", [of, *worst])
    op.create_index("worst_first", "follow_ups", worst)
    # after those of all rows: of indexes that it can't tell apart SQLite takes the newest
    _some("owner", ["owner", *worst], "owner IS NOT NULL")
    for band in ("medium", "high", "already"):
        _some(band, worst, f"repeated_band = '{band}' OR escalation_band = '{band}'")
    op.create_index("places", "follow_ups", ["program", "team", "queue"])
    op.create_index("by_themselves", "follow_ups", ["changes_at"])
    op.create_index("changed", "follow_ups", ["changed_at"])
    op.create_index("ended", "follow_ups", ["at"])


def _some(of: str, columns: list[str], where: str) -> None:
    rows = sa.text(where)
    op.create_index(
        f"worst_of_{of}", "follow_ups", columns, sqlite_where=rows, postgresql_where=rows
    )


def _fill_in() -> None:
    """Make rows of the list from the scores at wrap-up; nobody has done anything about them."""
    names = (*KEPT, "queue", "team", "moment")
    scores = sa.table("scores", *(sa.column(name) for name in names))
    costs = [
        sa.case(
            (scores.c[f"{o}_band"] == "already", 0.0), else_=scores.c[f"{o}_probability"] * gain
        )
        for o, gain in GAIN.items()
    ]
    new = {
        **{of: sa.func.coalesce(scores.c[of], "") for of in ("queue", "team")},
        "cost": costs[0] + costs[1],
        "closes_at": scores.c.at + WINDOW,
        "state": sa.literal("open"),
        "disputed": sa.false(),
        "changes_at": scores.c.scored_at + WINDOW,
        "changed_at": scores.c.scored_at,
        "version": sa.literal(0),
    }
    chosen = sa.select(*(scores.c[name] for name in KEPT), *new.values())
    table = sa.table("follow_ups", *(sa.column(name) for name in (*KEPT, *new)))
    op.execute(
        sa.insert(table).from_select([*KEPT, *new], chosen.where(scores.c.moment == "wrapup"))
    )


def _work() -> None:
    op.create_table(
        "actions",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("contact_id", sa.String(200), nullable=False),
        sa.Column("program", sa.String(200), nullable=False),
        sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(100), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_actions_contact_id", "actions", ["contact_id"])
    op.create_index("ix_actions_at", "actions", ["at"])
    op.create_index("acted", "actions", ["program", "customer_id"])
    op.create_table(
        "capacities",
        sa.Column("team", sa.String(200), primary_key=True),
        sa.Column("per_day", sa.Integer, nullable=False),
    )


def _fcr() -> None:
    op.create_table(
        "fcr_days",
        sa.Column("by", sa.String(20), primary_key=True),
        *_key(),
        sa.Column("entity", sa.String(600), primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in COUNTS),
        sa.Column("expected", sa.Float, nullable=False),
    )
    op.create_table(
        "followed_by",
        *_key(),
        sa.Column("reason", sa.String(600), primary_key=True),
        sa.Column("next_reason", sa.String(600), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "fcr_estimates",
        *_key(),
        sa.Column("contacts", sa.BigInteger, nullable=False),
        sa.Column("settled", sa.BigInteger, nullable=False),
        sa.Column("resolved", sa.Float, nullable=False),
        sa.Column("draws", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )


def _key() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(200), primary_key=True) for name in ("program", "team")]


def _people() -> None:
    """Let people have roles; those from before saw and did all that there was."""
    op.drop_table("sessions")  # everybody signs in again
    with op.batch_alter_table("users") as users:
        users.alter_column("password", existing_type=sa.String(200), nullable=True)
        users.add_column(sa.Column("role", sa.String(20), nullable=False, server_default="admin"))
        users.add_column(sa.Column("programs", sa.Text))
        users.add_column(sa.Column("teams", sa.Text))
        users.add_column(sa.Column("agent_id", sa.String(200)))
        users.add_column(sa.Column("subject", sa.String(400)))
        users.create_unique_constraint("uq_users_subject", ["subject"])
    with op.batch_alter_table("users") as users:
        users.alter_column("role", existing_type=sa.String(20), server_default=None)
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column(
            "user", sa.String(100), sa.ForeignKey("users.name", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(300), primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "views",
        sa.Column(
            "user", sa.String(100), sa.ForeignKey("users.name", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("query", sa.Text, nullable=False),
    )  # fmt: skip
