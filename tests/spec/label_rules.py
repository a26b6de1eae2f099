"""The rules of labeling as tables: left of the bar the contacts, right of it their labels.

Times are of January 2026, `03T10:00` being the 3rd at ten; `-` is null. Where no `ended_at` is
given a contact ends as it starts. Unless a rule is about the edges of the record, one stranger's
contact in December and one in March keep every contact's look-back known and its labels matured.
"""

# ruff: noqa: E501 - a table is read best with one line to a contact

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    name: str
    text: str
    policy: str
    table: str
    at_edges: bool = False


RULES = (
    Rule(
        "bound",
        "A later contact exactly at the window's bound is within it; a microsecond later is not.",
        "window: 48h",
        """
        contact_id customer_id started_at      reason | next_contact_id next_gap_s repeated fcr
        a1         ann         03T10:00        bill   | a2              172800     true     false
        a2         ann         05T10:00        bill   | -               -          false    -
        b1         bob         03T10:00        bill   | -               -          false    true
        b2         bob         05T10:00:00.000001 bill | -              -          false    true
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
        "reason",
        "By default the whole reason must be equal, however it is written; unknown equals nothing.",
        "",
        """
        contact_id customer_id started_at reason    | next_contact_id exclusion
        a1         ann         03T10:00   bill>late | a4              -
        a2         ann         03T11:00   bill      | -               -
        a3         ann         03T12:00   -         | -               no_issue
        a4         ann         03T13:00   bill>late> | -              -
        a5         ann         03T14:00   -         | -               no_issue
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
        "what counts",
        "Outbound and internal contacts, and abandoned attempts, are no repeats; other channels are.",
        "",
        """
        contact_id customer_id started_at reason direction handled channel | next_contact_id exclusion   episode_id
        a1         ann         03T10:00   bill   -         -       -       | a5              -           a1
        a2         ann         03T11:00   bill   outbound  true    voice   | a5              not_inbound -
        a3         ann         03T12:00   bill   internal  true    voice   | a5              not_inbound -
        a4         ann         03T13:00   bill   inbound   false   voice   | a5              not_handled -
        a5         ann         03T14:00   bill   inbound   true    chat    | -               channel     a1
        """,
    ),
    Rule(
        "count unhandled",
        "An abandoned attempt may be told to count, but is never judged.",
        "count_unhandled: true",
        """
        contact_id customer_id started_at reason handled | next_contact_id exclusion   repeated episode_position
        a1         ann         03T10:00   bill   true    | a2              -           true     1
        a2         ann         03T11:00   bill   false   | -               not_handled -        2
        """,
    ),
    Rule(
        "counted channels",
        "Where channels are listed, only contacts on them count; judged ones may be elsewhere.",
        "{counted_channels: [chat], index_channels: [voice]}",
        """
        contact_id customer_id started_at reason channel | next_contact_id eligible episode_id episode_position
        a1         ann         03T10:00   bill   voice   | a3              true     a1         1
        a2         ann         03T11:00   bill   voice   | a3              true     a2         1
        a3         ann         03T12:00   bill   chat    | -               false    a3         1
        a4         ann         03T13:00   bill   voice   | -               true     a3         2
        """,
    ),
    Rule(
        "exclusions",
        "Of several exclusions the first is named; a disposition excluded never counts either.",
        "{min_talk_s: 30, exclude_dispositions: [test], related_by: reason}",
        """
        contact_id customer_id started_at reason direction channel handled talk_s disposition | exclusion   next_contact_id
        a0         -           03T09:00   -      outbound  chat    false   -      test        | no_customer -
        a1         ann         03T10:00   -      outbound  chat    false   -      test        | not_inbound -
        a2         ann         03T11:00   -      inbound   chat    false   -      test        | channel     -
        a3         ann         03T12:00   -      inbound   voice   false   -      test        | not_handled -
        a4         ann         03T13:00   -      inbound   voice   true    -      test        | too_short   -
        a5         ann         03T13:30   -      inbound   voice   true    29.9   -           | too_short   -
        a6         ann         03T14:00   -      inbound   voice   true    30     test        | disposition -
        a7         ann         03T15:00   -      inbound   voice   true    30     done        | no_issue    -
        a8         ann         03T16:00   bill   inbound   voice   true    30     done        | -           a10
        a9         ann         03T17:00   bill   inbound   voice   true    30     test        | disposition a10
        a10        ann         03T18:00   bill   inbound   voice   true    1      done        | too_short   -
        """,
    ),
    Rule(
        "maturity",
        "A contact is judged once its window has passed whole, also where a repeat was seen before.",
        "{window: 24h, as_of: 2026-01-05T10:00:00Z}",
        """
        contact_id customer_id started_at ended_at        reason | matured next_contact_id repeated escalation fcr
        a1         ann         04T09:00   04T10:00        bill   | true    a2              true     false      false
        a2         ann         04T11:00   04T11:00        bill   | false   a3              -        -          -
        a3         ann         05T11:00   05T11:00        bill   | false   -               -        -          -
        b1         bob         04T09:00   04T10:00:00.000001 bill | false  -               -        -          -
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
)
