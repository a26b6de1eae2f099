"""Rules of labeling: whose contact, and about what."""

# ruff: noqa: E501 - a table is read best with one line to a contact

from tests.spec.rule import Chapter, Rule

CHAPTER = Chapter(
    "Whose contact, and about what",
    "Two contacts are related when they are of one customer and one program and about one issue.",
    (
        Rule(
            "anonymous",
            "Anonymous callers relate to nobody, not even to each other.",
            "related_by: any",
            """
            contact_id customer_id started_at direction | exclusion   next_contact_id previous_contact_id episode_id repeated
            a1         -           03T10:00   inbound   | no_customer -               -                   a1         -
            a2         -           03T11:00   inbound   | no_customer -               -                   a2         -
            a3         -           03T12:00   outbound  | no_customer -               -                   -          -
            """,
        ),
        Rule(
            "program",
            "A repeat is judged inside one program only; no program is a program of its own.",
            "",
            """
            contact_id customer_id program started_at reason | next_contact_id
            a1         ann         acme    03T10:00   bill   | a3
            a2         ann         zeta    03T11:00   bill   | -
            a3         ann         acme    03T12:00   bill   | -
            a4         ann         -       03T13:00   bill   | a5
            a5         ann         -       03T14:00   bill   | -
            """,
        ),
        Rule(
            "case and letter",
            "Names match letter by letter: another case is another customer, channel or reason.",
            "related_by: any",
            """
            contact_id customer_id channel started_at | next_contact_id exclusion
            a1         ann         voice   03T10:00   | a3              -
            a2         Ann         voice   03T11:00   | -               -
            a3         ann         Voice   03T12:00   | -               channel
            """,
        ),
        Rule(
            "any issue",
            "Related by any, every other contact of the customer is one, whatever either is about.",
            "related_by: any",
            """
            contact_id customer_id started_at reason case_id | next_contact_id exclusion episode_id
            a1         ann         03T10:00   bill   c1      | a2              -         a1
            a2         ann         03T11:00   -      -       | a3              -         a1
            a3         ann         03T12:00   tech   c2      | -               -         a1
            """,
        ),
        Rule(
            "case",
            "Related by case, the reason plays no part.",
            "related_by: case",
            """
            contact_id customer_id started_at reason case_id | next_contact_id exclusion
            a1         ann         03T10:00   bill   c1      | a3              -
            a2         ann         03T11:00   bill   -       | -               no_issue
            a3         ann         03T12:00   tech   c1      | -               -
            """,
        ),
        Rule(
            "reason",
            "By default the whole reason must be equal, however it is written; unknown equals nothing.",
            "",
            """
            contact_id customer_id started_at reason     | next_contact_id exclusion
            a1         ann         03T10:00   bill>late  | a4              -
            a2         ann         03T11:00   bill       | -               -
            a3         ann         03T12:00   -          | -               no_issue
            a4         ann         03T13:00   bill>late> | -               -
            a5         ann         03T14:00   -          | -               no_issue
            """,
        ),
        Rule(
            "empty reason",
            "A reason of which no level is left is unknown, also where it is cut.",
            "reason_level: 1",
            """
            contact_id customer_id started_at reason | next_contact_id exclusion
            a1         ann         03T10:00   >      | -               no_issue
            a2         ann         03T11:00   >fee   | -               no_issue
            a3         ann         03T12:00   >fee   | -               no_issue
            """,
        ),
        Rule(
            "reason level",
            "Cut to its first level, a reason relates to every other one below that level.",
            "reason_level: 1",
            """
            contact_id customer_id started_at reason    | next_contact_id
            a1         ann         03T10:00   bill>late | a2
            a2         ann         03T11:00   bill      | a4
            a3         ann         03T12:00   Bill      | -
            a4         ann         03T13:00   bill>fee  | -
            """,
        ),
        Rule(
            "second level",
            "Cut to two levels, what lies below the second plays no part, and a shorter reason is another one.",
            "reason_level: 2",
            """
            contact_id customer_id started_at reason         | next_contact_id
            a1         ann         03T10:00   bill>late>fee  | a4
            a2         ann         03T11:00   bill           | -
            a3         ann         03T12:00   bill>dispute   | -
            a4         ann         03T13:00   bill>late>date | -
            """,
        ),
        Rule(
            "reason or case",
            "Either may relate two contacts, and one contact may link two issues.",
            "related_by: reason_or_case",
            """
            contact_id customer_id started_at reason case_id | next_contact_id previous_contact_id episode_id
            a1         ann         03T10:00   bill   c1      | a3              -                   a1
            a2         ann         03T11:00   tech   c2      | a3              -                   a2
            a3         ann         03T12:00   tech   c1      | a4              a2                  a2
            a4         ann         03T13:00   -      c1      | -               a3                  a2
            """,
        ),
        Rule(
            "neither reason nor case",
            "Under reason or case a contact has no issue only where both are unknown.",
            "related_by: reason_or_case",
            """
            contact_id customer_id started_at reason case_id | next_contact_id exclusion
            a1         ann         03T10:00   -      c1      | a3              -
            a2         ann         03T11:00   -      -       | -               no_issue
            a3         ann         03T12:00   tech   c1      | -               -
            """,
        ),
        Rule(
            "level and case",
            "Under reason or case the levels cut the reason only.",
            "{related_by: reason_or_case, reason_level: 1}",
            """
            contact_id customer_id started_at reason    case_id | next_contact_id
            a1         ann         03T10:00   bill>late c1>x    | a2
            a2         ann         03T11:00   bill>fee  c1>y    | a4
            a3         ann         03T12:00   tech      c1      | -
            a4         ann         03T13:00   web       c1>y    | -
            """,
        ),
    ),
)
