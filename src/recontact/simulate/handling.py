"""What happens in each simulated contact, from the arrival to the wrap-up.

A wave is a dict of equally long arrays, one entry for each contact; every function here draws
one stretch of all contacts of a wave and adds its columns. Times inside contacts are whole
seconds, as telephone systems record them, so that the parts sum exactly to the whole.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from recontact.simulate.customers import ANONYMOUS, People
from recontact.simulate.reasons import COUNT, GROUP, GROUPS, Floats, Ints, coding, column
from recontact.simulate.world import DIGITAL, POOLS, QUEUES, SPECIALISTS, World, hour

Wave = dict[str, npt.NDArray[Any]]

NEW, REPEAT, REDIAL, RETRY, CALLBACK, ADJACENT, OUTAGE, OUTREACH = range(8)
KINDS = ("new", "repeat", "redial", "retry", "callback", "adjacent", "outage", "outreach")
VOICE, CHAT, EMAIL, MESSAGING = range(4)
LEGS, HOLDS = 3, 3
CARE = GROUPS.index("care")  # answers where the reason is not known

WRITES_AGAIN = 0.6  # who contacts again writes less often, by this factor
CHATS, MAILS = 0.55, 0.30  # of what is written; the rest are messages
PATIENCE_S = 800.0  # mean time until a waiting caller or chatter gives up
NO_ANSWER = 0.12  # outbound calls that nobody takes
DROP = 0.02  # voice contacts that lose the line
HOLD_AGAIN = 0.3  # chance of another hold after a hold
WRONG_QUEUE = 0.6  # chance of a transfer when the recorded reason led to the wrong group
TALK_SPREAD, RUSH = 0.5, -0.3  # spread of the log of talk; a rushed contact solves less
HOLD_COST, TRANSFER_COST = 1.3, 1.6  # each multiplies the hazard to stay unresolved
BY_POSITION: Floats = np.array([1.0, 1.2, 1.35, 1.45])  # and so does having contacted before
HEAT_BY_POSITION: Floats = np.array([1.0, 1.45, 1.8, 2.1])
OUTAGE_COST = 1.8  # while the outage lasts
LOAD_COST, LOAD_HEAT = 0.35, 0.2
CLAIMED, CLAIM_IF_SOLVED, CLAIM_IF_NOT = 0.7, 0.93, 0.62  # what agents say of their contacts
TIER_2, SUPERVISOR = 0.6, 0.85  # of the escalated: the rest are complaints

HAZARD, HOLD, TRANSFER = column("hazard"), column("hold"), column("transfer")
HEAT, TALK_S, CALLED_BACK = column("escalation"), column("talk_s"), column("callback")
CODING = np.cumsum(coding(), axis=1) + np.arange(COUNT)[:, None]


def by_position(table: Floats, position: Ints) -> Floats:
    """Look up what depends on how many contacts of the issue came before."""
    return table[np.minimum(position - 1, len(table) - 1)]


def wait_mean(load: Floats, channel: Ints) -> Floats:
    """Give the mean time in queue in seconds."""
    base = np.array([40.0, 30.0, 9_000.0, 500.0])[channel]
    return base * np.exp(1.1 * load)


def abandoned_chance(load: Floats, channel: Ints) -> Floats:
    """Chance that patience ends before the wait does; mail and messages wait forever."""
    mean = wait_mean(load, channel)
    return np.where(channel <= CHAT, mean / (mean + PATIENCE_S), 0.0)


def serve(world: World, people: People, wave: Wave, rng: np.random.Generator) -> None:
    """Draw everything of the contacts of a wave; adds columns in place."""
    _arrive(world, people, wave, rng)
    _answer(world, wave, rng)
    _talk(world, wave, rng)
    _resolve(world, wave, rng)
    _escalate(world, people, wave, rng)
    _legs(world, wave, rng)
    _wrap_up(wave, rng)


def _arrive(world: World, people: People, wave: Wave, rng: np.random.Generator) -> None:
    who, count = wave["person"], len(wave["person"])
    again = np.isin(wave["kind"], (REPEAT, RETRY))
    writes = rng.random(count) < people.digital[who] * np.where(again, WRITES_AGAIN, 1.0)
    speaks = np.isin(wave["kind"], (REDIAL, CALLBACK, OUTREACH)) | ~writes
    written = np.searchsorted([CHATS, CHATS + MAILS], rng.random(count)) + CHAT
    wave["channel"] = np.where(speaks, VOICE, written)
    wave["outbound"] = np.isin(wave["kind"], (CALLBACK, OUTREACH))
    hidden = people.withheld[who] | (rng.random(count) < ANONYMOUS)
    wave["anonymous"] = hidden & ~wave["outbound"]
    wave["coded"] = _coded(wave["reason"], rng)
    wave["program"] = people.program[who]
    led_to = np.where(wave["coded"] >= 0, GROUP[wave["coded"]], CARE)
    wave["group"] = np.where(wave["channel"] == VOICE, led_to, DIGITAL)
    wave["wrong"] = (wave["channel"] == VOICE) & (led_to != GROUP[wave["reason"]])
    wave["load"] = world.load[wave["program"], wave["group"], hour(wave["at"])]
    wave["in_outage"] = wave["at"] < wave["outage_until"]


def _coded(reason: Ints, rng: np.random.Generator) -> Ints:
    """Draw under which reason each contact is recorded; -1 under none."""
    drawn = np.searchsorted(CODING.ravel(), reason + rng.random(len(reason))) - reason * COUNT
    return np.where(drawn < COUNT, drawn, -1)  # past the row lies what its chances lack to 1


def _answer(world: World, wave: Wave, rng: np.random.Generator) -> None:
    count = len(wave["person"])
    wait = wait_mean(wave["load"], wave["channel"]) * rng.standard_exponential(count)
    patience = PATIENCE_S * rng.standard_exponential(count)
    gave_up = (patience < wait) & (wave["channel"] <= CHAT) & ~wave["outbound"]
    unanswered = wave["outbound"] & (rng.random(count) < NO_ANSWER)
    wave["handled"] = ~gave_up & ~unanswered
    wait = np.where(wave["outbound"], 0.0, np.minimum(np.where(gave_up, patience, wait), 90_000.0))
    wave["wait_s"] = wait.astype(np.int64)
    pool = wave["program"] * POOLS + wave["group"]
    wave["agent"] = _pick(world, pool, rng)
    wave["queue"] = wave["program"] * len(QUEUES) + np.where(
        wave["group"] == DIGITAL, wave["channel"] + DIGITAL - 1, wave["group"]
    )


def _talk(world: World, wave: Wave, rng: np.random.Generator) -> None:
    count, reason = len(wave["person"]), wave["reason"]
    on_line = wave["channel"] <= CHAT
    wave["dropped"] = wave["handled"] & (wave["channel"] == VOICE) & (rng.random(count) < DROP)
    steady = wave["handled"] & ~wave["dropped"] & on_line
    wave["holds"] = np.where(steady & (wave["channel"] == VOICE), _holds(reason, rng), 0)
    moved = rng.random(count) < np.where(wave["wrong"], WRONG_QUEUE, TRANSFER[reason])
    wave["moved"] = steady & moved & ~wave["outbound"]
    wave["rush"] = rng.standard_normal(count)
    talk = TALK_S[reason] * np.exp(TALK_SPREAD * wave["rush"]) * world.agents.pace[wave["agent"]]
    cut = np.where(wave["dropped"], rng.random(count), 1.0)
    wave["talk_s"] = np.where(wave["handled"], (talk * cut).astype(np.int64) + 2, 0)


def _holds(reason: Ints, rng: np.random.Generator) -> Ints:
    chance = rng.random(len(reason)) / HOLD[reason]
    again = HOLD_AGAIN ** np.arange(HOLDS)
    return np.asarray((chance[:, None] < again).sum(axis=1), dtype=np.int64)


def _resolve(world: World, wave: Wave, rng: np.random.Generator) -> None:
    """Draw whether the issue stays unresolved; `hazard` is what the start knew of its chance."""
    wave["hazard"] = (
        HAZARD[wave["reason"]]
        * by_position(BY_POSITION, wave["position"])
        * np.exp(LOAD_COST * wave["load"])
        * np.where(wave["in_outage"], OUTAGE_COST, 1.0)
    )
    slip = world.agents.slip[wave["agent"]]
    course = HOLD_COST ** wave["holds"] * TRANSFER_COST ** wave["moved"]
    hazard = wave["hazard"] * slip * course * np.exp(RUSH * wave["rush"])
    wave["open_chance"] = 1 - np.exp(-hazard)
    served = wave["handled"] & ~wave["dropped"]
    stays = np.where(served, rng.random(len(hazard)) < wave["open_chance"], True)
    wave["unresolved"] = stays & ~wave["solved_before"]


def _escalate(world: World, people: People, wave: Wave, rng: np.random.Generator) -> None:
    count = len(wave["person"])
    wave["heat"] = (
        HEAT[wave["reason"]]
        * people.temper[wave["person"]]
        * by_position(HEAT_BY_POSITION, wave["position"])
        * np.exp(LOAD_HEAT * wave["load"])
    )
    chance = 1 - np.exp(-wave["heat"] * world.agents.heat[wave["agent"]])
    served = wave["handled"] & ~wave["dropped"] & ~wave["outbound"]
    wave["escalated"] = served & (rng.random(count) < chance)
    kind = rng.random(count)
    wave["tier"] = np.where(wave["escalated"] & (kind < TIER_2), 2, 1)
    wave["complaint"] = wave["escalated"] & (kind >= SUPERVISOR)


def _legs(world: World, wave: Wave, rng: np.random.Generator) -> None:
    """Draw up to three legs: the first, a sideways transfer, the second tier."""
    count = len(wave["person"])
    present = np.stack([wave["handled"], wave["moved"], wave["tier"] == 2], axis=1)
    groups = np.where(wave["wrong"], GROUP[wave["reason"]], (wave["group"] + 1) % DIGITAL)
    pools = wave["program"][:, None] * POOLS + np.stack(
        [wave["group"], groups, np.full(count, SPECIALISTS)], axis=1
    )
    queues = wave["program"] * len(QUEUES)
    talk = wave["talk_s"][:, None] * [1.0, 0.6, 0.7] * np.exp(rng.normal(0, 0.2, (count, LEGS)))
    wait = 25 * rng.standard_exponential((count, LEGS))
    wrap = 45 * np.exp(rng.normal(0, 0.5, (count, LEGS)))
    wave["leg"] = present
    wave["leg_agent"] = _pick(world, pools, rng)
    wave["leg_agent"][:, 0] = wave["agent"]
    wave["leg_queue"] = np.stack([wave["queue"], queues + groups, queues + len(QUEUES) - 1], axis=1)
    wave["leg_wait_s"] = np.where(present, wait, 0).astype(np.int64)
    wave["leg_wait_s"][:, 0] = wave["wait_s"]
    wave["leg_talk_s"] = np.where(present, talk + 1, 0).astype(np.int64)
    wave["leg_talk_s"][:, 0] = wave["talk_s"]
    wave["leg_wrap_s"] = np.where(present, wrap, 0).astype(np.int64)
    held = np.arange(HOLDS) < wave["holds"][:, None]
    length = 3 + 55 * np.exp(rng.normal(0, 0.6, (count, HOLDS)))
    wave["hold_s"] = np.where(held, length, 0).astype(np.int64)
    when = np.sort(rng.uniform(0.05, 0.95, (count, HOLDS)), axis=1)
    wave["hold_after_s"] = (when * wave["talk_s"][:, None]).astype(np.int64)
    whole = wave["leg_wait_s"].sum(1) + wave["leg_talk_s"].sum(1) + wave["hold_s"].sum(1)
    wave["length_s"] = np.where(wave["handled"], whole, wave["wait_s"])
    wave["ended"] = wave["at"] + wave["length_s"]


def _wrap_up(wave: Wave, rng: np.random.Generator) -> None:
    count = len(wave["person"])
    served = wave["handled"] & ~wave["dropped"]
    says = np.where(wave["unresolved"], CLAIM_IF_NOT, CLAIM_IF_SOLVED)
    yes = rng.random(count) < says
    spoken = served & (rng.random(count) < CLAIMED)
    wave["claim"] = np.where(spoken, yes.astype(np.int64), -1)
    promise = rng.random(count) < CALLED_BACK[wave["reason"]]
    wave["promised"] = served & promise & ~wave["outbound"]
    _survey(wave, served & (rng.random(count) < 0.08), rng)
    quick = rng.uniform(2, 240, count)
    late = rng.uniform(1, 30, count) * 3_600
    wave["known_after_s"] = np.where(rng.random(count) < 0.06, late, quick).astype(np.int64)


def _survey(wave: Wave, asked: npt.NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Few answer, those with an open issue are less content, and not every question is met."""
    count = len(asked)
    mood = 0.9 - 1.6 * wave["unresolved"] - 0.7 * wave["escalated"] + rng.standard_normal(count)
    answers = {
        "csat": np.clip(np.rint(3.4 + 1.1 * mood), 1, 5),
        "nps": np.clip(np.rint(6.5 + 2.2 * mood), 0, 10),
        "ces": np.clip(np.rint(3.5 - 1.3 * mood), 1, 7),
        "survey_resolved": rng.random(count) < np.where(wave["unresolved"], 0.15, 0.92),
    }
    for name, answer in answers.items():
        given = asked & (rng.random(count) < 0.85)
        wave[name] = np.where(given, answer, -1).astype(np.int64)


def _pick(world: World, pool: Ints, rng: np.random.Generator) -> Ints:
    """Draw an agent of each pool, all alike."""
    agents = world.agents
    drawn = (rng.random(pool.shape) * agents.size[pool]).astype(np.int64)
    return np.asarray(agents.first[pool] + drawn)
