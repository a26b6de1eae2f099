"""Training, scoring and keeping the two models."""
