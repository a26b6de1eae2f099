"""Rules of labeling: outcomes."""

# ruff: noqa: E501 - a table is read best with one line to a contact

from tests.spec.rule import Chapter, Rule

CHAPTER = Chapter(
    "Outcomes",
    "What is said of a contact in the end.",
    (
        Rule(
            "fcr",
            "First contact resolution is told of first contacts whose window has passed: true without a repeat and without an own escalation.",
            "{window: 24h, lookback: 24h, as_of: 2026-01-05T10:00:00Z}",
            """
            contact_id customer_id started_at reason escalated | first_contact repeated escalated fcr
            a1         ann         03T10:00   bill   false     | true          false    false     true
            b1         bob         03T10:00   bill   true      | true          false    true      false
            c1         cleo        03T10:00   bill   false     | true          true     false     false
            c2         cleo        03T11:00   bill   false     | false         false    false     -
            d1         dora        04T11:00   bill   false     | true          -        false     -
            """,
        ),
        Rule(
            "escalated",
            "Unless it is told, a contact is escalated where it reached tier 2.",
            "",
            """
            contact_id customer_id started_at reason tier escalated | escalated escalation fcr
            a1         ann         03T10:00   bill   1    -         | false     false      true
            b1         bob         03T10:00   bill   2    -         | true      true       false
            c1         cleo        03T10:00   bill   3    false     | false     false      true
            d1         dora        03T10:00   bill   1    true      | true      true       false
            e1         eve         03T10:00   bill   -    -         | false     false      true
            """,
        ),
        Rule(
            "escalation later",
            "Any later related contact within the window may escalate the issue, judged or not, if it counts.",
            "window: 24h",
            """
            contact_id customer_id started_at reason channel direction escalated | escalated escalation
            a1         ann         03T10:00   bill   voice   inbound   false     | false     true
            a2         ann         03T11:00   bill   voice   inbound   false     | false     true
            a3         ann         03T12:00   bill   voice   outbound  true      | -         -
            a4         ann         04T10:00   bill   chat    inbound   true      | -         -
            b1         bob         03T10:00   bill   voice   inbound   false     | false     false
            b2         bob         03T12:00   bill   voice   outbound  true      | -         -
            b3         bob         04T10:01   bill   voice   inbound   true      | true      true
            """,
        ),
        Rule(
            "tier of a later contact",
            "A later contact that reached tier 2 escalates the issue, as one that says so does.",
            "window: 24h",
            """
            contact_id customer_id started_at reason tier escalated | escalated escalation fcr
            a1         ann         03T10:00   bill   1    -         | false     true       false
            a2         ann         03T11:00   bill   2    -         | true      true       -
            b1         bob         03T10:00   bill   1    -         | false     false      false
            b2         bob         03T11:00   bill   2    false     | false     false      -
            """,
        ),
        Rule(
            "escalation of another issue",
            "What is about another issue, beyond the window or does not count escalates nothing.",
            "window: 24h",
            """
            contact_id customer_id started_at reason escalated handled | escalation
            a1         ann         03T10:00   bill   false     true    | false
            a2         ann         03T11:00   tech   true      true    | true
            a3         ann         03T12:00   bill   true      false   | -
            a4         ann         04T10:01   bill   true      true    | true
            """,
        ),
        Rule(
            "escalation and fcr",
            "An own escalation need not undo first contact resolution, if the policy says so.",
            "escalation_breaks_fcr: false",
            """
            contact_id customer_id started_at reason escalated | escalation fcr
            a1         ann         03T10:00   bill   true      | true       true
            """,
        ),
        Rule(
            "episodes",
            "A contact joins the chain of the earlier one that ended last among those whose own window reaches it.",
            "{window: 2h, window_by_reason: {bill > late: 10h}, reason_level: 1}",
            """
            contact_id customer_id started_at reason    | episode_id episode_position
            a1         ann         03T10:00   bill>late | a1         1
            a2         ann         03T11:00   bill      | a1         2
            a3         ann         03T13:00   bill      | a1         3
            a4         ann         03T20:00   bill      | a1         2
            a5         ann         03T23:00   bill      | a5         1
            """,
        ),
        Rule(
            "episode and look-back",
            "The chain follows the windows and not the look-back, and only contacts that count are linked to.",
            "{window: 24h, lookback: 1h}",
            """
            contact_id customer_id started_at reason direction | previous_contact_id first_contact episode_id episode_position
            a1         ann         03T10:00   bill   inbound   | -                   true          a1         1
            a2         ann         03T20:00   bill   inbound   | -                   true          a1         2
            a3         ann         03T21:00   bill   outbound  | a2                  -             -          -
            a4         ann         04T20:00   bill   inbound   | -                   true          a1         3
            a5         ann         05T20:01   bill   inbound   | -                   true          a5         1
            """,
        ),
        Rule(
            "by program",
            "A program's overrides replace the keys they name; what it does not name stays.",
            "{window: 1h, window_by_reason: {tech: 9h}, by_program: {acme: {window: 5h, related_by: any}}}",
            """
            contact_id customer_id program started_at reason | next_contact_id exclusion
            a1         ann         acme    03T10:00   bill   | a2              -
            a2         ann         acme    03T14:00   tech   | a3              -
            a3         ann         acme    03T23:00   -      | -               -
            b1         bob         -       03T10:00   bill   | -               -
            b2         bob         -       03T14:00   bill   | -               -
            b3         bob         -       03T23:00   -      | -               no_issue
            """,
        ),
        Rule(
            "one program's rules",
            "A program may judge other channels, count attempts, set its own look-back or leave escalations out.",
            "{by_program: {acme: {index_channels: [chat], count_unhandled: true, lookback: 0h, escalation_breaks_fcr: false}}}",
            """
            contact_id customer_id program channel started_at reason handled escalated | exclusion   previous_contact_id next_contact_id fcr
            a1         ann         acme    chat    03T10:00   bill   true    true      | -           -                   a2              false
            a2         ann         acme    chat    03T11:00   bill   false   false     | not_handled -                   -               -
            a3         ann         acme    chat    09T10:00   bill   true    true      | -           -                   -               true
            b1         bob         zeta    chat    03T10:00   bill   true    true      | channel     -                   -               -
            b2         bob         zeta    voice   03T11:00   bill   false   false     | not_handled b1                  -               -
            b3         bob         zeta    voice   09T10:00   bill   true    true      | -           -                   -               false
            """,
        ),
    ),
)
