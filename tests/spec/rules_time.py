"""Rules of labeling: time."""

# ruff: noqa: E501 - a table is read best with one line to a contact

from tests.spec.rule import Chapter, Rule

CHAPTER = Chapter(
    "Time",
    "Windows look ahead, the look-back looks back; contacts are in order of start, then of id.",
    (
        Rule(
            "gap",
            "The gap runs from the end of the earlier to the start of the later; overlapping is gap 0.",
            "window: 1h",
            """
            contact_id customer_id started_at ended_at reason | next_contact_id next_gap_s previous_gap_s
            a1         ann         03T10:00   03T11:00 bill   | a2              3600       -
            a2         ann         03T12:00   03T15:00 bill   | a3              0          3600
            a3         ann         03T13:00   03T13:10 bill   | -               -          0
            """,
        ),
        Rule(
            "bound",
            "A later contact exactly at the window's bound is within it; a microsecond later is not.",
            "window: 48h",
            """
            contact_id customer_id started_at         reason | next_contact_id next_gap_s repeated fcr
            a1         ann         03T10:00           bill   | a2              172800     true     false
            a2         ann         05T10:00           bill   | -               -          false    -
            b1         bob         03T10:00           bill   | -               -          false    true
            b2         bob         05T10:00:00.000001 bill   | -               -          false    true
            """,
        ),
        Rule(
            "zero window",
            "A window of zero still holds a contact that starts in the instant the earlier one ends.",
            "window: 0s",
            """
            contact_id customer_id started_at ended_at reason | next_contact_id repeated
            a1         ann         03T10:00   03T11:00 bill   | a2              true
            a2         ann         03T11:00   03T11:00 bill   | -               false
            """,
        ),
        Rule(
            "ties",
            "Contacts of the same instant are in the order of their ids by code point.",
            "",
            """
            contact_id customer_id started_at reason | previous_contact_id next_contact_id episode_position
            é          ann         03T10:00   bill   | z                   -               4
            z          ann         03T10:00   bill   | Z                   é               3
            10         ann         03T10:00   bill   | -                   Z               1
            Z          ann         03T10:00   bill   | 10                  z               2
            """,
        ),
        Rule(
            "previous",
            "The previous contact is the one that ended last, not the one that started last.",
            "",
            """
            contact_id customer_id started_at ended_at reason | previous_contact_id previous_gap_s
            a1         ann         03T10:00   03T20:00 bill   | -                   -
            a2         ann         03T11:00   03T11:10 bill   | a1                  0
            a3         ann         04T20:00   04T20:10 bill   | a1                  86400
            """,
        ),
        Rule(
            "ties of previous",
            "Of earlier contacts that ended in the same instant the later in order is the previous one.",
            "",
            """
            contact_id customer_id started_at ended_at reason | previous_contact_id previous_gap_s episode_position
            a1         ann         03T10:00   03T12:00 bill   | -                   -              1
            a2         ann         03T11:00   03T12:00 bill   | a1                  0              2
            a3         ann         03T13:00   03T13:00 bill   | a2                  3600           3
            """,
        ),
        Rule(
            "long contact",
            "A contact during a longer one has gap 0 to it; the longer one, ending last, stays the previous one.",
            "{window: 1h, lookback: 1h}",
            """
            contact_id customer_id started_at ended_at reason | next_contact_id next_gap_s previous_contact_id previous_gap_s episode_id
            a1         ann         03T10:00   03T18:00 bill   | a2              0          -                   -              a1
            a2         ann         03T11:00   03T11:30 bill   | -               -          a1                  0              a1
            a3         ann         03T13:00   03T13:30 bill   | a4              3600       a1                  0              a1
            a4         ann         03T14:30   03T14:40 bill   | -               -          a1                  0              a1
            a5         ann         03T19:00   03T19:10 bill   | -               -          a1                  3600           a1
            """,
        ),
        Rule(
            "lookback",
            "Looking back has its own bound, also inclusive, whatever the windows are.",
            "{window: 1h, window_by_reason: {bill: 2h}, lookback: 24h}",
            """
            contact_id customer_id started_at reason | previous_contact_id previous_gap_s first_contact fcr
            a1         ann         03T10:00   bill   | -                   -              true          true
            a2         ann         04T10:00   bill   | a1                  86400          false         -
            b1         bob         03T10:00   bill   | -                   -              true          true
            b2         bob         04T10:01   bill   | -                   -              true          true
            """,
        ),
        Rule(
            "look-back of zero",
            "Without look-back only a contact that has not ended yet, or ends in this instant, is a previous one.",
            "lookback: 0h",
            """
            contact_id customer_id started_at ended_at reason | previous_contact_id first_contact episode_position
            a1         ann         03T10:00   03T11:00 bill   | -                   true          1
            a2         ann         03T11:00   03T11:10 bill   | a1                  false         2
            a3         ann         03T11:11   03T11:20 bill   | -                   true          3
            """,
        ),
        Rule(
            "window by reason",
            "The longest entry whose levels lead the contact's full reason sets its window.",
            "{window: 1h, reason_level: 1, window_by_reason: {bill: 2h, bill > late: 3h, bil: 9h}}",
            """
            contact_id customer_id started_at reason        | next_contact_id repeated
            a1         ann         03T10:00   bill>late>fee | a2              true
            a2         ann         03T13:00   bill>fee      | -               false
            a3         ann         03T15:01   bill>later    | a4              true
            a4         ann         03T17:01   bill          | -               false
            b1         bob         03T10:00   -             | -               -
            c1         cleo        03T10:00   tech          | a               true
            a          cleo        03T11:00   tech          | -               false
            """,
        ),
        Rule(
            "window and reason unknown",
            "A contact without a reason has the window of all; one with a longer reason than any entry has the entry's.",
            "{related_by: any, window: 1h, window_by_reason: {bill: 3h}}",
            """
            contact_id customer_id started_at reason    | next_contact_id
            a1         ann         03T10:00   -         | -
            a2         ann         03T12:00   bill>late | a3
            a3         ann         03T15:00   bills     | -
            a4         ann         03T17:00   tech      | -
            """,
        ),
        Rule(
            "each its own window",
            "The earlier contact's window decides, whatever the later one's is.",
            "{related_by: any, window: 1h, window_by_reason: {bill: 5h}}",
            """
            contact_id customer_id started_at reason | next_contact_id repeated
            a1         ann         03T10:00   bill   | a2              true
            a2         ann         03T14:00   tech   | -               false
            a3         ann         03T18:00   bill   | -               false
            """,
        ),
    ),
)
