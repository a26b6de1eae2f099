"""Gives scores of the log again: the same models and features must give the same bytes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row, select

from recontact.errors import UserError
from recontact.features.figures import Figures
from recontact.next_issues import NextIssues
from recontact.probes import Probes
from recontact.scoring import Scorer
from recontact.tracking import load_bundle, open_store
from recontact.tracking.registry import NAMES
from recontact_serving.scoring.decisions import OURS
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import decisions

SHOWN = 100  # differing scores that are named
SAID = {"reasons": "text", "next_issues": "probe"}  # what is said in words: by part, in which field
WORDS = frozenset(f"{part}: {words}" for part, words in SAID.items())
EARLIER = "0.1.0 or earlier"  # which did not say their version

Differing = dict[str, Any]


class Replayed(NamedTuple):
    """What became of the scores.

    Attributes
    ----------
    scores : int
        How many were looked at.
    same : int
        How many were given again, byte by byte.
    differing : list of dict
        `seq`, `contact_id`, `moment` and `parts` of those that came out otherwise, and the version
        of `recontact` that gave them; the first hundred.
    differ : int
        How many there are of these.
    gone : dict of str to int
        Why some could not be given again, such as a model that is deleted, and how many.
    reworded : dict of str to int
        How many were given by another version of recontact, by that, and come out the same but
        for words: the text of a reason, the question about a next issue.
    """

    scores: int
    same: int
    differing: list[Differing]
    differ: int
    gone: dict[str, int]
    reworded: dict[str, int]


def replay(
    database: Database,
    uri: str | None,
    probes: Probes,
    *,
    since: int = 0,
    last: int = 1000,
    advance: Callable[[int], Any] = lambda _: None,
) -> Replayed:
    """Give scores of the log again and compare.

    Parameters
    ----------
    database : Database
        Holds the log.
    uri : str or None
        Address of the MLflow store with the models.
    probes : Probes
        The questions that go with next issues.
    since : int
        Scores given from then on, in microseconds.
    last : int
        How many at most, the latest.
    advance : callable, optional
        Is told how many more are done.
    """
    scorers = _Scorers(uri, probes)
    total = same = differ = 0
    differing: list[Differing] = []
    gone: dict[str, int] = {}
    reworded: dict[str, int] = {}
    with database.read() as db:
        for row in _rows(db, since, last):
            total += 1
            advance(1)
            try:
                parts = _differing(scorers.of(row.models), row)
            except UserError as error:
                gone[error.what] = gone.get(error.what, 0) + 1
                continue
            version = orjson.loads(row.models).get("recontact", EARLIER)
            if parts and version != OURS["recontact"] and WORDS.issuperset(parts):
                reworded[version] = reworded.get(version, 0) + 1
                continue
            same += not parts
            differ += bool(parts)
            if parts and len(differing) < SHOWN:
                named = {name: getattr(row, name) for name in ("seq", "contact_id", "moment")}
                differing.append({**named, "recontact": version, "parts": parts})
    return Replayed(total, same, differing, differ, gone, reworded)


class _Scorers:
    """Scorers by the versions of their models; one that can't be loaded is not tried again."""

    def __init__(self, uri: str | None, probes: Probes) -> None:
        self._store = open_store(uri)
        self._probes = probes
        self._held: dict[str, Scorer | UserError] = {}

    def of(self, models: str) -> Scorer:
        if models not in self._held:
            try:
                self._held[models] = self._load(orjson.loads(models))
            except UserError as error:
                self._held[models] = error
        found = self._held[models]
        if isinstance(found, UserError):
            raise found
        return found

    def _load(self, versions: Mapping[str, str]) -> Scorer:
        bundles = {
            target: load_bundle(name, versions[name], store=self._store)
            for target, name in NAMES.items()
        }
        return Scorer(bundles, Figures.none(), NextIssues({}, {}), probes=self._probes)


def _rows(db: Connection, since: int, last: int) -> Iterator[Row[Any]]:
    latest = (
        select(decisions)
        .where(decisions.c.scored_at >= since)
        .order_by(decisions.c.seq.desc())
        .limit(last)
    )
    yield from db.execution_options(yield_per=1000).execute(latest)


def _differing(scorer: Scorer, row: Row[Any]) -> list[str]:
    """Name the parts of a score that come out otherwise."""
    given = orjson.loads(row.answer)
    try:
        again = scorer.again(orjson.loads(row.features), row.explain)
    except ValueError:
        raise UserError("the features are of another version of recontact") from None
    if orjson.dumps({**given, **again}) == row.answer.encode():
        return []
    parts = [part for part in again if orjson.dumps(given[part]) != orjson.dumps(again[part])]
    return [_exactly(part, given[part], again[part]) for part in parts] or ["order"]


def _exactly(part: str, given: Any, again: Any) -> str:
    """Name a part, and the words in it where it differs in nothing else."""
    words = SAID.get(part)
    if words is None or _without(words, given) != _without(words, again):
        return part
    return f"{part}: {words}"


def _without(words: str, items: list[dict[str, Any]]) -> bytes:
    return orjson.dumps([{k: v for k, v in one.items() if k != words} for one in items])
