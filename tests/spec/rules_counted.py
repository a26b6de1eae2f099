"""Rules of labeling: who is judged, and what counts."""

# ruff: noqa: E501 - a table is read best with one line to a contact

from tests.spec.rule import Chapter, Rule

CHAPTER = Chapter(
    "Who is judged, and what counts",
    "A contact may be judged, may count as an earlier or later one of another, both or neither.",
    (
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
            "earlier ones must count",
            "The previous contact must count too: what is no repeat undoes no first contact.",
            "exclude_dispositions: [test]",
            """
            contact_id customer_id started_at reason direction handled disposition | previous_contact_id first_contact
            a1         ann         03T10:00   bill   outbound  true    -           | -                   -
            a2         ann         03T11:00   bill   inbound   false   -           | -                   -
            a3         ann         03T12:00   bill   inbound   true    test        | -                   -
            a4         ann         03T13:00   bill   inbound   true    done        | -                   true
            a5         ann         03T14:00   bill   outbound  true    done        | a4                  -
            """,
        ),
        Rule(
            "not judged but counted",
            "A contact that may not be judged, for its channel or for being short, still is a repeat of an earlier one.",
            "min_talk_s: 60",
            """
            contact_id customer_id started_at reason talk_s channel | exclusion repeated next_contact_id
            a1         ann         03T10:00   bill   90     voice   | -         true     a2
            a2         ann         03T11:00   bill   5      voice   | too_short -        a3
            a3         ann         03T12:00   bill   90     email   | channel   -        -
            b1         bob         03T10:00   bill   60     voice   | -         false    -
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
            "judged channels",
            "Only contacts on the judged channels are judged; an unknown channel is voice.",
            "index_channels: [chat, email]",
            """
            contact_id customer_id started_at reason channel | eligible exclusion next_contact_id repeated
            a1         ann         03T10:00   bill   chat    | true     -         a2              true
            a2         ann         03T11:00   bill   voice   | false    channel   a3              -
            a3         ann         03T12:00   bill   -       | false    channel   a4              -
            a4         ann         03T13:00   bill   email   | true     -         -               false
            """,
        ),
        Rule(
            "no channel judged",
            "Where no channel is listed nobody is judged, and all else is told as before.",
            "index_channels: []",
            """
            contact_id customer_id started_at reason | exclusion next_contact_id matured repeated fcr episode_position
            a1         ann         03T10:00   bill   | channel   a2              true    -        -   1
            a2         ann         03T11:00   bill   | channel   -               true    -        -   2
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
            "nothing counts",
            "Where no channel counts there are no repeats and every contact is a first one.",
            "counted_channels: []",
            """
            contact_id customer_id started_at reason | next_contact_id repeated first_contact fcr  episode_id
            a1         ann         03T10:00   bill   | -               false    true          true a1
            a2         ann         03T11:00   bill   | -               false    true          true a2
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
            "unknown talk",
            "With any least talk time, be it zero, a contact whose talk time is unknown is too short to be judged.",
            "min_talk_s: 0",
            """
            contact_id customer_id started_at reason talk_s | exclusion next_contact_id
            a1         ann         03T10:00   bill   -      | too_short a2
            a2         ann         03T11:00   bill   0      | -         -
            """,
        ),
    ),
)
