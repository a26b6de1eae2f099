"""What all tests share: how many random examples are tried, and nothing left in the checkout."""

import os

from hypothesis import settings

settings.register_profile("test", max_examples=300, deadline=None, derandomize=True, database=None)
settings.register_profile("campaign", max_examples=100_000, deadline=None, database=None)
settings.load_profile("campaign" if os.environ.get("RECONTACT_CAMPAIGN") else "test")
