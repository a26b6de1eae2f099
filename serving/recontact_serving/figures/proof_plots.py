"""What the page "Does it work?" draws: both arms, what was prevented, and what it is worth."""

from collections.abc import Mapping

from markupsafe import Markup

from recontact.clusters import Share, Span
from recontact.proof import Effect, Saved
from recontact_serving.pages.whiskers import Line, whiskers

LISTED, HELD = "Could be followed up", "Held out"


def arms(effects: Mapping[str, Effect], names: Mapping[str, str]) -> Markup:
    """Draw what came of those that could be followed up, beside those held out."""
    groups = [
        (names[name], [*_share(LISTED, one.listed), *_share(HELD, one.held, other=True)])
        for name, one in effects.items()
    ]
    return whiskers(groups, _percent, "What came of contacts at risk, with 95 % intervals", " %")


def prevented(effects: Mapping[str, Effect]) -> Markup:
    """Draw how many contacts were spared what."""
    words = {"repeated": "Repeats", "escalated": "Escalations"}
    lines = [
        line
        for name, one in effects.items()
        if one.prevented
        for line in _span(words[name], one.prevented)
    ]
    return whiskers([("", lines)], _whole, "Prevented by follow-ups so far, with 95 % intervals")


def money(saved: Saved, unit: str) -> Markup:
    """Draw what was prevented at its costs, what was spent, and what is left."""
    lines = _span("Prevented", saved.gross)
    lines += [Line("Spent on follow-ups", saved.spent, None, None, other=True)]
    lines += _span("Saved in the end", saved.net)
    return whiskers([("", lines)], _whole, f"What that is worth in {unit}, with 95 % intervals")


def _share(words: str, one: Share, *, other: bool = False) -> list[Line]:
    if one.rate is None or one.low is None or one.high is None:
        return []
    return [Line(words, 100 * one.rate, 100 * one.low, 100 * one.high, other)]


def _span(words: str, one: Span | None) -> list[Line]:
    return [Line(words, *one)] if one else []


def _percent(value: float) -> str:
    return f"{value:.1f} %"


def _whole(value: float) -> str:
    return f"{value:,.0f}"
