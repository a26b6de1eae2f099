"""Features of a contact as known at a moment; batch and service compute them by one kernel."""

from typing import TYPE_CHECKING, Any

from recontact.features.moments import MOMENTS

if TYPE_CHECKING:
    from recontact.features.declared import FEATURES, Feature

__all__ = ["FEATURES", "MOMENTS", "Feature"]


def __getattr__(name: str) -> Any:
    """Load the declarations on first use: help pages don't wait for the tables that they need."""
    if name not in __all__:
        raise AttributeError(f"module 'recontact.features' has no attribute '{name}'")
    from recontact.features import declared  # noqa: PLC0415 - the reason of this function

    return getattr(declared, name)
