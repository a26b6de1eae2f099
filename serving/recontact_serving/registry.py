"""Champions from the MLflow registry, with what the history has taught."""

from collections.abc import Hashable
from typing import Any

from recontact.features.needed import figures_needed
from recontact.probes import read_probes
from recontact.scoring import Scorer
from recontact.tracking import load_bundles, open_store
from recontact.tracking.registry import CHAMPION, NAMES, pair
from recontact_serving import rates
from recontact_serving.arrivals import Arrivals
from recontact_serving.champions import Champion
from recontact_serving.database import Database, read_meta


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

    Raises
    ------
    UserError
        The file of questions can't be read.
    """

    def __init__(self, database: Database, uri: str | None, probes: str | None = None) -> None:
        self._database = database
        self._uri = uri
        self._probes = read_probes(probes)
        self._opened: Any = None

    def stamp(self) -> Hashable:
        """Return the versions that hold the alias, and when the rates were built."""
        versions = pair(self._store(), CHAMPION)
        with self._database.read() as db:
            built = read_meta(db, rates.BUILT_AT)
        return tuple((v.name, v.version) for v in versions.values()), built

    def load(self) -> Champion:
        """Load both models and the rates of their policy."""
        bundles = load_bundles(CHAMPION, store=self._store())
        policy = next(iter(bundles.values())).policy_digest
        with self._database.read() as db:
            learnt, following = rates.read(db, policy)
        for bundle in bundles.values():
            bundle.explainer.paths  # noqa: B018 - made now, not under the first request
        models = {NAMES[target]: bundle.version for target, bundle in bundles.items()}
        first = next(iter(bundles.values()))
        _, columns = figures_needed(first.features)
        arrivals = Arrivals(self._database, columns, first.known_from, learnt.loads)
        return Champion(Scorer(bundles, learnt, following, arrivals, self._probes), models, policy)

    def _store(self) -> Any:
        if self._opened is None:
            self._opened = open_store(self._uri)
        return self._opened
