"""Scores together what is asked for at once: under load that takes less time than one by one."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from recontact.scoring import Asked, Scored
from recontact_serving.models.champions import Scores


class _Waiting(NamedTuple):
    scorer: Scores
    asked: Asked
    done: "asyncio.Future[Scored]"


class Gathering:
    """Waits until all requests that have come are ready to be scored, and no longer."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []

    async def scored(self, scorer: Scores, asked: Asked) -> Scored:
        """Give the score of a contact (`recontact.scoring.Scorer.scored_together`)."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Scored] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._score)
        self._waiting.append(_Waiting(scorer, asked, done))
        return await done

    def _score(self) -> None:
        waiting, self._waiting = self._waiting, []
        by_scorer: dict[int, list[_Waiting]] = {}
        for one in waiting:  # a new champion may have come between two of them
            by_scorer.setdefault(id(one.scorer), []).append(one)
        for ours in by_scorer.values():
            _tell(ours)


def _tell(waiting: Sequence[_Waiting]) -> None:
    try:
        found = waiting[0].scorer.scored_together([one.asked for one in waiting])
    except Exception as error:  # noqa: BLE001 - whoever asked is told
        if len(waiting) > 1:  # one that can't be scored takes no other one with it
            for one in waiting:
                _tell([one])
        elif not waiting[0].done.done():
            waiting[0].done.set_exception(error)
        return
    for one, score in zip(waiting, found, strict=True):
        if not one.done.done():  # whoever asked has gone
            one.done.set_result(score)
