"""Pieces of the page as HTML text: sections, figures, tables, cells."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from recontact.report.words import percent, share

Row = Mapping[str, Any]
NONE = '<span class="soft">&ndash;</span>'


def section(anchor: str, heading: str, *parts: str) -> str:
    """Write a section with its heading; nothing where it has no content.

    Examples
    --------
    >>> section("x", "Heading", ""), section("x", "Heading", "<p>text</p>")
    ('', '<section id="x"><h2>Heading</h2><p>text</p></section>')
    """
    content = "".join(parts)
    return f'<section id="{anchor}"><h2>{escape(heading)}</h2>{content}</section>' * bool(content)


def figure(drawn: str, told: str) -> str:
    """Write a chart with its caption; nothing where there is no chart."""
    return f"<figure>{drawn}<figcaption>{escape(told)}</figcaption></figure>" if drawn else ""


def paragraph(text: str, kind: str = "") -> str:
    """Write a paragraph."""
    named = f' class="{kind}"' if kind else ""
    return f"<p{named}>{escape(text)}</p>" if text else ""


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], told: str, shown: int | None = None
) -> str:
    """Write a table whose cells are HTML; rows beyond `shown` are folded away.

    Examples
    --------
    >>> table(["name"], [["a"], ["b"]], "names", shown=1).count("<details>")
    1
    """
    first, rest = rows[:shown], rows[len(rows) if shown is None else shown :]
    folded = f"<details><summary>{len(rest):,} more</summary>{_table(head, rest, told)}</details>"
    return _table(head, first, told) * bool(first) + folded * bool(rest)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], told: str) -> str:
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(f'<tr><th scope="row">{name}</th>{_cells(rest)}</tr>' for name, *rest in rows)
    return (
        f'<div class="wide" role="region" aria-label="{escape(told)}" tabindex="0">'
        f"<table><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _cells(cells: Sequence[str]) -> str:
    return "".join(f"<td>{cell}</td>" for cell in cells)


def rate(row: Row, name: str) -> str:
    """Write a rate with its interval and what it is taken of, as a cell."""
    if row[name] is None:
        return NONE
    told = escape(share(row, name))
    return f'<span title="{told}">{percent(row[name])}<small>{reach(row, name)}</small></span>'


def reach(row: Row, name: str) -> str:
    """Write a rate's interval and what it is taken of."""
    if row[name] is None:
        return "nothing to take it of"
    low, high = 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]
    return f"{low:.1f}&ndash;{high:.1f} of {row[f'{name}_of']:,}"
