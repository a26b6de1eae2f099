"""Rules of labeling: the edges of the record."""

# ruff: noqa: E501 - a table is read best with one line to a contact

from tests.spec.rule import Chapter, Rule

CHAPTER = Chapter(
    "The edges of the record",
    "What lies outside the record is unknown, and what rests on it is null, never false.",
    (
        Rule(
            "maturity",
            "A contact is judged once its window has passed whole, also where a repeat was seen before.",
            "{window: 24h, as_of: 2026-01-05T10:00:00Z}",
            """
            contact_id customer_id started_at ended_at           reason | matured next_contact_id repeated escalation fcr
            a1         ann         04T09:00   04T10:00           bill   | true    a2              true     false      false
            a2         ann         04T11:00   04T11:00           bill   | false   a3              -        -          -
            a3         ann         05T11:00   05T11:00           bill   | false   -               -        -          -
            b1         bob         04T09:00   04T10:00:00.000001 bill   | false   -               -        -          -
            """,
        ),
        Rule(
            "maturity by reason",
            "Each contact matures with its own window.",
            "{window: 24h, window_by_reason: {bill: 7d}, as_of: 2026-01-06T00:00:00Z}",
            """
            contact_id customer_id started_at reason | matured repeated
            a1         ann         03T10:00   bill   | false   -
            b1         bob         03T10:00   tech   | true    false
            c1         cleo        03T10:00   -      | true    -
            """,
        ),
        Rule(
            "as_of",
            "When the data was taken decides what has matured and nothing else: later contacts are labeled, repeat and link like others.",
            "{window: 24h, as_of: 2026-01-04T10:00:00Z}",
            """
            contact_id customer_id started_at reason escalated | matured next_contact_id repeated escalation first_contact episode_position
            a1         ann         03T10:00   bill   false     | true    a2              true     true       true          1
            a2         ann         04T09:59   bill   true      | false   a3              -        -          false         2
            a3         ann         05T09:00   bill   false     | false   -               -        -          false         3
            """,
        ),
        Rule(
            "edges of the data",
            "Without as_of the last end of the data matures; before the first look-back nobody is a first contact, unless an earlier one is seen.",
            "{window: 24h, lookback: 24h}",
            """
            contact_id customer_id program started_at reason | lookback_known first_contact matured fcr
            a1         ann         -       03T10:00   bill   | false          -             true    -
            a2         ann         -       03T11:00   bill   | false          false         true    -
            b1         bob         acme    04T10:00   bill   | true           true          true    true
            c1         cleo        acme    04T10:01   bill   | true           true          false   -
            d1         dora        -       05T10:00   bill   | true           true          false   -
            """,
            at_edges=True,
        ),
        Rule(
            "edges of a program",
            "With edges by program each program's own first start and last end are taken.",
            "{window: 24h, lookback: 24h, edges: program}",
            """
            contact_id customer_id program started_at reason | lookback_known first_contact matured fcr
            a1         ann         -       03T10:00   bill   | false          -             true    -
            b1         bob         acme    04T10:00   bill   | false          -             false   -
            c1         cleo        acme    04T10:01   bill   | false          -             false   -
            d1         dora        -       05T10:00   bill   | true           true          false   -
            """,
            at_edges=True,
        ),
        Rule(
            "as_of and programs",
            "A given as_of holds for every program, also where edges are taken by program.",
            "{window: 24h, edges: program, as_of: 2026-01-04T10:00:00Z}",
            """
            contact_id customer_id program started_at reason | matured lookback_known
            a1         ann         acme    01T10:00   bill   | true    false
            a2         ann         acme    03T10:00   bill   | true    true
            b1         bob         zeta    03T10:00   bill   | true    false
            """,
            at_edges=True,
        ),
        Rule(
            "first contact",
            "A previous contact that is seen tells, even where the look-back reaches before the record.",
            "{window: 1h, lookback: 48h}",
            """
            contact_id customer_id started_at reason | lookback_known previous_contact_id first_contact fcr
            a1         ann         03T10:00   bill   | false          -                   -             -
            a2         ann         04T10:00   bill   | false          a1                  false         -
            b1         bob         05T09:59   bill   | false          -                   -             -
            b2         bob         07T10:00   bill   | true           -                   true          true
            z1         zoe         09T10:00   bill   | true           -                   true          -
            """,
            at_edges=True,
        ),
    ),
)
