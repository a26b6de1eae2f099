"""Cells of the tables of the evaluation page."""

from html import escape

from recontact.evaluation.words import Row
from recontact.report.html import NONE


def figure_cell(row: Row, name: str) -> str:
    """Write a figure with its interval; where it is not defined, why."""
    if row[name] is None:
        why = escape(row["undefined"] or "not a probability")
        return f'<span class="soft" title="{why}">&ndash;</span>'
    edges = row.get("intervals", {}).get(name)
    return f"{row[name]:.3f}" + (small(*edges) if edges else "")


def small(low: float, high: float, form: str = ".3f") -> str:
    """Write an interval."""
    return f"<small>{low:{form}} to {high:{form}}</small>"


def times(value: float | None) -> str:
    """Write how many times."""
    return NONE if value is None else f"{value:.1f}"


def three(value: float | None) -> str:
    """Write a figure with three digits."""
    return NONE if value is None else f"{value:.3f}"
