"""Zendesk tickets with their metrics become contacts: a ticket is one contact, when it was made.

Field names as in Zendesk's ticketing API: tickets, ticket metrics and the via object.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import map_values
from recontact.sources.contacts import Rows
from recontact.sources.engine import session
from recontact.sources.exports import Export, read_export, settled, texts
from recontact.sources.fields import Record
from recontact.sources.mapping import Mapping
from recontact.sources.rejects import rejects
from recontact.sources.versions import distinct

KEYS = ("tickets", "ticket_metrics", "metric_sets", "results")
REQUIRED = (("contact_id", ("id", "ticket_id")), ("started_at", ("created_at", "ticket_id")))
REPLY = "reply_time_in_minutes.calendar"
METRICS = ("updated_at", "group_stations", "reopens", REPLY)
TICKET = (
    *("id", "ticket_id", "requester_id", "created_at", "updated_at", "status", "subject", "tags"),
    *("assignee_id", "group_id", "problem_id", "satisfaction_rating.score", "via.channel"),
    *("via.source.rel", "via.source.from.ticket_id", "via.source.from.phone"),
    *(f"metric_set.{name}" for name in METRICS),
)
CHANNELS = {  # of via types, and their ids, by our words; others stay as they are
    **dict.fromkeys(("voice", "phone", "voicemail", "phone_call_inbound"), "voice"),
    **dict.fromkeys(("phone_call_outbound", "33", "34", "35"), "voice"),
    **dict.fromkeys(("mail", "email", "4"), "email"),
    **dict.fromkeys(("chat", "29"), "chat"),
    **dict.fromkeys(("web", "web_form", "web_widget", "help_center", "mobile", "0"), "web"),
    **dict.fromkeys(("mobile_sdk", "dropbox", "closed_ticket", "17", "27"), "web"),
    **dict.fromkeys(("native_messaging", "whatsapp", "sms", "text_message", "37"), "messaging"),
    **dict.fromkeys(("facebook", "facebook_post", "facebook_message", "38", "41"), "messaging"),
    **dict.fromkeys(("twitter", "twitter_dm", "26", "30", "line", "wechat"), "messaging"),
    **dict.fromkeys(("telegram", "viber", "instagram_dm", "apple_business_chat"), "messaging"),
}
LEFT_OUT = ("fields", "description", "comments", "url", "raw_subject")  # bulky, or there twice
# An export of tickets tells who has them now, not who had them first.
KNOWN_FROM = dict.fromkeys(("queue", "agent_id", "team"), "wrapup")
BACK_FILLED = (*KNOWN_FROM, "reopens")

# `ticket` holds a text of every field of every record; a metric record has a `ticket_id`.
LAST = """
CREATE TEMP TABLE last AS
SELECT id, updated_at AS updated, status = 'deleted' AS deleted, problem_id,
    CASE WHEN "via.source.rel" = 'follow_up' THEN "via.source.from.ticket_id" END AS follows
FROM ticket WHERE id IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY id ORDER BY TRY_CAST(updated_at AS TIMESTAMPTZ) DESC NULLS LAST, place DESC) = 1;
CREATE TEMP TABLE cases AS
WITH RECURSIVE up(id, top, hops) AS (
    SELECT id, id, 0 FROM last
    UNION ALL
    SELECT up.id, last.follows, hops + 1 FROM up JOIN last ON last.id = up.top
    WHERE last.follows IS NOT NULL AND last.problem_id IS NULL AND hops < 100
)
SELECT up.id, coalesce(arg_max(last.problem_id, hops), arg_max(up.top, hops)) AS case_id
FROM up LEFT JOIN last ON last.id = up.top GROUP BY up.id;
CREATE TEMP TABLE metric AS
SELECT * FROM metrics
QUALIFY row_number() OVER (
    PARTITION BY ticket_id
    ORDER BY TRY_CAST(updated_at AS TIMESTAMPTZ) DESC NULLS LAST, place DESC) = 1;
"""
UNUSED = """
SELECT CASE WHEN last.id IS NULL THEN 'metrics of no ticket here: ''' || m.ticket_id || ''''
    WHEN metric.place IS NULL THEN 'superseded' END AS wrong
FROM metrics m LEFT JOIN last ON last.id = m.ticket_id LEFT JOIN metric USING (place)
ORDER BY m.place
"""
CONTACTS = r"""
WITH joined AS (
    SELECT ticket.*, deleted, case_id, ticket.updated_at IS NOT DISTINCT FROM updated AS is_last,
        coalesce("metric_set.group_stations", m.group_stations) AS stations,
        coalesce("metric_set.reopens", m.reopens) AS reopened,
        coalesce("metric_set.reply_time_in_minutes.calendar", m."reply_time_in_minutes.calendar")
            AS reply,
        coalesce("metric_set.updated_at", m.updated_at) AS measured
    FROM ticket LEFT JOIN last USING (id) LEFT JOIN cases USING (id)
    LEFT JOIN metric m ON m.ticket_id = ticket.id
)
SELECT id AS contact_id, requester_id AS customer_id, created_at AS started_at,
    created_at AS ended_at,
    CASE WHEN is_last AND
            TRY_CAST(measured AS TIMESTAMPTZ) > TRY_CAST(updated_at AS TIMESTAMPTZ)
        THEN measured ELSE updated_at END AS known_at,
    "via.channel" AS channel,
    CASE WHEN "via.source.rel" = 'outbound'
            OR "via.channel" IN ('phone_call_outbound', '35') THEN 'outbound'
        WHEN "via.channel" = 'side_conversation' THEN 'internal' END AS direction,
    group_id AS queue, group_id AS team, assignee_id AS agent_id, case_id,
    CASE WHEN regexp_matches(tags, '\bclosed_by_merge\b') THEN 'closed_by_merge' END AS disposition,
    TRY_CAST(reply AS DOUBLE) * 60 AS wait_s,
    greatest(TRY_CAST(stations AS BIGINT) - 1, 0) AS transfer_count,
    TRY_CAST(stations AS BIGINT) > 1 AS escalated,
    CASE WHEN "satisfaction_rating.score" LIKE 'good%' THEN 5.0
        WHEN "satisfaction_rating.score" LIKE 'bad%' THEN 1.0
        ELSE TRY_CAST("satisfaction_rating.score" AS DOUBLE) END AS csat,
    CASE WHEN status IN ('solved', 'closed') THEN true
        WHEN status IS NOT NULL THEN false END AS agent_resolved,
    subject AS notes, "via.source.from.phone" AS ani, TRY_CAST(reopened AS BIGINT) AS reopens,
    CASE WHEN deleted THEN 'deleted' END AS refused
FROM joined ORDER BY place
"""


def read_tickets(files: list[Path], mapping: Mapping) -> Rows:
    r"""Read Zendesk tickets and their metrics.

    Parameters
    ----------
    files : list of pathlib.Path
        JSON: tickets one a line, an array, or pages as ``/api/v2/incremental/tickets`` gives them
        (`tickets`); metrics inside the tickets (`metric_set`) or as records of their own.
    mapping : Mapping
        Laid over the rows. A custom field is named ``custom_fields.ID``; ``tags.about_`` is what
        follows in the first tag that begins with ``about_``.

    Returns
    -------
    Rows
        One row per record of a ticket; `merged` counts the records of metrics.

    Raises
    ------
    UserError
        A file can't be read at all.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tickets.jsonl"
    >>> _ = path.write_text('''
    ... {"id": 7, "requester_id": 1, "created_at": "2026-01-05T09:00:00Z", "via": {"channel": "mail"},
    ...  "custom_fields": [{"id": 360001, "value": "billing"}]}
    ... {"ticket_id": 7, "group_stations": 2, "reopens": 0}'''.replace("\n ", ""))
    >>> rows = read_tickets([path], Mapping.of({"columns": {"reason": "custom_fields.360001"}}))
    >>> rows.merged, rows.good.select(["contact_id", "channel", "reason", "escalated"]).to_pylist()
    (1, [{'contact_id': '7', 'channel': 'email', 'reason': 'billing', 'escalated': True}])
    """  # noqa: E501 - a record is a line
    tickets, metrics, duplicates = _parted(read_export(files, mapping, KEYS, _in_form, REQUIRED))
    tickets = _with_tags(tickets, mapping)
    with session() as engine:
        engine.register("ticket", texts(tickets.raw, TICKET))
        engine.register("metrics", texts(metrics.raw, ("ticket_id", *METRICS)))
        engine.execute(LAST)
        derived = engine.sql(CONTACTS).to_arrow_table()
        wrong = engine.sql(UNUSED).to_arrow_table()["wrong"]
    channels = map_values(derived["channel"], _channel)
    at = derived.column_names.index("channel")
    known = {
        "recontact.known_from": json.dumps(KNOWN_FROM),
        "recontact.back_filled": json.dumps(BACK_FILLED),
    }
    refused = derived["refused"]
    derived = derived.set_column(at, "channel", channels).drop_columns("refused")
    rows = settled(tickets, derived.replace_schema_metadata(known), refused, mapping, files)
    bad = pc.is_valid(wrong)
    ids = (
        metrics.raw["ticket_id"].cast(pa.string()).filter(bad)
        if len(wrong)
        else pa.array([], pa.string())
    )
    apart = rejects(metrics.where.filter(bad), wrong.filter(bad), ids, metrics.raw.filter(bad))
    return replace(
        rows,
        rejects=pa.concat_tables([rows.rejects, apart]),
        read=rows.read + duplicates + len(wrong),
        duplicates=duplicates,
        merged=len(wrong) - len(apart),
    )


def _in_form(record: Record) -> Record:
    """Lay custom fields out by their number, and leave bulky ones out."""
    kept = {name: value for name, value in record.items() if name not in LEFT_OUT}
    custom = record.get("custom_fields")
    if isinstance(custom, list) and all(isinstance(one, dict) for one in custom):
        kept["custom_fields"] = {str(one.get("id")): one.get("value") for one in custom}
    return kept


def _parted(whole: Export) -> tuple[Export, Export, int]:
    """Tell tickets from metrics, which name the ticket they are of; count metrics come twice."""
    raw = texts(whole.raw, ("ticket_id", "requester_id"))
    metric = pc.and_(pc.is_valid(raw["ticket_id"]), pc.is_null(raw["requester_id"]))
    ticket = pc.invert(metric)
    tickets = Export(whole.raw.filter(ticket), whole.where.filter(ticket), whole.broken)
    of, where = whole.raw.filter(metric), whole.where.filter(metric)
    first = pa.array(distinct(of))
    metrics = Export(of.take(first), where.take(first), whole.broken[:0])
    return tickets, metrics, len(of) - len(first)


def _channel(via: str | None) -> str | None:
    return via and CHANNELS.get(via.lower(), via.lower())


def _with_tags(tickets: Export, mapping: Mapping) -> Export:
    """Add the fields ``tags.PREFIX`` that the mapping names: what follows in the first such tag."""
    raw = tickets.raw
    tags = texts(raw, ("tags",))["tags"]
    for _, name in mapping.named:
        if name.startswith("tags.") and name not in raw.column_names:
            pattern = rf'(?:^|[\s"]){re.escape(name[5:])}(?P<rest>[^\s"]+)'
            found = pc.struct_field(pc.extract_regex(tags, pattern), "rest")
            raw = raw.append_column(name, found)
    return replace(tickets, raw=raw)
