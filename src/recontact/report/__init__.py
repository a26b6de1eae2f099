"""Rates for people: in words, and as a page."""
