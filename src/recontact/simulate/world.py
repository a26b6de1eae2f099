"""The simulated contact centre itself: programs, queues, agents, load, outages and the calendar.

Instants are seconds since `START`; negative ones belong to the burn-in, whose contacts are
lived through but not written. Agents are in pools, five for each program: one for each group of
reasons on the telephone, one for chat and mail, one of specialists.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from recontact.simulate.reasons import COUNT, GROUPS, OUTAGE_REASONS, Floats, Ints, column

START = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday
DAYS, BURN_IN_DAYS = 180, 14
DAY, HOUR = 86_400.0, 3_600.0
FIRST, END = -BURN_IN_DAYS * DAY, DAYS * DAY
HOURS = (DAYS + BURN_IN_DAYS + 3) * 24  # three days more, for windows that look beyond the end

PROGRAMS = ("aurora", "borealis", "cascade")
PROGRAM_SHARE: Floats = np.array([0.5, 0.3, 0.2])
SITES = ("north", "south", "harbour")
CHANNELS = ("voice", "chat", "email", "messaging")
QUEUES = (*GROUPS, "chat", "email", "messaging", "specialists")  # of each program
GROUP_POOLS = (*GROUPS, "digital", "specialists")  # pools of agents of each program
DIGITAL, SPECIALISTS, POOLS = 3, 4, 5
POOL_SHARE: Floats = np.array([0.29, 0.25, 0.21, 0.20, 0.05])
CONTACTS_PER_AGENT, TEAM_SIZE, MOST_AGENTS = 500, 12, 20_000

HOUR_WEIGHT: Floats = np.array(
    [2, 1, 1, 1, 1, 3, 10, 28, 60, 85, 95, 92, 80, 78, 82, 84, 80, 70, 58, 45, 32, 20, 10, 5]
).astype(np.float64)
DAY_WEIGHT: Floats = np.array([1.22, 1.12, 1.06, 1.04, 1.02, 0.84, 0.70])  # from Monday
TABLE = 2_048  # points of the clock's table


@dataclass(frozen=True)
class Agents:
    """Agents in the order of their pools, with what no record says about them."""

    pool: Ints
    team: Ints
    site: Ints
    slip: Floats  # multiplies the hazard that an issue stays unresolved: hidden skill
    heat: Floats  # multiplies the hazard of an escalation
    pace: Floats  # multiplies the time of talk
    first: Ints  # of each pool, the first agent
    size: Ints  # of each pool


@dataclass(frozen=True)
class Outages:
    """Bursts: in `program`, from `start` for `length` seconds, a share `reach` of customers."""

    program: Ints
    reason: Ints
    start: Floats
    length: Floats
    reach: Floats


@dataclass(frozen=True)
class World:
    """All that the customers have in common."""

    agents: Agents
    outages: Outages
    mix: Floats  # program x reason: share of new issues
    load: Floats  # program x (groups, digital) x hour: 0 is an ordinary hour
    arrivals: Floats  # cumulated arrivals at each full hour, in ordinary days
    clock: Floats  # seconds of the day by equal steps of the chance to contact before them


def build(contacts: int, rng: np.random.Generator) -> World:
    """Draw a contact centre of a size for `contacts` contacts.

    Examples
    --------
    >>> world = build(10_000, np.random.default_rng(1))
    >>> len(world.agents.pool) >= 45, world.mix.shape
    (True, (3, 16))
    """
    outages = _outages(rng)
    share = column("share") * np.exp(0.25 * rng.standard_normal((len(PROGRAMS), COUNT)))
    return World(
        agents=_agents(contacts, rng),
        outages=outages,
        mix=share / share.sum(axis=1, keepdims=True),
        load=_load(outages, rng),
        arrivals=_arrivals(),
        clock=_clock(),
    )


def hour(at: Floats) -> Ints:
    """Give the hour since the burn-in began, kept inside the tables."""
    return np.clip(((at - FIRST) // HOUR).astype(np.int64), 0, HOURS - 1)


def arrivals_until(world: World, at: Floats) -> Floats:
    """Give the arrivals until an instant, in the arrivals of an ordinary day."""
    return np.asarray(np.interp(at, FIRST + HOUR * np.arange(HOURS + 1), world.arrivals))


def arrival_times(world: World, chance: Floats) -> Floats:
    """Give the instants until which a share `chance` of all arrivals of the span has come."""
    last = arrivals_until(world, np.array([END]))[0]
    full_hours = FIRST + HOUR * np.arange(HOURS + 1)
    return np.asarray(np.interp(chance * last, world.arrivals, full_hours))


def _agents(contacts: int, rng: np.random.Generator) -> Agents:
    wanted = min(contacts / CONTACTS_PER_AGENT, MOST_AGENTS)
    share = (PROGRAM_SHARE[:, None] * POOL_SHARE[None, :]).ravel()
    size = np.maximum(3, np.rint(wanted * share)).astype(np.int64)
    pool = np.repeat(np.arange(len(size)), size)
    first = np.cumsum(size) - size
    team_in_pool = (np.arange(len(pool)) - first[pool]) // TEAM_SIZE
    team = np.unique(pool * 100_000 + team_in_pool, return_inverse=True)[1].astype(np.int64)
    skill = rng.standard_normal(len(pool))
    return Agents(
        pool=pool,
        team=team,
        site=(team + pool // POOLS) % len(SITES),
        slip=np.exp(-0.5 * skill - 0.12),
        heat=np.exp(-0.35 * skill + 0.1 * rng.standard_normal(len(pool)) - 0.06),
        pace=np.exp(0.15 * rng.standard_normal(len(pool))),
        first=first,
        size=size,
    )


def _outages(rng: np.random.Generator) -> Outages:
    count = 4 * len(PROGRAMS)
    day = rng.integers(-BURN_IN_DAYS, DAYS - 2, count)
    return Outages(
        program=np.arange(count) % len(PROGRAMS),
        reason=np.array(OUTAGE_REASONS)[rng.integers(0, len(OUTAGE_REASONS), count)],
        start=day * DAY + rng.uniform(7, 19, count) * HOUR,
        length=rng.uniform(1.5, 7, count) * HOUR,
        reach=rng.uniform(0.008, 0.03, count),
    )


def _week() -> Floats:
    """Give the arrivals of each hour in units of an ordinary day."""
    weekday = (START.weekday() + np.arange(HOURS) // 24 - BURN_IN_DAYS) % 7
    profile = HOUR_WEIGHT / HOUR_WEIGHT.sum()
    return np.asarray(DAY_WEIGHT[weekday] * profile[np.arange(HOURS) % 24])


def _arrivals() -> Floats:
    return np.concatenate([[0.0], np.cumsum(_week())])


def _clock() -> Floats:
    chance = np.concatenate([[0.0], np.cumsum(HOUR_WEIGHT) / HOUR_WEIGHT.sum()])
    return np.asarray(np.interp(np.linspace(0, 1, TABLE + 1), chance, HOUR * np.arange(25)))


def _load(outages: Outages, rng: np.random.Generator) -> Floats:
    """Busy hours, busy days and understaffed days; an outage loads the group it is about."""
    groups = len(GROUPS) + 1
    busy = np.log(_week() * 24 + 0.3)
    busy -= np.average(busy, weights=_week())
    days = HOURS // 24
    staffing = 0.2 * rng.standard_normal((len(PROGRAMS), groups, days))
    load = 0.5 * busy + np.repeat(staffing, 24, axis=2)
    for k, program in enumerate(outages.program):
        begin = int(hour(outages.start[k : k + 1])[0])
        until = begin + 1 + int(outages.length[k] // HOUR)
        load[program, column("group")[outages.reason[k]], begin:until] += 0.8
    return np.clip(load, -1.5, 1.6)
