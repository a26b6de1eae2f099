"""The tables of what lies behind simulated contacts; no pipeline reads them."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import INSTANT
from recontact.simulate.customers import People
from recontact.simulate.handling import KINDS, VOICE
from recontact.simulate.reasons import REASONS
from recontact.simulate.records import MOMENTS, Records, ended_ms, scrambled
from recontact.simulate.tables import agent_ids, instant
from recontact.simulate.text import named, numbered
from recontact.simulate.world import GROUP_POOLS, POOLS, PROGRAMS, World

ISSUES = pa.schema(
    [
        ("contact_id", pa.string()),
        ("issue_id", pa.string()),
        ("position", pa.int64()),
        ("kind", pa.string()),
        ("true_reason", pa.string()),
        ("resolved", pa.bool_()),
    ]
)
PROBABILITIES = pa.schema(
    [
        ("contact_id", pa.string()),
        ("moment", pa.string()),
        ("at", INSTANT),
        ("repeated_probability", pa.float64()),
        ("escalation_probability", pa.float64()),
    ]
)
CUSTOMERS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("program", pa.string()),
        ("issues_per_180_days", pa.float64()),
        ("habit", pa.float64()),
        ("temper", pa.float64()),
        ("favourite_reason", pa.string()),
        ("favourite_share", pa.float64()),
        ("withheld", pa.bool_()),
        ("shared", pa.bool_()),
    ]
)


def issues(rows: Records, ids: pa.Array) -> pa.Table:
    """Give the issue that each contact served, and whether it was solved by it."""
    columns = {
        "contact_id": ids,
        "issue_id": numbered("s", rows["issue"]),
        "position": pa.array(rows["position"].astype(np.int64)),
        "kind": named(KINDS, rows["kind"]),
        "true_reason": named([reason.name for reason in REASONS], rows["reason"]),
        "resolved": pa.array(~rows["unresolved"]),
    }
    return pa.table(columns, schema=ISSUES)


def judged(rows: Records) -> npt.NDArray[np.bool_]:
    """Tell which contacts are eligible under the default policy."""
    served = (rows["channel"] == VOICE) & rows["handled"] & ~rows["outbound"]
    return np.asarray(served & ~rows["anonymous"] & (rows["coded"] >= 0))


def probabilities(rows: Records, ids: pa.Array) -> pa.Table:
    """Give the chances of each contact at each moment, null where it is not eligible."""
    answered = rows["leg_wait_s"][:, 0].astype(np.int64) * 1_000 + rows["started_ms"]
    at = np.stack([rows["started_ms"], answered, ended_ms(rows)], axis=1)
    missing = np.repeat(~judged(rows), len(MOMENTS))
    columns = {
        "contact_id": ids.take(pa.array(np.arange(len(missing)) // len(MOMENTS))),
        "moment": named(MOMENTS, np.arange(len(missing)) % len(MOMENTS)),
        "at": instant(at.ravel()),
        "repeated_probability": pa.array(rows["repeated"].astype(float).ravel(), mask=missing),
        "escalation_probability": pa.array(rows["escalation"].astype(float).ravel(), mask=missing),
    }
    return pa.table(columns, schema=PROBABILITIES)


def customers(people: People) -> pa.Table:
    """Give the hidden traits of persons; each who uses the shared number has a row."""
    columns = {
        "customer_id": numbered("p", scrambled(people.number)),
        "program": named(PROGRAMS, people.program),
        "issues_per_180_days": pa.array(people.rate),
        "habit": pa.array(people.habit),
        "temper": pa.array(people.temper),
        "favourite_reason": named([reason.name for reason in REASONS], people.favourite),
        "favourite_share": pa.array(people.faithful),
        "withheld": pa.array(people.withheld),
        "shared": pa.array(people.crowd > 0),
    }
    return pa.table(columns, schema=CUSTOMERS)


def agents(world: World) -> pa.Table:
    """Give the hidden traits of agents."""
    who = world.agents
    return pa.table(
        {
            "agent_id": agent_ids(np.arange(len(who.pool))),
            "program": named(PROGRAMS, who.pool // POOLS),
            "group": named(GROUP_POOLS, who.pool % POOLS),
            "unresolved_factor": pa.array(who.slip),
            "escalation_factor": pa.array(who.heat),
            "talk_factor": pa.array(who.pace),
        }
    )


def outages(world: World) -> pa.Table:
    """Give the outages: when, what about, and how many customers they reach."""
    what = world.outages
    begin = np.floor(what.start * 1_000).astype(np.int64)
    return pa.table(
        {
            "program": named(PROGRAMS, what.program),
            "reason": named([reason.name for reason in REASONS], what.reason),
            "started_at": instant(begin),
            "ended_at": instant(begin + np.floor(what.length * 1_000).astype(np.int64)),
            "reach": pa.array(what.reach),
        }
    )
