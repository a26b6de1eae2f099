"""The tables of the service's database.

Instants are integer microseconds since 1970, UTC. An unknown program or customer is the empty
text, so that equality and indexes treat it like any other value. What changes here needs a step
in `recontact_serving.migrations`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
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
    Column("risk", Float, nullable=False),  # what the list is sorted by
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
Index("worst_first", scores.c.moment, scores.c.risk, scores.c.contact_id)

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
    Column("password", String(200), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", BigInteger, nullable=False),
)
