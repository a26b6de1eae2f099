"""What an evaluation should tell beside the usual."""

from dataclasses import dataclass, field

from recontact.errors import UserError
from recontact.evaluation.bootstrap import REPLICATES
from recontact.evaluation.costs import Costs


@dataclass(frozen=True)
class Plan:
    """How models are tested.

    Attributes
    ----------
    costs : Costs
        What a repeat, an escalation and a follow-up cost.
    slices : tuple of str
        Columns of the contacts by whose groups the figures are compared, beside channel, queue,
        program and week; they need be no features.
    capacities : tuple of int
        How many contacts a day can be followed up; without, round numbers.
    replicates : int
        Draws of customers behind each interval; 0: no intervals.
    shuffled : bool
        Whether to learn shuffled outcomes too, to see that nothing is found in them.

    Examples
    --------
    >>> Plan(capacities=(0,))
    Traceback (most recent call last):
    recontact.errors.UserError: capacity 0: not a number of contacts a day
      mend: give a whole number from 1 up
    """

    costs: Costs = field(default_factory=Costs)
    slices: tuple[str, ...] = ()
    capacities: tuple[int, ...] = ()
    replicates: int = REPLICATES
    shuffled: bool = True

    def __post_init__(self) -> None:
        for k in self.capacities:
            if k < 1:
                raise UserError(
                    f"capacity {k}: not a number of contacts a day", "give a whole number from 1 up"
                )
