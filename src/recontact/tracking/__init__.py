"""MLflow: runs, registered models and the champion alias."""

from typing import TYPE_CHECKING

from recontact.lazily import on_first_use
from recontact.tracking.store import DEFAULT_URI, open_store

if TYPE_CHECKING:
    from recontact.tracking.listing import changes, models
    from recontact.tracking.loading import load_bundle, load_bundles
    from recontact.tracking.promotion import promote, rollback
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
_WHERE = {
    "changes": "listing",
    "load_bundle": "loading",
    "load_bundles": "loading",
    "models": "listing",
    "promote": "promotion",
    "rollback": "promotion",
    "weigh": "weighing",
}
__getattr__ = on_first_use(__name__, _WHERE)  # loading a model takes no scikit-learn
