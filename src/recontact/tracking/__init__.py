"""MLflow: runs, registered models and the champion alias."""

from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    """Import a public name on its first use: loading a model takes no scikit-learn."""
    if name not in _WHERE:
        raise AttributeError(f"module 'recontact.tracking' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(f"recontact.tracking.{_WHERE[name]}"), name)
