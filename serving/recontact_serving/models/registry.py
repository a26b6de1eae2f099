"""Champions from the MLflow registry, with what the history has taught."""

import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from recontact.errors import UserError
from recontact.features.loads import Loads
from recontact.features.needed import figures_needed
from recontact.model.bundle import Bundle
from recontact.probes import read_probes
from recontact.scoring import Scorer
from recontact.self_test import warm_up
from recontact.tracking.loading import one_policy
from recontact_serving.hourly import rates
from recontact_serving.models.cache import Cache, Followed
from recontact_serving.models.champions import Champion, StillLoadingError
from recontact_serving.models.follower import Follower
from recontact_serving.scoring.arrivals import Arrivals
from recontact_serving.settings import FOLLOW_S, Settings
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import Database, read_meta

WORD_WITHIN_S = 10.0  # after so long without a word, the cached champions are taken at the start
SILENT_S = 60.0  # so long the registry may take before that is called trouble
HELD = 6  # models at hand, so that going back is at once
DAY_US = 86_400_000_000
OLD_DAYS = 2


class Registry:
    """The registry and the service's own rates, as one source of champions.

    Parameters
    ----------
    database : Database
        Holds the rates.
    uri : str or None
        Address of the MLflow store; None: the default of training.
    probes : str or None
        File of the questions that go with next issues; None: our own.
    cache_dir : str or None
        Where checked models are kept; None: the user's cache folder.
    follow_s : float
        How often the registry is asked.
    began : float, optional
        What the registry has said since then counts, seconds since 1970; by default from now on.

    Raises
    ------
    UserError
        The file of questions can't be read.
    """

    def __init__(
        self,
        database: Database,
        uri: str | None,
        probes: str | None = None,
        cache_dir: str | None = None,
        follow_s: float = FOLLOW_S,
        began: float | None = None,
    ) -> None:
        self._database = database
        self._uri = uri
        self._probes = read_probes(probes)
        self._cache = Cache.open(cache_dir)
        self._follower = Follower(uri, self._cache, follow_s)
        self._began = time.time() if began is None else began
        self._waited = False
        self._bundles: OrderedDict[str, Bundle] = OrderedDict()
        self._rates: tuple[Hashable, Any] = (None, None)
        self._arrivals: tuple[Hashable, Arrivals] | None = None

    @classmethod
    def of(cls, settings: Settings, database: Database) -> "Registry":
        """Give that of a service's settings."""
        where = (settings.mlflow_uri, settings.probes, settings.cache_dir)
        return cls(database, *where, follow_s=settings.follow_s, began=settings.began)

    def stamp(self) -> Hashable:
        """Return the versions that hold the alias, and when the rates were built."""
        self._follower.ensure()
        heard = self._cache.heard(self._uri)
        asked = heard.asked_at >= self._began
        if not asked and (not heard.champions or time.time() < self._began + WORD_WITHIN_S):
            self._use_the_wait(heard)
            raise StillLoadingError("the models are still being loaded; try again in some seconds")
        if not heard.champions:
            raise UserError(heard.trouble)
        digests = tuple((target, *one.values()) for target, one in heard.champions.items())
        built = self._built()
        return digests, built, _days(built) if _days(built) > OLD_DAYS else 0

    def news(self) -> str:
        """Say why what is in use may not be what the registry names; empty where it is."""
        heard = self._cache.heard(self._uri)
        silent = time.time() - max(heard.asked_at, self._began)
        if heard.asked_at < self._began:
            return "the registry has not answered yet; the models are those it named last"
        if silent > SILENT_S:
            return f"the registry has not answered for {silent:.0f} s"
        return heard.trouble

    def refused(self) -> int:
        """Count the models that were refused."""
        return self._cache.heard(self._uri).refused

    def load(self) -> Champion:
        """Load both models and the rates of their policy, and score a made-up contact."""
        heard = self._cache.heard(self._uri)
        bundles = {target: self._bundle(one) for target, one in heard.champions.items()}
        one_policy({target: bundle.policy_digest for target, bundle in bundles.items()})
        scorer, built = self._scorer(bundles)
        try:
            warm_up(scorer)
        except ValueError as error:
            raise UserError(f"the two models can't be used together: {error}") from error
        days = _days(built)
        notes = (f"rates: they are {days} days old",) if built and days > OLD_DAYS else ()
        return Champion(scorer, _named(heard), next(iter(bundles.values())).policy_digest, notes)

    def close(self) -> None:
        """Follow the registry no longer."""
        self._follower.stop()

    def _use_the_wait(self, heard: Followed) -> None:
        """Load what the registry named last: most often it is what it will name now."""
        if self._waited or not heard.champions:
            return
        self._waited = True
        with suppress(UserError):  # whatever it is, it is told once it matters
            self.load()

    def _scorer(self, bundles: Mapping[str, Bundle]) -> tuple[Scorer, int | None]:
        first = next(iter(bundles.values()))
        key = (first.policy_digest, self._built())
        if self._rates[0] != key:
            with self._database.read() as db:
                self._rates = key, rates.read(db, first.policy_digest)
        learnt, following = self._rates[1]
        arrivals = self._counting(key, first, learnt.loads)
        with suppress(SQLAlchemyError):  # then scores are given without, and say so
            arrivals.prepare(micros(now()))  # here, so that no score waits for a day's arrivals
        return Scorer(bundles, learnt, following, arrivals, self._probes), key[1]

    def _counting(self, rates_of: Hashable, first: Bundle, usual: Loads) -> Arrivals:
        """Give what counts arrivals: for the next champion the same, if that asks the same."""
        _, columns = figures_needed(first.features)
        asked = (rates_of, *columns, *sorted(first.known_from.items()))
        if self._arrivals is None or self._arrivals[0] != asked:
            self._arrivals = asked, Arrivals(self._database, columns, first.known_from, usual)
        return self._arrivals[1]

    def _built(self) -> int | None:
        with self._database.read() as db:
            built = read_meta(db, rates.BUILT_AT)
        return int(built) if built else None

    def _bundle(self, one: Mapping[str, str]) -> Bundle:
        """Give a model that is at hand, or read it."""
        if one["digest"] not in self._bundles:
            bundle = self._cache.load(one["digest"])
            bundle.explainer.effects  # noqa: B018 - made now, not under the first request
            self._bundles[one["digest"]] = bundle
        self._bundles.move_to_end(one["digest"])
        while len(self._bundles) > HELD:
            self._bundles.popitem(last=False)
        return self._bundles[one["digest"]].with_version(one["version"])


def _named(heard: Followed) -> dict[str, str]:
    return {one["name"]: one["version"] for one in heard.champions.values()}


def _days(built: int | None) -> int:
    return 0 if built is None else (micros(now()) - built) // DAY_US
