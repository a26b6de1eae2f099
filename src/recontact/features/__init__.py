"""Features of a contact as known at a moment; batch and service compute them by one kernel."""

from recontact.features.declared import FEATURES, Feature
from recontact.features.moments import MOMENTS

__all__ = ["FEATURES", "MOMENTS", "Feature"]
