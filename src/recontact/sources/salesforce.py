"""Salesforce: cases and voice calls become contacts.

Field names as in Salesforce's object reference: Case and VoiceCall.
"""

import json
from pathlib import Path

from recontact.sources.contacts import Rows
from recontact.sources.engine import session
from recontact.sources.exports import read_export, settled, texts
from recontact.sources.mapping import Mapping

KEYS = ("records",)
REQUIRED = (("contact_id", ("Id",)), ("started_at", ("CreatedDate", "CallStartDateTime")))
FIELDS = (
    *("attributes.type", "Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp"),
    # Case
    *("CaseNumber", "ContactId", "AccountId", "ContactPhone", "ContactMobile", "SuppliedPhone"),
    *("SuppliedEmail", "Origin", "Reason", "Type", "Subject", "IsEscalated", "IsClosed"),
    *("ParentId", "MasterRecordId", "OwnerId"),
    # VoiceCall
    *("CallStartDateTime", "CallEndDateTime", "CallQueuedDateTime", "CallAcceptDateTime"),
    *("CallConnectDateTime", "CallDurationInSeconds", "CallType", "CallDisposition"),
    *("CallResolution", "DisconnectReason", "FromPhoneNumber", "ToPhoneNumber"),
    *("RecipientContactInfo", "CallerContactInfo", "PreviousCallId", "NextCallId"),
    *("RelatedRecordId", "UserId", "QueueName", "CustomerHoldDuration", "NumberOfHolds"),
    "Description",
)
# Exports of cases tell who owns them now, not who had them first.
KNOWN_FROM = dict.fromkeys(("queue", "agent_id", "team"), "wrapup")

# An id of 18 characters is that of 15 with a check sum: ids are compared by their first 15.
RECORDS = """
CREATE TEMP MACRO truth(text) AS CASE WHEN lower(text) IN ('true', '1', 'yes') THEN true
    WHEN lower(text) IN ('false', '0', 'no') THEN false END;
CREATE TEMP MACRO moment(text) AS TRY_CAST(text AS TIMESTAMPTZ);
CREATE TEMP MACRO seconds(since, until) AS CASE WHEN moment(until) >= moment(since)
    THEN epoch(moment(until)) - epoch(moment(since)) END;
CREATE TEMP TABLE record AS
SELECT * REPLACE (min(Id) OVER (PARTITION BY left(Id, 15)) AS Id),
    left(Id, 15) AS key, coalesce("attributes.type" = 'VoiceCall',
        coalesce(CallStartDateTime, CallEndDateTime, CallType) IS NOT NULL) AS is_call,
    coalesce(SystemModstamp, LastModifiedDate) AS changed
FROM read;
CREATE TEMP TABLE last AS
SELECT * FROM record WHERE Id IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY key ORDER BY moment(changed) DESC NULLS LAST, place DESC) = 1;
CREATE TEMP TABLE step AS  -- from a case to the one it belongs to, from a call to the one before
SELECT key, left(coalesce(MasterRecordId, ParentId, PreviousCallId), 15) AS upper FROM last
WHERE coalesce(MasterRecordId, ParentId, PreviousCallId) IS NOT NULL
UNION
SELECT left(NextCallId, 15), key FROM last WHERE NextCallId IS NOT NULL;
CREATE TEMP TABLE root AS
WITH RECURSIVE up(key, top, hops) AS (
    SELECT key, upper, 1 FROM step
    UNION
    SELECT up.key, step.upper, hops + 1 FROM up JOIN step ON step.key = up.top WHERE hops < 100
)
SELECT key, arg_max(top, (hops, top)) AS top FROM up GROUP BY key;
CREATE TEMP TABLE named AS
SELECT key, min(Id) AS Id FROM record GROUP BY key;
"""
CONTACTS = """
WITH joined AS (
    SELECT record.*, coalesce(last.IsDeleted, record.IsDeleted) AS gone,
        coalesce(last.MasterRecordId, record.MasterRecordId) AS master,
        coalesce(named.Id, root.top) AS top,
        root.top IS NOT NULL OR record.key IN (SELECT top FROM root) AS in_chain,
        related.ContactId AS related_contact, related.AccountId AS related_account,
        coalesce(related_top.Id, related_root.top, related.Id) AS related_case
    FROM record LEFT JOIN last USING (key) LEFT JOIN root USING (key)
    LEFT JOIN named ON named.key = root.top
    LEFT JOIN last related
        ON related.key = left(record.RelatedRecordId, 15) AND NOT related.is_call
    LEFT JOIN root related_root ON related_root.key = related.key
    LEFT JOIN named related_top ON related_top.key = related_root.top
), legs AS (
    SELECT *, CASE WHEN is_call THEN CASE lower(CallType)
            WHEN 'outbound' THEN 'outbound' WHEN 'callback' THEN 'outbound'
            WHEN 'inbound' THEN 'inbound' WHEN 'transfer' THEN 'inbound'
            WHEN 'consult' THEN 'internal' WHEN 'internal' THEN 'internal'
            WHEN 'internalcall' THEN 'internal' WHEN 'coach' THEN 'internal'
            WHEN 'bridge' THEN 'internal' END END AS direction,
        coalesce(CallAcceptDateTime, CallConnectDateTime) AS answered,
        TRY_CAST(CustomerHoldDuration AS DOUBLE) AS hold_s
    FROM joined
)
SELECT Id AS contact_id,
    coalesce(CASE WHEN is_call AND left(RelatedRecordId, 3) IN ('003', '001')
        THEN RelatedRecordId END, related_contact, related_account,
        ContactId, AccountId, lower(SuppliedEmail)) AS customer_id,
    CASE WHEN is_call THEN CallStartDateTime ELSE CreatedDate END AS started_at,
    CASE WHEN NOT is_call THEN CreatedDate WHEN CallEndDateTime IS NOT NULL THEN CallEndDateTime
        ELSE strftime((moment(CallStartDateTime) AT TIME ZONE 'UTC')
            + to_milliseconds(CAST(TRY_CAST(CallDurationInSeconds AS DOUBLE) * 1000 AS BIGINT)),
            '%Y-%m-%dT%H:%M:%S.%fZ') END AS ended_at,
    changed AS known_at,
    CASE WHEN is_call AND in_chain THEN coalesce(top, Id) END AS interaction_id,
    CASE WHEN is_call THEN 'voice' ELSE CASE
        WHEN regexp_matches(Origin, '(?i)phone|call|voice') THEN 'voice'
        WHEN regexp_matches(Origin, '(?i)e-?mail') THEN 'email'
        WHEN regexp_matches(Origin, '(?i)chat') THEN 'chat'
        WHEN regexp_matches(Origin, '(?i)messag|whatsapp|sms|facebook|twitter|instagram')
            THEN 'messaging'
        WHEN regexp_matches(Origin, '(?i)web|portal|community') THEN 'web'
        ELSE lower(Origin) END END AS channel,
    direction,
    CASE WHEN NOT is_call THEN NULL WHEN coalesce(answered, UserId) IS NOT NULL THEN true
        WHEN lower(CallDisposition) IN ('new', 'busy', 'failed')
            OR (SELECT count(answered) FROM legs) > 0 THEN false END AS handled,
    CASE WHEN is_call THEN QueueName WHEN OwnerId LIKE '00G%' THEN OwnerId END AS queue,
    CASE WHEN is_call THEN UserId WHEN OwnerId LIKE '005%' THEN OwnerId END AS agent_id,
    CASE WHEN is_call THEN NULL
        ELSE coalesce(Type || ' > ' || Reason, Type, Reason) END AS reason,
    CASE WHEN NOT is_call THEN coalesce(top, Id) ELSE coalesce(related_case,
        CASE WHEN RelatedRecordId LIKE '500%' THEN RelatedRecordId END) END AS case_id,
    CASE WHEN is_call THEN CallResolution WHEN master IS NOT NULL THEN 'merged' END AS disposition,
    coalesce(seconds(CallQueuedDateTime, answered),
        CASE WHEN answered IS NULL THEN seconds(CallQueuedDateTime, CallEndDateTime) END) AS wait_s,
    CASE WHEN seconds(answered, CallEndDateTime) >= coalesce(hold_s, 0)
        THEN seconds(answered, CallEndDateTime) - coalesce(hold_s, 0) END AS talk_s,
    CustomerHoldDuration AS hold_s, NumberOfHolds AS hold_count,
    IsEscalated AS escalated,
    CASE WHEN is_call THEN CASE WHEN CallResolution IS NOT NULL
        THEN lower(CallResolution) = 'resolved' END ELSE truth(IsClosed) END AS agent_resolved,
    CASE WHEN is_call AND DisconnectReason IS NOT NULL
        THEN DisconnectReason = 'TELECOM_PROBLEM' END AS dropped,
    CASE WHEN is_call THEN Description ELSE Subject END AS notes,
    CASE WHEN NOT is_call THEN coalesce(SuppliedPhone, ContactPhone, ContactMobile)
        WHEN direction = 'outbound' AND lower(CallType) = 'outbound'
            THEN coalesce(ToPhoneNumber, CallerContactInfo)
        WHEN direction = 'internal' THEN NULL
        ELSE coalesce(FromPhoneNumber, RecipientContactInfo) END AS ani,
    CaseNumber AS case_number,
    CASE WHEN "attributes.type" NOT IN ('Case', 'VoiceCall')
            THEN 'neither Case nor VoiceCall: ' || "attributes.type"
        WHEN truth(gone) AND master IS NULL THEN 'deleted' END AS refused
FROM legs ORDER BY place
"""


def read_cases_and_calls(files: list[Path], mapping: Mapping) -> Rows:
    r"""Read Salesforce cases and voice calls, also together: they are told by their fields.

    A case is one contact, when it was created. Calls that are chained by `PreviousCallId` or
    `NextCallId` are legs of one contact. A call is of the contact or account that it is related
    to, or of the one whose case it is about.

    Parameters
    ----------
    files : list of pathlib.Path
        CSV or Parquet with the fields' API names, or JSON: records one a line, an array, or pages
        as queries give them (`records`).
    mapping : Mapping
        Laid over the rows.

    Returns
    -------
    Rows

    Raises
    ------
    UserError
        A file can't be read at all.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "case.csv"
    >>> _ = path.write_text('''Id,ContactId,Origin,Reason,CreatedDate,IsEscalated
    ... 500A,003X,Phone,Installation,2026-01-05T09:00:00.000Z,true
    ... ''')
    >>> good = read_cases_and_calls([path], Mapping()).good
    >>> good.select(["customer_id", "channel", "reason", "escalated", "case_id"]).to_pylist()
    ... # doctest: +NORMALIZE_WHITESPACE
    [{'customer_id': '003X', 'channel': 'voice', 'reason': 'Installation', 'escalated': True,
      'case_id': '500A'}]
    """
    export = read_export(files, mapping, KEYS, required=REQUIRED)
    with session(mapping.time_zone) as engine:
        engine.register("read", texts(export.raw, FIELDS))
        engine.execute(RECORDS)
        derived = engine.sql(CONTACTS).to_arrow_table()
        cases = engine.sql("SELECT count(*) FROM record WHERE NOT is_call").fetchall()[0][0]
    refused = derived["refused"]
    late = KNOWN_FROM if cases else {}
    known = {
        "recontact.known_from": json.dumps(late),
        "recontact.back_filled": json.dumps([*late]),
    }
    derived = derived.drop_columns("refused").replace_schema_metadata(known)
    return settled(export, derived, refused, mapping, files)
