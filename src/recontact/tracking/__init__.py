"""MLflow: runs, registered models and the champion alias."""

from recontact.tracking.listing import changes, models
from recontact.tracking.loading import load_bundle, load_bundles
from recontact.tracking.promotion import promote, rollback
from recontact.tracking.store import DEFAULT_URI, open_store
from recontact.tracking.weighing import weigh

__all__ = [
    "DEFAULT_URI",
    "changes",
    "load_bundle",
    "load_bundles",
    "models",
    "open_store",
    "promote",
    "rollback",
    "weigh",
]
