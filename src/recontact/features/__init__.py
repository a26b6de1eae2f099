"""Features of a contact as known at a moment; batch and service compute them by one kernel."""

from recontact.features.declared import FEATURES, Feature
from recontact.features.known import MOMENTS, known_from

__all__ = ["FEATURES", "MOMENTS", "Feature", "known_from"]
