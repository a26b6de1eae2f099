"""MLflow: runs, registered models and the champion alias."""

from recontact.tracking.promotion import models, promote, rollback
from recontact.tracking.registry import load_bundle, load_bundles
from recontact.tracking.store import DEFAULT_URI, open_store

__all__ = [
    "DEFAULT_URI",
    "load_bundle",
    "load_bundles",
    "models",
    "open_store",
    "promote",
    "rollback",
]
