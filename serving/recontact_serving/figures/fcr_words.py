"""An FCR policy in plain sentences."""

from recontact.durations import format_duration
from recontact.policy import Policy

RELATED = {
    "any": "any later contact of the same customer",
    "case": "a later contact of the same customer about the same case",
    "reason": "a later contact of the same customer about the same reason",
    "reason_or_case": "a later contact of the same customer about the same reason or case",
}


def in_words(policy: Policy) -> list[str]:
    """Say what a policy judges.

    Examples
    --------
    >>> for sentence in in_words(Policy()):
    ...     print(sentence)
    Repeated: a later contact of the same customer about the same reason came within 48h.
    First contact: none such came in the 48h before.
    Judged: voice.
    A first contact that escalated is not resolved, whether it was repeated or not.
    """
    level = policy.reason_level
    cut = f", of which the first {level} levels are compared," if level and level > 1 else ""
    cut = ", of which the first level is compared," if level == 1 else cut
    also = _also(policy)
    window = format_duration(policy.window)
    sentences = [
        f"Repeated: {RELATED[policy.related_by]}{cut} came within {window}{also}.",
        f"First contact: none such came in the {format_duration(policy.lookback)} before.",
        f"Judged: {', '.join(policy.index_channels) or 'no channel'}{_least(policy)}.",
    ]
    if policy.count_unhandled:
        sentences.append("Abandoned attempts count as contacts.")
    if policy.escalation_breaks_fcr:
        sentences.append(
            "A first contact that escalated is not resolved, whether it was repeated or not."
        )
    if policy.by_program:
        sentences.append(f"Other rules hold for {', '.join(sorted(policy.by_program))}.")
    return sentences


def _also(policy: Policy) -> str:
    windows = [
        f"{format_duration(window)} after {reason}"
        for reason, window in policy.window_by_reason.items()
    ]
    return f" ({', '.join(windows)})" if windows else ""


def _least(policy: Policy) -> str:
    return "" if policy.min_talk_s is None else f", of at least {policy.min_talk_s:g} s of talk"
