"""recontact: will this customer have to call again, or the case escalate, and why."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recontact.labels.table import label
    from recontact.policy import Policy

__all__ = ["Policy", "label"]


def __getattr__(name: str) -> Any:
    """Import a public name on its first use, so that importing recontact stays fast."""
    if name == "label":
        from recontact.labels.table import label  # noqa: PLC0415 - see above

        return label
    if name == "Policy":
        from recontact.policy import Policy  # noqa: PLC0415 - see above

        return Policy
    raise AttributeError(f"module 'recontact' has no attribute {name!r}")
