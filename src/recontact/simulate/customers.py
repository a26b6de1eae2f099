"""The simulated customers: how often each calls, and what each does when left unresolved."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recontact.simulate.reasons import COUNT, Floats, Ints
from recontact.simulate.world import PROGRAM_SHARE, World

REGULAR = 0.007  # share of customers who call all the time, mostly about one thing
WITHHELD = 0.025  # share of customers who always hide their number
ANONYMOUS = 0.012  # chance that a contact of anybody else carries no customer


@dataclass(frozen=True)
class People:
    """One block of persons; rates are new issues in 180 days.

    `crowd` is the rate of all others who use the same customer number.
    """

    number: Ints  # of the customer, the same for all who share one
    program: Ints
    rate: Floats
    habit: Floats  # chance to contact again when unresolved
    temper: Floats  # multiplies the hazard of an escalation
    digital: Floats  # chance to write rather than call
    favourite: Ints  # the reason that comes back
    faithful: Floats  # share of issues that are of this reason
    withheld: npt.NDArray[np.bool_]
    crowd: Floats


def block(world: World, numbers: Ints, rng: np.random.Generator) -> People:
    """Draw persons, one for each customer number.

    Examples
    --------
    >>> from recontact.simulate.world import build
    >>> rng = np.random.default_rng(1)
    >>> people = block(build(1_000, rng), np.arange(1_000), rng)
    >>> bool(people.rate.max() > 20 * np.median(people.rate))
    True
    """
    count = len(numbers)
    program = np.searchsorted(np.cumsum(PROGRAM_SHARE)[:-1], rng.random(count)).astype(np.int64)
    regular = rng.random(count) < REGULAR
    often = rng.standard_normal(count)
    rate = np.where(regular, 36 * np.exp(0.5 * often), 2.0 * np.exp(0.85 * often))
    logit = 1.0 + 0.65 * often + np.where(regular, 1.5, 0.0) + 0.2 * rng.standard_normal(count)
    return People(
        number=numbers,
        program=program,
        rate=rate,
        habit=0.98 / (1 + np.exp(-logit)),
        temper=np.exp(0.28 * rng.standard_normal(count)),
        digital=np.clip(0.22 + 0.12 * rng.standard_normal(count), 0.02, 0.9),
        favourite=pick_reasons(world, program, rng),
        faithful=np.where(regular, rng.uniform(0.5, 0.9, count), rng.uniform(0.0, 0.3, count)),
        withheld=rng.random(count) < WITHHELD,
        crowd=np.zeros(count),
    )


def crowd(world: World, number: int, size: int, rng: np.random.Generator) -> People:
    """Draw persons of one program who all appear under one customer number."""
    drawn = block(world, np.full(size, number, dtype=np.int64), rng)
    rate = np.minimum(drawn.rate, 6.0)
    return People(
        number=drawn.number,
        program=np.zeros(size, dtype=np.int64),
        rate=rate,
        habit=drawn.habit,
        temper=drawn.temper,
        digital=drawn.digital,
        favourite=pick_reasons(world, np.zeros(size, dtype=np.int64), rng),
        faithful=drawn.faithful,
        withheld=np.zeros(size, dtype=bool),
        crowd=rate.sum() - rate,
    )


def pick_reasons(world: World, program: Ints, rng: np.random.Generator) -> Ints:
    """Draw a reason from the mix of each program."""
    key = np.cumsum(world.mix, axis=1) + np.arange(len(world.mix))[:, None]
    drawn = np.searchsorted(key.ravel(), program + rng.random(len(program)) * (1 - 1e-9))
    return np.asarray(np.minimum(drawn - program * COUNT, COUNT - 1), dtype=np.int64)
