"""The check at wrap-up: what should be so before an agent leaves a call, in plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

Item = dict[str, Any]


def wrapup_check(
    reason: str | None,
    actions: Mapping[str, Any] | None,
    next_issues: Sequence[Mapping[str, Any]],
) -> list[Item]:
    """Look at what keeps customers from having to come back.

    Parameters
    ----------
    reason : str or None
        What the contact was about, as far as it is known.
    actions : mapping or None
        What the agent sent: `probed`, and `promised` with `what`, `owner` and `due_at`.
    next_issues : sequence of mapping
        What the customer will probably ask next, the likeliest first.

    Returns
    -------
    list of dict
        For each `item` (`reason`, `promise`, `probe`) whether it is `done`, and a `text`.

    Examples
    --------
    >>> ahead = [{"reason": "delivery", "probe": "Is it there?"}]
    >>> for item in wrapup_check("billing", None, ahead):
    ...     print(item["done"], item["text"])
    True the reason is set: billing
    True nothing was promised
    False ask about delivery: Is it there?
    """
    sent = actions or {}
    return [
        _reason(reason),
        _promise(sent.get("promised")),
        _probe(sent.get("probed"), next_issues),
    ]


def _item(item: str, done: bool, text: str) -> Item:
    return {"item": item, "done": done, "text": text}


def _reason(reason: str | None) -> Item:
    if reason:
        return _item("reason", True, f"the reason is set: {reason}")
    return _item("reason", False, "set the reason of this contact")


def _promise(promised: Mapping[str, Any] | None) -> Item:
    if promised is None:
        return _item("promise", True, "nothing was promised")
    what, owner, due = (promised.get(name) for name in ("what", "owner", "due_at"))
    asked = {"who keeps it": owner, "until when": due}
    lacking = [words for words, value in asked.items() if not value]
    if lacking:
        return _item("promise", False, f"promised: {what}; say {' and '.join(lacking)}")
    return _item("promise", True, f"promised: {what}; {owner} keeps it")


def _probe(probed: bool | None, next_issues: Sequence[Mapping[str, Any]]) -> Item:
    if not next_issues:
        return _item("probe", True, "no next issue stands out")
    first = next_issues[0]
    if probed:
        return _item("probe", True, f"you asked about {first['reason']}")
    return _item("probe", False, f"ask about {first['reason']}: {first['probe']}")
