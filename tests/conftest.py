"""What all tests share: how they are spread over processes, how many random examples are tried."""

import os
import shutil

import numpy as np
import pytest
from hypothesis import settings

TOGETHER = ("tests/spark/", "tests/browser/")  # share one Spark, or one Chromium and its service
FIRST = ("tests/notebooks/", "tests/unit/model/")  # take longest, so that they must not come last

# OpenMP reads this once, when something loads it; threads that spin while they wait made tests
# that fit many small models take three times the processor, and more with two processes
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

settings.register_profile("test", max_examples=300, deadline=None, derandomize=True, database=None)
settings.register_profile("campaign", max_examples=100_000, deadline=None, database=None)
settings.load_profile("campaign" if os.environ.get("RECONTACT_CAMPAIGN") else "test")


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory):
    """Models are cached in a folder of the tests, not in the user's."""
    os.environ["RECONTACT_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))


@pytest.hookimpl(optionalhook=True)  # it is pytest-xdist that asks
def pytest_xdist_make_scheduler(config, log):
    """Give each process a file or a dear folder at a time, in the order of collection."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return next((f for f in TOGETHER if nodeid.startswith(f)), nodeid.split("::")[0])

    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One process more than processors: two fifths of the time goes into waiting for servers."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config, items):
    """Begin with what takes longest, so that no process ends long after the others."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


@pytest.fixture(scope="session")
def centre(tmp_path_factory):
    """A simulated contact centre of 6,000 contacts: the folder."""
    from recontact.simulate import simulate

    folder = tmp_path_factory.mktemp("centre") / "out"
    simulate(contacts=6_000, seed=7, out=folder)
    return folder


@pytest.fixture(scope="session")
def simulated(centre):
    """Its contacts table."""
    from recontact.clean import read_contacts

    return read_contacts([centre / "contacts.parquet"])


@pytest.fixture(scope="session")
def learnt(simulated):
    """Both models, learnt on the simulated contact centre."""
    from recontact.model import learn

    small = {"max_trees": 25, "early_stopping": 10, "num_leaves": 7, "min_data_in_leaf": 20}
    return learn(simulated, params=small)


@pytest.fixture
def brief_baselines(monkeypatch):
    """Two of the baselines, which take most of a small training, say the mean instead."""
    from recontact.model.fitting import outcomes

    def mean(train, test, target, features):
        assert set(features) <= {*train.column_names, *test.column_names}
        return np.full(len(test), outcomes(train, target).mean())

    for name in ("boosted", "logistic"):
        monkeypatch.setattr(f"recontact.model.comparing.{name}", mean)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """A database of MLflow with its tables made, which takes seconds."""
    from recontact.tracking import open_store
    from recontact.tracking.store import speaking

    file = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    store = open_store(f"sqlite:///{file}", create=True)
    with speaking(store.uri):
        store.client.search_experiments()
    return file


@pytest.fixture(scope="session")
def trained(learnt, empty_store, tmp_path_factory):
    """An MLflow store in which both are champions: its address."""
    from recontact.tracking import open_store
    from recontact.tracking.record import record, set_champions

    file = tmp_path_factory.mktemp("trained") / "mlflow.db"
    shutil.copy(empty_store, file)
    store = open_store(f"sqlite:///{file}")
    _, versions = record(store, learnt, {})
    assert all("is champion" in said for said in set_champions(store, versions).values())
    return store.uri


@pytest.fixture(scope="session")
def incidents(tmp_path_factory):
    """The real ServiceNow incidents as contacts; skipped only where they can't be had."""
    from recontact.errors import UserError
    from recontact.sources.fetch import fetch_servicenow
    from recontact.sources.imports import import_contacts

    try:
        log = fetch_servicenow(tmp_path_factory.mktemp("log"))
    except UserError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the real incidents can't be had: {error.what}")
    return import_contacts("servicenow", [log]).contacts
