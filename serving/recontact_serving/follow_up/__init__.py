"""The at-risk list and the work on it."""
