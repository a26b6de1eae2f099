"""The models in use: both champions, loaded by alias and followed while the service runs."""

import datetime as dt
import gc
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from recontact.errors import UserError
from recontact.scoring import Asked, Scored
from recontact_serving.settings import FOLLOW_S
from recontact_serving.web.metrics import Metrics
from recontact_serving.web.problems import RETRY_S, ProblemError, problem

SOON_S = 0.1  # how often is looked before the first word on the models
LATER_S = 30.0  # when loading a champion failed, it is tried again after so long

log = structlog.get_logger()


class Scores(Protocol):
    """What scores one contact (`recontact.scoring.Scorer`)."""

    def at_hand(self, at: dt.datetime) -> bool:
        """Tell whether how busy it is at an instant is known, so that `ready` does not wait."""
        ...

    def ready(
        self,
        stamps: Sequence[int],
        fetch: Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]],
        at: dt.datetime,
    ) -> Any:
        """Make ready the contacts that a score looks back at, fetching what is not at hand."""
        ...

    def scored_together(self, asked: Sequence[Asked]) -> list[Scored]:
        """Score contacts as they stand; a history is what `ready` gave, None where unread."""
        ...


@dataclass(frozen=True)
class Champion:
    """Both models with what they score with.

    Attributes
    ----------
    scorer : Scores
        Scores one contact.
    models : mapping of str to str
        Name of each model to its version.
    policy : str
        Digest of the policy that they were trained under.
    notes : tuple of str
        What every score that is given with them should say under `degraded`.
    """

    scorer: Scores
    models: Mapping[str, str]
    policy: str
    notes: tuple[str, ...] = ()


class StillLoadingError(UserError):
    """It is too early to say whether there is a champion."""


class Source(Protocol):
    """Where champions come from."""

    def stamp(self) -> Hashable:
        """Return something that changes when there is another champion to load."""
        ...

    def load(self) -> Champion:
        """Load the champion; a `UserError` says why there is none."""
        ...

    def news(self) -> str:
        """Say why the champion may not be the newest; empty where it is."""
        ...

    def refused(self) -> int:
        """Count the models that were refused."""
        ...

    def close(self) -> None:
        """Look for champions no longer."""
        ...


class Champions:
    """The champion in use, kept up to date by a thread of its own.

    A registry that is gone or holds something unusable never takes away a champion that works.

    Parameters
    ----------
    source : Source
        Where champions come from.
    metrics : Metrics
        Is told which models are in use.
    every_s : float
        How often the source is asked.
    """

    def __init__(self, source: Source, metrics: Metrics, every_s: float = FOLLOW_S) -> None:
        self._source = source
        self._metrics = metrics
        self._every_s = every_s
        self._stamp: Hashable = None
        self._failed: tuple[Hashable, float] = (None, 0.0)
        self._champion: Champion | None = None
        self._trouble = "the models are still being loaded; try again in some seconds"
        self._settled = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="champions", daemon=True)

    @property
    def trouble(self) -> str:
        """Why there is no champion, or why it could not be brought up to date; may be empty."""
        return self._trouble

    def current(self) -> Champion | None:
        """Return the champion in use, None where there is none yet."""
        return self._champion

    def needed(self) -> Champion:
        """Return the champion in use.

        Raises
        ------
        ProblemError
            503 where there is none yet.
        """
        if self._champion is None:
            document = problem(503, f"no score without a model: {self._trouble}")
            raise ProblemError(document, {"Retry-After": RETRY_S})
        return self._champion

    def settle(self, within_s: float | None = None) -> bool:
        """Wait until there is a champion, or it is clear that there is none; tell whether so."""
        return self._settled.wait(within_s)

    def refresh(self) -> None:
        """Load the champion if there is another one than the one in use.

        It is swapped in as one object: a score that has begun goes on with what it began with.
        """
        try:
            stamp = self._source.stamp()
            if self._champion is None or stamp != self._stamp:
                self._load(stamp)
            self._trouble = self._source.news()
        except StillLoadingError as error:
            self._trouble = _said(error)
            return
        except UserError as error:
            if _said(error) != self._trouble:
                log.warning("no other champion", trouble=_said(error))
            self._trouble = _said(error)
        except Exception as error:
            self._trouble = f"the models can't be loaded: {error}"
            log.exception("champion")
        self._metrics.models_refused(self._source.refused())
        self._settled.set()

    def start(self) -> None:
        """Begin to follow the registry."""
        self._thread.start()

    def stop(self) -> None:
        """Follow it no longer."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)
        gc.unfreeze()  # so that libraries find all in order when the process ends
        self._source.close()

    def _load(self, stamp: Hashable) -> None:
        failed, again = self._failed
        if self._champion is not None and stamp == failed and time.monotonic() < again:
            raise UserError(self._trouble)
        self._failed = stamp, time.monotonic() + LATER_S
        champion = self._source.load()
        self._champion, self._stamp, self._failed = champion, stamp, (None, 0.0)
        self._metrics.models(champion.models)
        log.info("champion", models=dict(champion.models), policy=champion.policy)

    def _follow(self) -> None:
        over = False
        while not over:
            before = self._champion
            self.refresh()
            if before is None and self._champion is not None:
                _set_aside()
            over = self._stop.wait(self._every_s if self._settled.is_set() else SOON_S)


def _set_aside() -> None:
    """Keep what stays out of the search for garbage, which took over 100 ms of a score.

    Once, before scores are given: most of what stays is code. Champions that come later are few
    objects, and those that were before go by themselves.
    """
    gc.collect()
    gc.freeze()


def _said(error: UserError) -> str:
    return "; ".join(part for part in (error.what, error.mend) if part)
