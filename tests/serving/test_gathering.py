"""What is asked for at once is scored together, and one that can't be takes no other with it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from recontact_serving.scoring.gathering import Gathering


class Halving:
    """Scores by halving; a zero can't be scored."""

    def __init__(self):
        self.sizes = []

    def scored_together(self, asked):
        self.sizes.append(len(asked))
        return [1 / one for one in asked]


def together(scorer, *asked):
    """Ask at once; in a thread, as a browser's own loop may run in this one."""

    async def ask():
        gathering = Gathering()
        waiting = (gathering.scored(scorer, one) for one in asked)
        return await asyncio.gather(*waiting, return_exceptions=True)

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(ask())).result()


def test_what_is_asked_for_at_once_is_scored_together():
    scorer = Halving()
    assert together(scorer, 1, 2, 4) == [1.0, 0.5, 0.25]
    assert scorer.sizes == [3]


def test_one_that_cannot_be_scored_takes_no_other_with_it():
    first, second, third = together(Halving(), 1, 0, 4)
    assert (first, third) == (1.0, 0.25)
    assert isinstance(second, ZeroDivisionError)
