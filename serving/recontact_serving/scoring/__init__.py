"""Scores, and the history that they look back at."""
