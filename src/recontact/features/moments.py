"""The moments of a score, and from which of them each column of a contact is known."""

MOMENTS = ("start", "live", "wrapup")
WRAPUP_DELAY_S = 15 * 60.0

KNOWN_FROM: dict[str, str] = {
    **dict.fromkeys(("customer_id", "program", "channel", "direction", "queue", "site"), "start"),
    **dict.fromkeys(("agent_id", "team"), "live"),
    **dict.fromkeys(
        ("reason", "case_id", "disposition", "wait_s", "talk_s", "hold_s", "wrap_s"), "wrapup"
    ),
    **dict.fromkeys(("hold_count", "transfer_count", "tier", "escalated", "dropped"), "wrapup"),
    **dict.fromkeys(("agent_resolved", "notes"), "wrapup"),
}
SO_FAR = ("hold_count", "hold_s", "transfer_count")  # at live only as they stand by then
NEVER = ("csat", "nps", "ces", "survey_resolved")
KEYS = ("contact_id", "interaction_id", "started_at", "ended_at", "known_at", "handled")
