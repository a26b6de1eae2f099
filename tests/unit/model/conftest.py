"""One small training that several tests look at, and an MLflow store made once and copied."""

import shutil

import pytest

SMALL = {"max_trees": 25, "early_stopping": 10, "num_leaves": 7, "min_data_in_leaf": 20}


@pytest.fixture(scope="session")
def learnt(simulated):
    """Both models, learnt on the simulated contact centre."""
    from recontact.model import learn

    return learn(simulated, params=SMALL)


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


@pytest.fixture
def store(empty_store, tmp_path):
    """An empty MLflow store of the test's own."""
    from recontact.tracking import open_store

    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return open_store(f"sqlite:///{tmp_path}/mlflow.db")
