"""The search's memory: which settings were tried, kept in a file, and which come next."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from recontact.errors import UserError
from recontact.model.knee import Tried

NAME = "recontact"
RANDOM = 10  # so many are drawn at random before the search learns from what it found


class Range(NamedTuple):
    """Between which values a setting is looked for.

    Attributes
    ----------
    low, high : float
        Both included.
    log : bool
        Looked for on a logarithmic scale.
    whole : bool
        Whole numbers only.
    """

    low: float
    high: float
    log: bool = True
    whole: bool = False


SPACE: dict[str, Range | tuple[bool, ...]] = {
    "extra_trees": (False, True),
    "learning_rate": Range(0.01, 0.15),
    "num_leaves": Range(3, 63, whole=True),
    "min_data_in_leaf": Range(10, 500, whole=True),
    "feature_fraction": Range(0.1, 1.0),
    "lambda_l2": Range(0.1, 100.0),
    "cat_smooth": Range(1.0, 300.0),
    "cat_l2": Range(1.0, 300.0),
    "min_data_per_group": Range(10, 500, whole=True),
}


def optuna() -> ModuleType:
    """Import Optuna.

    Raises
    ------
    UserError
        It is not installed.

    Examples
    --------
    >>> optuna().__name__
    'optuna'
    """
    try:
        import optuna as engine  # noqa: PLC0415 - training works without it
    except ModuleNotFoundError as error:
        raise UserError(
            "tuning needs Optuna, which is not installed", mend="pip install 'recontact[train]'"
        ) from error
    return engine


class Study:
    """Trials of one search, in a file or in memory.

    Parameters
    ----------
    path : Path or None
        An SQLite file, made where there is none; None keeps nothing.
    origin : mapping
        What the search is about: data, policy, seed, space. A file with another origin is
        refused, since its trials would be compared with others.
    start : mapping
        The settings of the first trial, a value for each of `SPACE`.

    Raises
    ------
    UserError
        The file is of another search, or is none.
    """

    def __init__(
        self, path: Path | None, origin: Mapping[str, Any], start: Mapping[str, Any]
    ) -> None:
        self._seed, self._start = int(origin["seed"]), dict(start)
        with _quiet() as engine:
            self._study = _opened(engine, path)
            self._check(path, dict(origin))
            for trial in self._study.get_trials(deepcopy=False):
                if trial.state == engine.trial.TrialState.RUNNING:  # it was cut off
                    self._study.tell(trial.number, state=engine.trial.TrialState.FAIL)

    def _check(self, path: Path | None, origin: dict[str, Any]) -> None:
        if NAME not in self._study.user_attrs:
            self._study.set_user_attr(NAME, origin)
        _refuse_others(self._study, path, origin)

    @property
    def tried(self) -> list[Tried]:
        """The finished trials, in order."""
        done = [t for t in self._study.get_trials(deepcopy=False) if t.state.name == "COMPLETE"]
        return [
            Tried(
                number=k,
                params=t.user_attrs["params"],
                loss=t.values[0],
                steps=t.values[1],
                groups=tuple(t.user_attrs["groups"]),
                facts=t.user_attrs["facts"],
            )
            for k, t in enumerate(done)
        ]

    @contextmanager
    def next(self) -> Iterator[tuple[dict[str, Any], Any]]:
        """Give settings to try, and a function that keeps how they did.

        Which settings come next depends on the seed and the finished trials alone, not on how
        many sittings these took: the numbers are drawn anew for each trial.
        """
        with _quiet() as engine:
            done = len(self.tried)
            trial = self._trial(engine, done)
            params = _rounded(trial.params) if done else self._start

            def keep(one: Tried) -> None:
                facts = {"params": one.params, "groups": list(one.groups), "facts": one.facts}
                for name, value in facts.items():
                    trial.set_user_attr(name, value)
                self._study.tell(trial.number, [one.loss, one.steps])

            yield params, keep

    def _trial(self, engine: Any, done: int) -> Any:
        if not done:
            inside = {name: _inside(SPACE[name], v) for name, v in self._start.items()}
            self._study.enqueue_trial(inside)
        self._study.sampler = engine.samplers.TPESampler(
            seed=self._seed * 100_003 + done, n_startup_trials=RANDOM, constant_liar=False
        )
        return self._study.ask({name: _spread(engine, where) for name, where in SPACE.items()})


def check_file(path: Path, terms: Mapping[str, Any]) -> None:
    """Refuse a file that is no search, or one on other terms, before anything is computed.

    Parameters
    ----------
    path : Path
        The file; it is made where there is none.
    terms : mapping
        What is known of the search so far.

    Raises
    ------
    UserError
        The file is of something else; says what differs.
    """
    with _quiet() as engine:
        _refuse_others(_opened(engine, path), path, terms)


def _refuse_others(study: Any, path: Path | None, terms: Mapping[str, Any]) -> None:
    before = study.user_attrs.get(NAME, terms)
    other = [name for name in terms if before.get(name) != terms[name]]
    if other:
        raise UserError(
            f"{path}: a search on other terms: {', '.join(other)}",
            mend="name another file with --study, or give the same data and options",
        )


def _spread(engine: Any, where: Range | tuple[bool, ...]) -> Any:
    """Say to Optuna where a setting is looked for."""
    if not isinstance(where, Range):
        return engine.distributions.CategoricalDistribution(where)
    if where.whole:
        low, high = int(where.low), int(where.high)
        return engine.distributions.IntDistribution(low, high, log=where.log)
    return engine.distributions.FloatDistribution(where.low, where.high, log=where.log)


def _inside(where: Range | tuple[bool, ...], value: Any) -> Any:
    """Give the nearest value that is looked at: Optuna remembers no other."""
    return min(max(value, where.low), where.high) if isinstance(where, Range) else value


def _rounded(params: Mapping[str, Any]) -> dict[str, Any]:
    """Three digits say enough of a setting, and can be read."""
    return {k: v if isinstance(v, int) else float(f"{v:.3g}") for k, v in params.items()}


def _opened(engine: Any, path: Path | None) -> Any:
    if path is None:
        return engine.create_study(directions=("minimize", "minimize"))
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - it comes with Optuna

    # RuntimeError: the file is that of another version of Optuna
    faults = (SQLAlchemyError, engine.exceptions.OptunaError, RuntimeError)
    try:
        return engine.create_study(
            storage=f"sqlite:///{path}",
            study_name=NAME,
            directions=("minimize", "minimize"),
            load_if_exists=True,
        )
    except faults as error:
        raise UserError(
            f"{path}: not the file of a search: {str(error).splitlines()[0]}",
            mend="name another file with --study; it is made where there is none",
        ) from error


@contextmanager
def _quiet() -> Iterator[ModuleType]:
    """Let Optuna say warnings only while we use it."""
    engine = optuna()
    level = engine.logging.get_verbosity()
    engine.logging.set_verbosity(engine.logging.WARNING)
    try:
        yield engine
    finally:
        engine.logging.set_verbosity(level)
