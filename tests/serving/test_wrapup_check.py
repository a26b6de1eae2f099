"""What the check at wrap-up says."""

import pytest

from recontact_serving.desktop.wrapup_check import wrapup_check

AHEAD = [{"reason": "delivery", "probability": 0.4, "probe": "Is it there?"}, {"reason": "refund"}]
WHOLE = {"what": "a refund", "owner": "Ada", "due_at": "2026-03-03T10:00:00Z"}


@pytest.mark.parametrize(
    ("item", "reason", "actions", "ahead", "done", "words"),
    [
        ("reason", "billing", None, [], True, "billing"),
        ("reason", None, None, [], False, "set the reason"),
        ("promise", None, None, [], True, "nothing was promised"),
        ("promise", None, {"promised": None}, [], True, "nothing was promised"),
        ("promise", None, {"promised": WHOLE}, [], True, "a refund; Ada keeps it"),
        ("promise", None, {"promised": {**WHOLE, "owner": None}}, [], False, "say who keeps it"),
        ("promise", None, {"promised": {**WHOLE, "due_at": None}}, [], False, "say until when"),
        ("promise", None, {"promised": {"what": "x"}}, [], False, "who keeps it and until when"),
        ("probe", None, None, [], True, "no next issue"),
        ("probe", None, None, AHEAD, False, "ask about delivery: Is it there?"),
        ("probe", None, {"probed": None}, AHEAD, False, "Is it there?"),
        ("probe", None, {"probed": False}, AHEAD, False, "Is it there?"),
        ("probe", None, {"probed": True}, AHEAD, True, "you asked about delivery"),
    ],
)
def test_each_item_is_done_or_says_what_to_do(item, reason, actions, ahead, done, words):
    """Reason, promise and probe are looked at one by one, in plain words."""
    found = {one["item"]: one for one in wrapup_check(reason, actions, ahead)}
    assert list(found) == ["reason", "promise", "probe"]
    assert found[item]["done"] is done
    assert words in found[item]["text"]
