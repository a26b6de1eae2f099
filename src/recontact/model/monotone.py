"""Which way a score may move with a feature: where common sense demands one, trees must obey."""

from collections.abc import Iterable, Mapping

ENTITIES = ("agent", "team", "queue", "reason", "site", "program")
SPANS = ("48h", "7d", "30d", "90d")
RISES = {  # more of it never lowers the risk
    "repeated": (
        *(f"same_issue_{span}" for span in SPANS),
        *(f"contacts_{span}" for span in SPANS),
        "repeats_before",
        "unhandled_7d",
        *(f"{entity}_repeat_rate" for entity in ENTITIES),
    ),
    "escalation": (
        *(f"same_issue_{span}" for span in SPANS),
        "escalated_90d",
        "tier",
        "transfer_count",
        *(f"{entity}_escalation_rate" for entity in ENTITIES),
    ),
}
FALLS = {  # more of it never raises the risk
    "repeated": ("since_same_issue_s",),
    "escalation": ("since_escalated_s",),
}


def monotone(
    target: str, features: Iterable[str], over: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Give the features whose effect has a direction.

    Parameters
    ----------
    target : str
        The outcome.
    features : iterable of str
        Those that the model takes; of a category the direction is not looked at.
    over : mapping of str to int, optional
        Changes: 1 rises, -1 falls, 0 either way.

    Returns
    -------
    dict of str to int
        1 where the risk may only rise with the feature, -1 where it may only fall.

    Examples
    --------
    >>> monotone("repeated", ["contacts_7d", "hour", "mine"], {"mine": -1})
    {'contacts_7d': 1, 'mine': -1}
    """
    ways = dict.fromkeys(RISES.get(target, ()), 1) | dict.fromkeys(FALLS.get(target, ()), -1)
    ways |= over or {}
    return {name: ways[name] for name in features if ways.get(name)}
