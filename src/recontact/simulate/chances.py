"""The true chances of `repeated` and `escalation` under the default policy.

They are worked out from the simulation's own chances, given all that was drawn up to an instant
except whether the issue is solved; docs/simulator.md lists the terms and the approximations.
"""

from dataclasses import dataclass

import numpy as np

from recontact.simulate import averages
from recontact.simulate.averages import look_up
from recontact.simulate.customers import ANONYMOUS, People
from recontact.simulate.handling import (
    BY_POSITION,
    CALLED_BACK,
    CHAT,
    CHATS,
    CLAIM_IF_NOT,
    CLAIM_IF_SOLVED,
    DROP,
    HAZARD,
    HEAT,
    HEAT_BY_POSITION,
    LOAD_COST,
    LOAD_HEAT,
    NO_ANSWER,
    VOICE,
    WRITES_AGAIN,
    Wave,
    abandoned_chance,
    by_position,
)
from recontact.simulate.issues import (
    CALLBACK_H,
    LEADS,
    LEADS_TO,
    LONGEST,
    OUTREACH_SHARE,
    REDIALS,
    RETRIES,
    SHARES,
)
from recontact.simulate.reasons import COUNT, GROUP, Floats, Ints, coding
from recontact.simulate.records import MOMENTS
from recontact.simulate.world import DAY, DAYS, DIGITAL, POOLS, World, arrivals_until

WINDOW = 2 * DAY
BY_DAY: Floats = np.concatenate([[0.0], np.cumsum(SHARES)])
WITHIN = BY_DAY[2]  # chance that a repeat comes within the window
# two repeats after each other within the window; the half is the chance that their parts of a
# day together stay below a day
TWO_WITHIN = SHARES[0] ** 2 + SHARES[0] * SHARES[1]
# a repeat after a callback, which takes some of the 48 hours itself
WITHIN_AFTER_CALLBACK = SHARES[0] + SHARES[1] * (1 - sum(CALLBACK_H) / 2 / 24)
LAGS = 12  # how many contacts back another issue is looked for
SOLVED = 0.6  # rough share of contacts that solve their issue, for issues that follow from others


@dataclass(frozen=True)
class Chances:
    """Tables of one world, from which the chances of its contacts are looked up."""

    world: World
    course: Floats
    unresolved: Floats  # pool x wrong x reason x grid
    escalated: Floats  # pool x grid
    abandoned: Floats  # program x (groups, digital)
    load: Floats
    load_heat: Floats
    coding: Floats
    brings: Floats  # reason x recorded reason, of an issue and what may follow from it

    @classmethod
    def of(cls, world: World) -> "Chances":
        """Work the tables out."""
        course = averages.over_course()
        weight = np.diff(world.arrivals)
        channel = np.full(world.load.shape, VOICE)
        channel[:, DIGITAL] = CHAT
        coded = coding()
        follows = np.zeros((COUNT, COUNT))
        has = LEADS_TO >= 0
        follows[np.flatnonzero(has), LEADS_TO[has]] = SOLVED * LEADS[has]
        return cls(
            world=world,
            course=course,
            unresolved=averages.over_agents(course, world.agents.slip, world.agents),
            escalated=averages.over_agents(averages.plain(), world.agents.heat, world.agents),
            abandoned=np.average(abandoned_chance(world.load, channel), axis=2, weights=weight),
            load=np.average(np.exp(LOAD_COST * world.load), axis=2, weights=weight),
            load_heat=np.average(np.exp(LOAD_HEAT * world.load), axis=2, weights=weight),
            coding=coded,
            brings=(np.eye(COUNT) + follows) @ coded,
        )

    def add(self, people: People, wave: Wave) -> None:
        """Add to each contact its chances at each moment, as columns of the wave."""
        own = _Own(self, people, wave)
        others, others_escalate = self._others(people, wave, own)
        unresolved = self._unresolved(wave)
        escalated = self._escalated(wave)
        repeated, escalation = [], []
        for k, moment in enumerate(MOMENTS):
            dropped = wave["dropped"] if moment == "wrapup" else DROP
            promised = wave["promised"] if moment == "wrapup" else CALLED_BACK[wave["reason"]]
            again, twice = own.chances(unresolved[k], dropped, promised)
            repeated.append(1 - (1 - again) * np.exp(-others))
            later = (again * own.heat + twice * own.heat_after) + others_escalate
            escalation.append(1 - (1 - escalated[k]) * np.exp(-later))
        wave["repeated"] = np.stack(repeated, axis=1)
        wave["escalation"] = np.stack(escalation, axis=1)

    def _unresolved(self, wave: Wave) -> tuple[Floats, Floats, Floats]:
        """Chance that the issue stays open after a served contact, at each moment."""
        wrong, reason = wave["wrong"].astype(np.int64), wave["reason"]
        pool = wave["program"] * POOLS + wave["group"]
        start = look_up(self.unresolved, (pool, wrong, reason), wave["hazard"])
        slip = self.world.agents.slip[wave["agent"]]
        live = look_up(self.course, (wrong, reason), wave["hazard"] * slip)
        return start, live, told(wave)

    def _escalated(self, wave: Wave) -> tuple[Floats, Floats, Floats]:
        """Chance that this contact itself escalates, at each moment."""
        pool = wave["program"] * POOLS + wave["group"]
        start = (1 - DROP) * look_up(self.escalated, (pool,), wave["heat"])
        heat = wave["heat"] * self.world.agents.heat[wave["agent"]]
        return start, (1 - DROP) * (1 - np.exp(-heat)), wave["escalated"].astype(np.float64)

    def _others(self, people: People, wave: Wave, own: "_Own") -> tuple[Floats, Floats]:
        """Expected related contacts within the window that serve other issues.

        The second array weighs each by its chance to escalate.
        """
        who, coded = wave["person"], wave["coded"]
        days = arrivals_until(self.world, wave["ended"] + WINDOW) - arrivals_until(
            self.world, wave["ended"]
        )
        mixed = (self.world.mix @ self.brings)[wave["program"], coded]
        faithful = people.faithful[who]
        same = (1 - faithful) * mixed + faithful * self.brings[people.favourite[who], coded]
        seen = days / DAYS * (1 - OUTREACH_SHARE) * (1 - ANONYMOUS) * own.served
        per_issue = len(who) / max(1, int((wave["position"] == 1).sum()))
        new = seen * (people.rate[who] * same + people.crowd[who] * mixed * per_issue)
        pending = self._pending(people, wave) * (1 - ANONYMOUS) * own.served
        fresh = own.escalates(np.ones(len(who), dtype=np.int64))
        return new + pending, 1.2 * new * fresh + pending * own.heat

    def _pending(self, people: People, wave: Wave) -> Floats:
        """Expected repeats of the customer's other open issues, recorded under the same reason."""
        order = np.lexsort((wave["at"], wave["person"]))
        who, at, ended = (wave[n][order] for n in ("person", "at", "ended"))
        issue, coded, reason = (wave[n][order] for n in ("issue", "coded", "reason"))
        returns = _returns(people, wave)[order]
        next_at = _next_at(wave)[order]
        total = np.zeros(len(who))
        for lag in range(1, min(LAGS, len(who) - 1) + 1):
            early, late = slice(None, -lag), slice(lag, None)
            days = (ended[late] - ended[early]) / DAY
            near = (who[early] == who[late]) & (days < 7)
            if not near.any():
                break
            open_ = near & (issue[early] != issue[late]) & (next_at[early] > at[late])
            i = np.flatnonzero(open_)
            j = i + lag
            chance, past = returns[i], np.maximum(days[i], 0)
            gone = np.interp(past, np.arange(8), BY_DAY)
            due = np.interp(past + 2, np.arange(8), BY_DAY) - gone
            expected = chance * due / (1 - chance * gone) * self.coding[reason[i], coded[j]]
            total[j] += -np.log1p(-expected)
        result = np.empty(len(who))
        result[order] = total
        return result


class _Own:
    """Chances that the contact's own issue comes back within the window."""

    def __init__(self, chances: Chances, people: People, wave: Wave) -> None:
        who, reason = wave["person"], wave["reason"]
        self._tables, self._wave = chances, wave
        self._temper = people.temper[who]
        program, group = wave["program"], GROUP[reason]
        self._pool = program * POOLS + group
        writes = WRITES_AGAIN * people.digital[who]
        gives_up = (1 - writes) * chances.abandoned[program, group] + writes * CHATS * (
            chances.abandoned[program, DIGITAL]
        )
        self.served = (1 - gives_up) / (1 - gives_up * RETRIES)
        related = chances.coding[reason, wave["coded"]] * (1 - ANONYMOUS) * self.served
        self._related = related
        self._habit = np.where(wave["position"] < LONGEST, people.habit[who], 0.0)
        hazard = HAZARD[reason] * by_position(BY_POSITION, wave["position"] + 1)
        right = np.zeros(len(who), dtype=np.int64)
        self._open_next = look_up(
            chances.unresolved, (self._pool, right, reason), hazard * chances.load[program, group]
        )
        self.heat = self.escalates(wave["position"] + 1)
        self.heat_after = self.escalates(wave["position"] + 2)

    def escalates(self, position: Ints) -> Floats:
        """Chance that a contact of this reason and customer escalates."""
        wave = self._wave
        heat = HEAT[wave["reason"]] * self._temper * by_position(HEAT_BY_POSITION, position)
        load = self._tables.load_heat[wave["program"], GROUP[wave["reason"]]]
        return (1 - DROP) * look_up(self._tables.escalated, (self._pool,), heat * load)

    def chances(
        self, unresolved: Floats, dropped: Floats | float, promised: Floats
    ) -> tuple[Floats, Floats]:
        """Chance of a related contact within the window, and of two of them."""
        habit, related, open_next = self._habit, self._related, self._open_next
        missed = (1 - related) * open_next * habit * related
        repeat = habit * (related * WITHIN + missed * TWO_WITHIN)
        still_open = NO_ANSWER + (1 - NO_ANSWER) * open_next
        called = still_open * habit * related * WITHIN_AFTER_CALLBACK
        redial = REDIALS * (related + missed * WITHIN) + (1 - REDIALS) * repeat
        served = unresolved * ((1 - promised) * repeat + promised * called)
        again = dropped * redial + (1 - dropped) * served
        after = open_next * habit * related
        twice = dropped * REDIALS * after * WITHIN
        twice = twice + (1 - dropped) * unresolved * (1 - promised) * habit * after * TWO_WITHIN
        return again, twice


def told(wave: Wave) -> Floats:
    """Chance that the issue is open once the agent has said whether it is solved."""
    says = [wave["claim"] == 1, wave["claim"] == 0]
    if_open = np.select(says, [CLAIM_IF_NOT, 1 - CLAIM_IF_NOT], 1)
    if_solved = np.select(says, [CLAIM_IF_SOLVED, 1 - CLAIM_IF_SOLVED], 1)
    chance = wave["open_chance"]
    return np.asarray(chance * if_open / (chance * if_open + (1 - chance) * if_solved))


def _returns(people: People, wave: Wave) -> Floats:
    """Chance that the customer contacts again about the issue of a contact, by habit alone."""
    served = wave["handled"] & ~wave["dropped"]
    still_open = np.where(served, told(wave), 1.0) * ~wave["solved_before"]
    lives = ~wave["promised"] & (wave["position"] < LONGEST)
    return np.asarray(people.habit[wave["person"]] * still_open * lives)


def _next_at(wave: Wave) -> Floats:
    """Give when the issue's next contact starts, infinity where there is none."""
    order = np.lexsort((wave["position"], wave["issue"]))
    issue, at = wave["issue"][order], wave["at"][order]
    following = np.append(at[1:], np.inf)
    following[np.append(issue[1:] != issue[:-1], [True])] = np.inf
    result = np.empty(len(order))
    result[order] = following
    return result
