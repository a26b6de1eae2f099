"""Rules of the rates: which contacts each is taken of."""

# ruff: noqa: E501 - a table is read best with one line to a contact

from tests.spec.rule import Chapter, Rule

CHAPTER = Chapter(
    "Rates",
    "Each rate is a count of contacts out of those of which it is known.",
    (
        Rule(
            "rates",
            "FCR is taken of first contacts whose outcome is known, gross FCR of all matured ones of which it is known whether they are first ones, repeats and escalations of all matured ones, own escalations of all that may be judged, and answers of those that were given.",
            "{window: 24h, lookback: 24h, as_of: 2026-01-20T00:00:00Z}",
            """
            contact_id customer_id started_at reason escalated csat nps ces | first_contact repeated escalation fcr
            o1         olga        01T10:00   bill   false     -    -   -   | -             false    false      -
            a1         ann         03T10:00   bill   false     5    9   2   | true          false    false      true
            b1         bob         03T10:00   bill   true      4    10  -   | true          false    true       false
            c1         cleo        03T10:00   bill   false     2    6   5   | true          true     false      false
            c2         cleo        03T20:00   bill   false     -    -   -   | false         false    false      -
            d1         dora        03T10:00   bill   false     -    8   -   | true          false    false      true
            d2         dora        03T12:00   -      false     -    -   -   | -             -        -          -
            e1         eve         19T12:00   bill   false     -    -   -   | true          -        -          -
            """,
            at_edges=True,
            rates="""
            rate           true of
            fcr            2    4
            gross_fcr      2    5
            repeat         1    6
            escalation     1    6
            own_escalation 1    7
            unknown_reason 1    4
            csat           2    3
            """,
        ),
    ),
)
