"""recontact: will this customer have to call again, or the case escalate, and why."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recontact.api import (
        examine,
        fcr_today,
        features_at,
        import_contacts,
        label,
        rates_of,
        report_on,
    )
    from recontact.clean import read_contacts
    from recontact.frames import to_pandas
    from recontact.policy import Policy

__all__ = [
    "Policy",
    "examine",
    "fcr_today",
    "features_at",
    "import_contacts",
    "label",
    "rates_of",
    "read_contacts",
    "report_on",
    "to_pandas",
]
_PLACES = {"Policy": "policy", "read_contacts": "clean", "to_pandas": "frames"}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use, so that importing recontact stays fast."""
    if name not in __all__:
        raise AttributeError(f"module 'recontact' has no attribute {name!r}")
    return getattr(import_module(f"recontact.{_PLACES.get(name, 'api')}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
