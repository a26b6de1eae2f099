"""The models in use: both champions, loaded by alias and followed while the service runs."""

import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from recontact.errors import UserError
from recontact_serving.metrics import Metrics
from recontact_serving.problems import RETRY_S, ProblemError, problem

LOOK_AGAIN_S = 5.0  # how often the registry is asked for another champion

log = structlog.get_logger()


class Scores(Protocol):
    """What scores one contact (`recontact.scoring.Scorer`)."""

    def score(
        self,
        contact: Mapping[str, Any],
        history: Sequence[Mapping[str, Any]],
        *,
        moment: str,
        at: Any,
        explain: str = "auto",
    ) -> dict[str, Any]:
        """Score a contact as it stands."""
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
    """

    scorer: Scores
    models: Mapping[str, str]
    policy: str


class Source(Protocol):
    """Where champions come from."""

    def stamp(self) -> Hashable:
        """Return something that changes when there is another champion to load."""
        ...

    def load(self) -> Champion:
        """Load the champion; a `UserError` says why there is none."""
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
    """

    def __init__(self, source: Source, metrics: Metrics) -> None:
        self._source = source
        self._metrics = metrics
        self._stamp: Hashable = None
        self._champion: Champion | None = None
        self._trouble = "the models are still being loaded; try again in some seconds"
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

    def refresh(self) -> None:
        """Load the champion if there is another one than the one in use."""
        try:
            stamp = self._source.stamp()
            if self._champion is None or stamp != self._stamp:
                champion = self._source.load()
                self._champion, self._stamp = champion, stamp
                self._metrics.models(champion.models)
                log.info("champion", models=dict(champion.models), policy=champion.policy)
            self._trouble = ""
        except UserError as error:
            self._trouble = "; ".join(part for part in (error.what, error.mend) if part)
        except Exception as error:
            self._trouble = f"the models can't be loaded: {error}"
            log.exception("champion")

    def start(self) -> None:
        """Begin to follow the registry."""
        self._thread.start()

    def stop(self) -> None:
        """Follow it no longer."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _follow(self) -> None:
        self.refresh()
        while not self._stop.wait(LOOK_AGAIN_S):
            self.refresh()
