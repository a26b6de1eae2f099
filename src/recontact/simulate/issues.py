"""The life of simulated issues: how they begin, come back, and bring the next ones.

A block of customers is lived through in waves: all first contacts of all issues, then all that
follow from them, and so on until nothing follows.
"""

import numpy as np

from recontact.simulate.customers import People, pick_reasons
from recontact.simulate.handling import (
    ADJACENT,
    CALLBACK,
    NEW,
    OUTAGE,
    OUTREACH,
    REDIAL,
    REPEAT,
    RETRY,
    Wave,
    serve,
)
from recontact.simulate.reasons import Floats, Ints, column
from recontact.simulate.world import BURN_IN_DAYS, DAY, DAYS, END, HOUR, TABLE, World, arrival_times

# Of repeats by day; with the redials, which all come on the first day, the shares of all
# contacts that follow on the same issue are about 28, 17, 13, 11, 11, 10 and 10 %.
SHARES: Floats = np.array([0.25, 0.18, 0.135, 0.115, 0.115, 0.105, 0.10])
REDIALS, RETRIES = 0.85, 0.75  # chance to redial after a lost line, to retry after giving up
CALLBACK_H = (1.0, 8.0)  # hours until a promised callback, from and to
OUTREACH_SHARE = 0.02  # new issues that the contact centre itself begins
CASES = 0.35  # share of issues that get a case in the CRM
LONGEST = 12  # contacts of one issue
LEADS, LEADS_TO = column("leads"), column("leads_to")


def lifetime(world: World, people: People, rng: np.random.Generator) -> Wave:
    """Live through all contacts of a block of persons; one dict of columns, in no order."""
    wave = _begin(world, people, rng)
    waves, issues = [], len(wave["person"])
    while len(wave["person"]):
        serve(world, people, wave, rng)
        waves.append(wave)
        wave = _follow(world, people, wave, issues, rng)
        issues += int((wave["position"] == 1).sum())
    return {name: np.concatenate([w[name] for w in waves]) for name in waves[0]}


def delay(world: World, ended: Floats, day: Ints, rng: np.random.Generator) -> Floats:
    """Draw the time until a contact that comes `day` whole days later, at a usual hour.

    The hour follows the clock of all arrivals, so the shares by day hold whatever the hour at
    which the earlier contact ended.
    """
    drawn = rng.random(len(ended)) * TABLE
    step = drawn.astype(np.int64)
    clock = world.clock[step] + (drawn - step) * (world.clock[step + 1] - world.clock[step])
    return np.asarray(day * DAY + np.mod(clock - ended, DAY))


def days_until_repeat(count: int, rng: np.random.Generator) -> Ints:
    """Draw after how many whole days a customer with an open issue contacts again."""
    return np.searchsorted(np.cumsum(SHARES)[:-1], rng.random(count), side="right")


def _begin(world: World, people: People, rng: np.random.Generator) -> Wave:
    """Give the first contacts of all issues that do not follow from another."""
    ordinary = _ordinary(world, people, rng)
    waves = [ordinary, *_bursts(world, people, rng)]
    wave = {name: np.concatenate([w[name] for w in waves]) for name in ordinary}
    wave["issue"] = np.arange(len(wave["person"]))
    return wave


def _ordinary(world: World, people: People, rng: np.random.Generator) -> Wave:
    who = np.repeat(
        np.arange(len(people.rate)), rng.poisson(people.rate * (1 + BURN_IN_DAYS / DAYS))
    )
    count = len(who)
    at = arrival_times(world, rng.random(count))
    usual = pick_reasons(world, people.program[who], rng)
    reason = np.where(rng.random(count) < people.faithful[who], people.favourite[who], usual)
    kind = np.where(rng.random(count) < OUTREACH_SHARE, OUTREACH, NEW)
    return _opening(who, at, reason, kind, np.full(count, -np.inf), rng)


def _bursts(world: World, people: People, rng: np.random.Generator) -> list[Wave]:
    """Give the contacts of those whom an outage hits, most of them soon after it begins."""
    waves, outages = [], world.outages
    for k in range(len(outages.start)):
        hit = rng.random(len(people.program)) < outages.reach[k]
        who = np.flatnonzero(hit & (people.program == outages.program[k]))
        after = outages.length[k] * np.minimum(0.35 * rng.standard_exponential(len(who)), 1.2)
        until = np.full(len(who), outages.start[k] + outages.length[k])
        reason = np.full(len(who), outages.reason[k])
        kind = np.full(len(who), OUTAGE)
        waves.append(_opening(who, outages.start[k] + after, reason, kind, until, rng))
    return waves


def _opening(
    who: Ints, at: Floats, reason: Ints, kind: Ints, until: Floats, rng: np.random.Generator
) -> Wave:
    return {
        "person": who,
        "at": at,
        "reason": reason,
        "kind": kind,
        "position": np.ones(len(who), dtype=np.int64),
        "outage_until": until,
        "solved_before": np.zeros(len(who), dtype=bool),
        "case": rng.random(len(who)) < CASES,
    }


def _follow(
    world: World, people: People, wave: Wave, issues: int, rng: np.random.Generator
) -> Wave:
    """Give the contacts that follow from those of a wave; `issues` have begun so far."""
    count = len(wave["person"])
    redial = wave["dropped"] & (rng.random(count) < REDIALS)
    gave_up = ~wave["handled"] & ~wave["outbound"]
    retry = gave_up & (rng.random(count) < RETRIES)
    called = wave["promised"]
    waits = wave["unresolved"] & ~redial & ~retry & ~called
    repeat = waits & (rng.random(count) < people.habit[wave["person"]])
    solved = ~wave["unresolved"] & ~wave["solved_before"] & ~called
    adjacent = solved & (rng.random(count) < LEADS[wave["reason"]])
    kind = np.select(
        [redial, retry, called, repeat, adjacent], [REDIAL, RETRY, CALLBACK, REPEAT, ADJACENT], -1
    )
    at = wave["ended"] + _after(world, wave["ended"], kind, rng)
    lives = (kind >= 0) & (at < END) & (wave["position"] < LONGEST)
    return _next(wave, np.flatnonzero(lives), kind, at, issues, rng)


def _after(world: World, ended: Floats, kind: Ints, rng: np.random.Generator) -> Floats:
    """Draw the time from the end of a contact to the one that follows."""
    count = len(ended)
    later = rng.integers(2, 21, count)
    days = np.where(kind == ADJACENT, later, days_until_repeat(count, rng))
    usual = delay(world, ended, days, rng)
    part = rng.random(count)
    soonest, latest = CALLBACK_H
    return np.select(
        [kind == REDIAL, kind == RETRY, kind == CALLBACK],
        [20 + 460 * part, 60 + 3_540 * part, HOUR * (soonest + (latest - soonest) * part)],
        usual,
    )


def _next(
    wave: Wave, rows: Ints, kind: Ints, at: Floats, issues: int, rng: np.random.Generator
) -> Wave:
    kind, reason, position = kind[rows], wave["reason"][rows], wave["position"][rows]
    new = kind == ADJACENT
    begun = issues + np.cumsum(new) - 1
    return {
        "person": wave["person"][rows],
        "at": at[rows],
        "reason": np.where(new, LEADS_TO[reason], reason),
        "kind": kind,
        "position": np.where(new, 1, position + 1),
        "outage_until": np.where(new, -np.inf, wave["outage_until"][rows]),
        "solved_before": ~wave["unresolved"][rows] & ~new,
        "case": np.where(new, rng.random(len(rows)) < CASES, wave["case"][rows]),
        "issue": np.where(new, begun, wave["issue"][rows]),
    }
