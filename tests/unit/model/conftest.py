"""An MLflow store for each test."""

import shutil

import pytest


@pytest.fixture
def store(empty_store, tmp_path):
    """An empty MLflow store of the test's own."""
    from recontact.tracking import open_store

    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return open_store(f"sqlite:///{tmp_path}/mlflow.db")
