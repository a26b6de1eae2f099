"""The tables of the service's database.

Instants are integer microseconds since 1970, UTC. An unknown program or customer (on the list
also queue and team) is the empty text, so that equality and indexes treat it like any other value.
What changes here needs a step in `recontact_serving.storage.migrations`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
)

FIRST = -(2**63)  # valid_from of the earliest version: it stands for all time before it
LAST = 2**63 - 1  # valid_to of the latest version

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)

versions = Table(  # of each contact every version; one known by its arrival alone has no known_at
    "contact_versions",
    metadata,
    Column("contact_id", String(200), primary_key=True),
    Column("valid_from", BigInteger, primary_key=True),  # known_at, FIRST for the earliest
    Column("valid_to", BigInteger, nullable=False),  # known_at of the next one, LAST for none
    Column("known_at", BigInteger),
    Column("program", String(200), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("stamp", BigInteger, nullable=False),  # another one for each different content
    Column("payload", Text, nullable=False),  # the other columns that are not null, as JSON
)
Index(  # a history's stamps are read from it alone
    "history",
    versions.c.program,
    versions.c.customer_id,
    versions.c.started_at,
    versions.c.contact_id,
    versions.c.valid_from,
    versions.c.valid_to,
    versions.c.stamp,
)
Index("arrived", versions.c.started_at)
Index("recorded", versions.c.known_at)

scores = Table(  # the latest score of each contact at each moment
    "scores",
    metadata,
    Column("moment", String(10), primary_key=True),
    Column("contact_id", String(200), primary_key=True),
    Column("repeated_probability", Float, nullable=False),
    Column("repeated_band", String(10), nullable=False),
    Column("escalation_probability", Float, nullable=False),
    Column("escalation_band", String(10), nullable=False),
    Column("program", String(200), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("agent_id", String(200)),
    Column("queue", String(200)),
    Column("team", String(200)),
    Column("started_at", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("scored_at", BigInteger, nullable=False),
    Column("answer", Text, nullable=False),  # the whole answer as JSON
)

RARE_BANDS = ("medium", "high", "already")


def has_band(band: str) -> ColumnElement[bool]:
    """Tell whether either outcome of a row of the list has a band; by this text, for the indexes.

    Examples
    --------
    >>> str(has_band("high"))
    "follow_ups.repeated_band = 'high' OR follow_ups.escalation_band = 'high'"
    """
    name: ColumnElement[str] = literal_column(f"'{band}'")
    return (follow_ups.c.repeated_band == name) | (follow_ups.c.escalation_band == name)


def due_by(rows: FromClause) -> ColumnElement[int]:
    """Give by when rows of the list should be done; by this text, for the index.

    Examples
    --------
    >>> str(due_by(follow_ups))
    'coalesce(follow_ups.due_at, follow_ups.closes_at)'
    """
    return func.coalesce(rows.c.due_at, rows.c.closes_at)


follow_ups = Table(  # the at-risk list: a row for each contact that was scored at wrap-up
    "follow_ups",
    metadata,
    Column("contact_id", String(200), primary_key=True),
    Column("program", String(200), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("queue", String(200), nullable=False),
    Column("team", String(200), nullable=False),
    Column("agent_id", String(200)),
    Column("cost", Float, nullable=False),  # expected and avoidable; the list is sorted by it
    Column("repeated_probability", Float, nullable=False),
    Column("repeated_band", String(10), nullable=False),
    Column("escalation_probability", Float, nullable=False),
    Column("escalation_band", String(10), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),  # when it ended
    Column("scored_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),  # before the customer will probably be in touch again
    Column("closes_at", BigInteger, nullable=False),  # then a repeat would not count any more
    # what people did; a new score of the contact leaves it as it is
    Column("state", String(10), nullable=False),  # open claimed snoozed resolved lapsed held_out
    Column("owner", String(100)),
    Column("outcome", String(20)),
    Column("disputed", Boolean, nullable=False),
    Column("changes_at", BigInteger),  # when the state changes by itself: a snooze or window ends
    Column("changed_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),  # one more with each change
    # what became of it, once that is known
    Column("repeated", Boolean),
    Column("escalated", Boolean),
)
_WORST = (follow_ups.c.state, follow_ups.c.cost, follow_ups.c.contact_id)
for _of in ("queue", "team", "program", "agent_id", "customer_id"):
    Index(f"worst_of_{_of}", follow_ups.c[_of], *_WORST)
Index("worst_first", *_WORST)
Index("due_first", follow_ups.c.state, due_by(follow_ups), follow_ups.c.contact_id)
Index("newest_first", follow_ups.c.state, follow_ups.c.at, follow_ups.c.contact_id)
Index(  # few have an owner
    "worst_of_owner", follow_ups.c.owner, *_WORST,
    sqlite_where=follow_ups.c.owner.is_not(None), postgresql_where=follow_ups.c.owner.is_not(None),
)  # fmt: skip
for _band in RARE_BANDS:
    _has = has_band(_band)
    Index(f"worst_of_{_band}", *_WORST, sqlite_where=_has, postgresql_where=_has)
Index("places", follow_ups.c.program, follow_ups.c.team, follow_ups.c.queue)
Index("by_themselves", follow_ups.c.changes_at)
Index("changed", follow_ups.c.changed_at)
Index("ended", follow_ups.c.at)

actions = Table(  # everything that somebody did about a contact of the list
    "actions",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("contact_id", String(200), nullable=False, index=True),
    Column("program", String(200), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("who", String(100), nullable=False),
    Column("action", String(20), nullable=False),
    Column("details", Text, nullable=False),  # until when, to whom, with which outcome, as JSON
    Column("before", Text, nullable=False),  # state, owner ... that it took the place of, as JSON
    Column("version", Integer, nullable=False),  # of the row after it
    sqlite_autoincrement=True,
)
Index("acted", actions.c.program, actions.c.customer_id)

capacities = Table(  # how many follow-ups a team can do in a day
    "capacities",
    metadata,
    Column("team", String(200), primary_key=True),
    Column("per_day", Integer, nullable=False),
)

views = Table(  # filters of the list that somebody keeps by a name
    "views",
    metadata,
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("query", Text, nullable=False),
)

fcr_days = Table(  # contacts and outcomes by UTC day: all, or by queue, reason or agent
    "fcr_days",
    metadata,
    Column("by", String(20), primary_key=True),  # empty, queue, reason, agent_id
    Column("program", String(200), primary_key=True),
    Column("team", String(200), primary_key=True),
    Column("entity", String(600), primary_key=True),
    Column("day", Integer, primary_key=True),
    *(
        Column(name, BigInteger, nullable=False)
        for name in (
            *("contacts", "eligible", "gross_of", "fcr_of", "fcr", "repeated_of", "repeated"),
            *("escalation_of", "escalation", "unknown_after"),
        )
    ),
    Column("expected", Float, nullable=False),  # of fcr, had each case gone as its like did
)

followed_by = Table(  # judged contacts by reason and what came next within the window
    "followed_by",
    metadata,
    Column("program", String(200), primary_key=True),
    Column("team", String(200), primary_key=True),
    Column("reason", String(600), primary_key=True),
    Column("next_reason", String(600), primary_key=True),  # ">" where nothing came
    Column("count", BigInteger, nullable=False),
)

fcr_estimates = Table(  # the FCR of the newest contacts, whose window has not passed
    "fcr_estimates",
    metadata,
    Column("program", String(200), primary_key=True),
    Column("team", String(200), primary_key=True),
    Column("contacts", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("resolved", Float, nullable=False),  # of them, settled or by the chance of it
    Column("draws", Text, nullable=False),  # the same in each draw, as JSON: they add up
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

daily = Table(  # what is known of agents, queues, reasons ... by UTC day
    "daily",
    metadata,
    Column("of", String(100), primary_key=True),  # the column, empty for all contacts
    Column("what", String(100), primary_key=True),
    Column("entity", String(600), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
)

hourly = Table(  # arrivals of the last weeks, by which the usual load is told
    "hourly",
    metadata,
    Column("of", String(100), primary_key=True),
    Column("entity", String(600), primary_key=True),
    Column("minute", Integer, primary_key=True),  # the first of the hour
    Column("count", BigInteger, nullable=False),
)

decisions = Table(  # every score that was given, and all that gives it again
    "decisions",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("scored_at", BigInteger, nullable=False),
    Column("contact_id", String(200), nullable=False),
    Column("program", String(200), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("agent_id", String(200)),
    Column("moment", String(10), nullable=False),
    Column("explain", String(10), nullable=False),
    Column("models", String(200), nullable=False),  # versions, as JSON
    Column("features", Text, nullable=False),  # their values in the models' order, as JSON
    Column("answer", Text, nullable=False),  # the very bytes that were sent
    sqlite_autoincrement=True,  # a seq is never given twice, not even after an erasure
)
Index("decided", decisions.c.scored_at)
Index("decided_for", decisions.c.agent_id, decisions.c.seq)  # which call an agent is on
Index("decided_on", decisions.c.program, decisions.c.customer_id)

agent_actions = Table(  # what the agent did about a contact, as last sent
    "agent_actions",
    metadata,
    Column("contact_id", String(200), primary_key=True),
    Column("program", String(200), nullable=False),
    Column("customer_id", String(200), nullable=False),
    Column("agent_id", String(200)),
    Column("sent_at", BigInteger, nullable=False),
    Column("probed", Boolean),
    Column("promised", Text),  # what, by whom and until when, as JSON
)
Index("acted_on", agent_actions.c.program, agent_actions.c.customer_id)

leases = Table(  # who among several workers does what only one should do
    "leases",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("holder", String(100), nullable=False),
    Column("until", BigInteger, nullable=False),
)

keys = Table(  # two of one name may be in force at once, while machines change over
    "keys",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", String(100), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("scopes", String(200), nullable=False),  # as JSON
    Column("programs", Text),  # as JSON; null: all
    Column("teams", Text),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
)

users = Table(
    "users",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("password", String(200)),  # null: signs in elsewhere
    Column("created_at", BigInteger, nullable=False),
    Column("role", String(20), nullable=False),
    Column("programs", Text),  # as JSON; null: all
    Column("teams", Text),
    Column("agent_id", String(200)),  # whose contacts are this person's own
    Column("subject", String(400)),  # issuer and subject at the identity provider
    UniqueConstraint("subject", name="uq_users_subject"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),  # one that rests for long has ended
)

attempts = Table(  # to sign in, by name and by address
    "attempts",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("until", BigInteger, nullable=False),  # when all tries so far are made good
)
