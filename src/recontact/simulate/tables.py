"""The tables that a simulated contact centre exports: contacts, their legs, their events."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT, SCHEMA
from recontact.simulate.handling import CHAT, HOLDS, LEGS
from recontact.simulate.notes import DISPOSITIONS, TRANSFERRED, dispositions, notes
from recontact.simulate.reasons import REASONS, Ints
from recontact.simulate.records import Records, ended_ms
from recontact.simulate.text import named, nulls_where, numbered
from recontact.simulate.world import CHANNELS, PROGRAMS, QUEUES, SITES, START, World

EPOCH_MS = int(START.timestamp() * 1_000)
EVENTS = ("answered", "hold", "resume", "transfer")
EVENT_SCHEMA = pa.schema(
    [
        ("contact_id", pa.string()),
        ("at", INSTANT),
        ("event", pa.string()),
        ("queue", pa.string()),
        ("agent_id", pa.string()),
    ]
)
QUEUE_NAMES = [f"{program}-{queue}" for program in PROGRAMS for queue in QUEUES]
Bools = npt.NDArray[np.bool_]


def instant(ms: Ints) -> pa.Array:
    """Give milliseconds since `START` as UTC instants."""
    return pa.array((ms + EPOCH_MS) * 1_000, pa.int64()).cast(INSTANT)


def seconds(whole: Ints, missing: Bools) -> pa.Array:
    """Give whole seconds as floats, null where `missing`."""
    return pa.array(whole.astype(np.float64), mask=missing)


def agent_ids(agents: Ints) -> pa.Array:
    """Name the agents; codes below 0 are null."""
    return numbered("a", agents, triples=2)


def contacts(world: World, rows: Records, first: int) -> pa.Table:
    """Give the contacts table of rows in order, numbered from `first`."""
    ids = first + np.arange(len(rows))
    unserved = ~rows["handled"]
    agent = np.where(unserved, -1, rows["leg_agent"][:, 0]).astype(np.int64)
    wrap = rows["leg_wrap_s"].sum(axis=1)
    columns: dict[str, Any] = {
        "contact_id": numbered("c", ids),
        "customer_id": numbered("p", np.where(rows["anonymous"], -1, rows["customer"])),
        "started_at": instant(rows["started_ms"]),
        "ended_at": instant(ended_ms(rows)),
        "interaction_id": numbered("i", ids),
        "program": named(PROGRAMS, rows["program"]),
        "channel": named(CHANNELS, rows["channel"]),
        "direction": named(["inbound", "outbound"], rows["outbound"].astype(np.int64)),
        "handled": pa.array(rows["handled"]),
        "queue": named(QUEUE_NAMES, rows["leg_queue"][:, 0]),
        **_staff(world, agent),
        "reason": named([reason.name for reason in REASONS], rows["coded"]),
        "case_id": numbered("k", rows["case"]),
        "disposition": named(DISPOSITIONS, dispositions(rows)),
        "wait_s": seconds(rows["leg_wait_s"].sum(axis=1), np.zeros(len(rows), dtype=bool)),
        "talk_s": seconds(rows["leg_talk_s"].sum(axis=1), unserved),
        "hold_s": seconds(rows["hold_s"].sum(axis=1), unserved),
        "wrap_s": seconds(wrap, unserved),
        "hold_count": pa.array(rows["holds"].astype(np.int64)),
        "transfer_count": pa.array(np.maximum(rows["leg"].sum(axis=1) - 1, 0)),
        "tier": pa.array(rows["tier"].astype(np.int64), mask=unserved),
        "escalated": pa.array(rows["escalated"]),
        "csat": _answer(rows["csat"], pa.float64()),
        "nps": _answer(rows["nps"], pa.float64()),
        "ces": _answer(rows["ces"], pa.float64()),
        "survey_resolved": _answer(rows["survey_resolved"], pa.bool_()),
        "agent_resolved": _answer(rows["claim"], pa.bool_()),
        "dropped": pa.array(rows["dropped"], mask=rows["channel"] > CHAT),
        "notes": notes(rows),
        "known_at": instant(_known(rows)),
    }
    return pa.table(columns, schema=SCHEMA)


def legs(world: World, rows: Records, whole: pa.Table) -> pa.Table:
    """Give the legs of contacts, of which `whole` is the contacts table."""
    present = rows["leg"].copy()
    present[:, 0] = True
    row, leg = np.nonzero(present)
    last = leg == (LEGS - 1 - np.argmax(present[:, ::-1], axis=1))[row]
    served = rows["handled"][row]
    begin, end = _leg_times(rows)
    wrap = rows["leg_wrap_s"].astype(np.int64)
    known = np.where(last, _known(rows)[row], end[row, leg] + (wrap[row, leg] + 2) * 1_000)
    held = leg == 0
    agent = np.where(served, rows["leg_agent"][row, leg], -1).astype(np.int64)
    changed: dict[str, Any] = {
        "contact_id": _leg_ids(whole["contact_id"].take(pa.array(row)).combine_chunks(), leg),
        "started_at": instant(begin[row, leg]),
        "ended_at": instant(end[row, leg]),
        "queue": named(QUEUE_NAMES, rows["leg_queue"][row, leg]),
        **_staff(world, agent),
        "disposition": named(DISPOSITIONS, np.where(last, dispositions(rows)[row], TRANSFERRED)),
        "wait_s": seconds(rows["leg_wait_s"][row, leg], np.zeros(len(row), dtype=bool)),
        "talk_s": seconds(rows["leg_talk_s"][row, leg], ~served),
        "hold_s": seconds(np.where(held, rows["hold_s"].sum(axis=1)[row], 0), ~served),
        "wrap_s": seconds(wrap[row, leg], ~served),
        "hold_count": pa.array(np.where(held, rows["holds"][row], 0).astype(np.int64)),
        "transfer_count": pa.array((~last).astype(np.int64)),
        "tier": pa.array(np.where(leg == LEGS - 1, 2, 1), mask=~served),
        "escalated": pa.array(rows["escalated"][row] & last),
        "known_at": instant(np.minimum(known, _known(rows)[row])),
    }
    at_end = {"csat", "nps", "ces", "survey_resolved", "agent_resolved", "notes"}
    index, index_last = pa.array(row), pa.array(row, mask=~last)
    columns = {
        name: changed.get(name, whole[name].take(index_last if name in at_end else index))
        for name in SCHEMA.names
    }
    return pa.table(columns, schema=SCHEMA)


def events(rows: Records, ids: pa.Array) -> pa.Table:
    """Give what happened during contacts, in order; `ids` are their contact ids."""
    begin, end = _leg_times(rows)
    leg = rows["leg"]
    picked_up = begin + rows["leg_wait_s"].astype(np.int64) * 1_000
    hold_ms = rows["hold_s"].astype(np.int64) * 1_000
    before_ms = rows["hold_after_s"].astype(np.int64) * 1_000 + np.cumsum(hold_ms, axis=1)
    held = picked_up[:, :1] + before_ms - hold_ms
    onward = leg[:, :1] & (leg[:, 1:2] | leg[:, 2:3])
    target = np.where(leg[:, 1], 1, 2)
    # what, when, which event, the leg whose queue it names, the leg whose agent did it
    slots: list[tuple[Any, Any, int, Any, int]] = [(leg[:, 0], picked_up[:, 0], 0, 0, 0)]
    for k in range(HOLDS):
        there = rows["holds"] > k
        slots += [(there, held[:, k], 1, 0, 0), (there, held[:, k] + hold_ms[:, k], 2, 0, 0)]
    slots += [
        (onward[:, 0], end[:, 0], 3, target, 0),
        (leg[:, 1], picked_up[:, 1], 0, 1, 1),
        (leg[:, 1] & leg[:, 2], end[:, 1], 3, 2, 1),
        (leg[:, 2], picked_up[:, 2], 0, 2, 2),
    ]
    happened = np.stack([slot[0] for slot in slots], axis=1)
    row, slot = np.nonzero(happened)
    at = np.stack([s[1] for s in slots], axis=1)[row, slot]
    to_leg = np.stack([np.broadcast_to(s[3], len(rows)) for s in slots], axis=1)[row, slot]
    by_leg = np.array([s[4] for s in slots])[slot]
    return pa.table(
        {
            "contact_id": ids.take(pa.array(row)),
            "at": instant(at),
            "event": named(EVENTS, np.array([s[2] for s in slots])[slot]),
            "queue": named(QUEUE_NAMES, rows["leg_queue"][row, to_leg]),
            "agent_id": agent_ids(rows["leg_agent"][row, by_leg].astype(np.int64)),
        },
        schema=EVENT_SCHEMA,
    )


def _staff(world: World, agent: Ints) -> dict[str, pa.Array]:
    """Give the columns that follow from an agent; codes below 0 are nobody."""
    agents, none = world.agents, agent < 0
    team = numbered("t", np.where(none, -1, agents.team[agent]), triples=2)
    return {
        "agent_id": agent_ids(agent),
        "team": team,
        "site": named(SITES, np.where(none, -1, agents.site[agent])),
    }


def _leg_times(rows: Records) -> tuple[Ints, Ints]:
    length = rows["leg_wait_s"].astype(np.int64) + rows["leg_talk_s"]
    length[:, 0] += rows["hold_s"].sum(axis=1)
    end = rows["started_ms"][:, None] + np.cumsum(length, axis=1) * 1_000
    return end - length * 1_000, end


def _known(rows: Records) -> Ints:
    """Give when a record was known: after the last wrap-up, for some much later."""
    final = LEGS - 1 - np.argmax(rows["leg"][:, ::-1], axis=1)
    wrap = np.take_along_axis(rows["leg_wrap_s"], final[:, None], axis=1)[:, 0]
    after = np.where(rows["handled"], wrap, 0) + rows["known_after_s"].astype(np.int64)
    return np.asarray(ended_ms(rows) + after * 1_000)


def _leg_ids(contact_ids: pa.Array, leg: Ints) -> pa.Array:
    """Name the legs: the first as its contact, later ones with their place behind it."""
    suffix = named(["", "-2", "-3"], leg)
    return pc.binary_join_element_wise(contact_ids, suffix, "")


def _answer(codes: npt.NDArray[np.integer], kind: pa.DataType) -> pa.Array:
    return nulls_where(pa.array(np.maximum(codes, 0).astype(np.int64)).cast(kind), codes < 0)
