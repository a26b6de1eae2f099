"""A registry of a test's own, whose models answer differently without a training each."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from recontact.model.bundle import Bundle
from recontact.model.calibration import Calibrator
from recontact.model.expected import Expected
from recontact.tracking import open_store, record
from recontact.tracking.registry import NAMES, resolve
from recontact.tracking.store import Store, experiment, speaking


def store_in(folder: Path, empty: Path) -> Store:
    """Give a registry without models."""
    shutil.copy(empty, folder / "mlflow.db")
    return open_store(f"sqlite:///{folder / 'mlflow.db'}")


def shifted(bundles: Mapping[str, Bundle], by: float) -> dict[str, Bundle]:
    """Give models that say more, or less, of everybody; `by` is in log-odds."""
    found = {}
    for target, bundle in bundles.items():
        lines = {
            moment: Calibrator(line.raw, tuple(true + by for true in line.true))
            for moment, line in bundle.calibrators.items()
        }
        found[target] = replace(bundle, calibrators=lines)
    return found


def register(store: Store, bundles: Mapping[str, Bundle]) -> dict[str, str]:
    """Register models as a training does; give the version by the model's name."""
    with speaking(store.uri):
        import mlflow

        with mlflow.start_run(experiment_id=experiment(store)) as run:
            for bundle in bundles.values():
                kept = replace(bundle, expected=Expected.of(bundle))
                tags = {"bundle_digest": kept.digest, "policy_digest": kept.policy_digest}
                record._register(store, run.info.run_id, kept, tags)
    return {name: resolve(store, name, run.info.run_id).version for name in NAMES.values()}


def files_of(store: Store, name: str, version: str) -> Path:
    """Give the folder in which a local registry keeps a version."""
    with speaking(store.uri):
        return Path(
            store.client.get_model_version_download_uri(name, version).removeprefix("file://")
        )
