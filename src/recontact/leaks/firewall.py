"""All tests of the firewall, one after the other."""

from collections.abc import Callable, Collection, Sequence

import numpy as np

from recontact.errors import UserError
from recontact.features.back_filled import back_filled
from recontact.features.known import extras
from recontact.features.moments import MOMENTS
from recontact.features.table import Source, feature_columns
from recontact.features.yours import near
from recontact.leaks.again import duplicates, row_order
from recontact.leaks.found import PLANTED, Check
from recontact.leaks.outcome import outcome
from recontact.leaks.then import future
from recontact.leaks.world import World, asked, with_outcomes

ASKED, FUTURE, ORDER, AGAIN, OUTCOME = 0.1, 0.5, 0.1, 0.2, 0.1  # shares of the time


def check(
    source: Source,
    moments: Sequence[str] = MOMENTS,
    *,
    sample: int = 20,
    seed: int = 0,
    allow: Collection[str] = (),
    advance: Callable[[float], None] = lambda _: None,
) -> list[Check]:
    """Test that no feature holds what was not known at its instant.

    Parameters
    ----------
    source : Source
        Contacts, policy and what is known from when.
    moments : sequence of str
        The moments to check; `live` is checked at half of each contact's length.
    sample : int
        Instants drawn for each moment, at which the future is deleted.
    seed : int
        Which are drawn.
    allow : collection of str
        Features that may tell an outcome however well.
    advance : callable
        Told the share of the work done since its last call.

    Returns
    -------
    list of Check
        `columns`, `future`, `row order`, `duplicates`, `outcome`. Nothing leaks where the
        `leaks` of all are empty.

    Raises
    ------
    UserError
        No contact may be judged, or one of `allow` is no feature.
    BlindFirewallError
        A leak planted to be found was not: a fault of ours.
    """
    draw = np.random.default_rng(seed)
    plain = World.of(source)
    if not plain.source.rules.eligible.any():
        raise UserError(
            "no contact can be judged under this policy, so there is nothing to check",
            "recontact label shows why each is left out (column exclusion)",
        )
    world = World.of(with_outcomes(source, plain.labels))
    every = [one for moment in moments if len((one := asked(world, moment)).rows)]
    names = [n for n in feature_columns(every[0].table) if not n.startswith(PLANTED)]
    _refuse_unknown(allow, names)
    advance(ASKED)
    steps = sample * len(every)
    checks = [_columns(source, names, [one.moment for one in every])]
    checks.append(future(world, every, sample, draw, lambda: advance(FUTURE / steps)))
    checks.append(row_order(world, every, draw))
    advance(ORDER)
    checks.append(duplicates(world, [one.moment for one in every], draw))
    advance(AGAIN)
    checks.append(outcome(world, every, allow, draw))
    advance(OUTCOME)
    return checks


def _refuse_unknown(allow: Collection[str], names: list[str]) -> None:
    for name in allow:
        if name not in names:
            raise UserError(f"--allow {name}: no such feature", near(name, names))


def _columns(source: Source, names: list[str], moments: list[str]) -> Check:
    """Tell what was looked at; labels and what was filled in later were refused before."""
    own, late = extras(source.known), back_filled(source.contacts)
    text = f"{len(names)} features at {', '.join(moments)}; none is a label or was filled in later"
    checked = {"features": names, "moments": moments, "own": own, "back_filled": late}
    return Check("columns", text, checked, [], [])
