"""What notebooks call: tables of pandas, polars or pyarrow in, results of the same kind out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from recontact import rates
from recontact.contacts import SCHEMA
from recontact.errors import UserError
from recontact.features.moments import WRAPUP_DELAY_S
from recontact.frames import as_arrow, clean_contacts, like
from recontact.labels import table as labeling
from recontact.policy import Policy
from recontact.rates import CSAT_POSITIVE

if TYPE_CHECKING:
    from recontact.features.declared import Feature
    from recontact.model.bundle import Bundle
    from recontact.report.collect import Report
    from recontact.sources.imports import Imported
    from recontact.sources.mapping import Mapping as Renamed
    from recontact.today import FcrToday

Rules = Policy | Mapping[str, Any] | str | PathLike[str]


def label(contacts: Any, policy: Rules | None = None) -> Any:
    """Label every contact by a policy.

    Parameters
    ----------
    contacts : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Clean contacts; optional columns may be missing. It is left as it is.
    policy : Policy, mapping or path, optional
        A policy, its keys as a YAML file holds them, or that file; the defaults where left out.

    Returns
    -------
    table of the same kind
        One row per contact in the same order, a pandas index kept: `contact_id`, `eligible`,
        `exclusion`, `matured`, `lookback_known`, `previous_contact_id`, `previous_gap_s`,
        `next_contact_id`, `next_gap_s`, `first_contact`, `repeated`, `escalated`, `escalation`,
        `fcr`, `episode_id`, `episode_position`; gaps in seconds, identifiers as text. Metadata
        (pandas: `attrs`) keep the policy and its digest; polars has no place for them.

    Raises
    ------
    UserError
        A required column is missing, a contact is not clean (the first such rows are named,
        counted from 1), or the policy is wrong.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.to_datetime(["2026-01-03", "2026-01-04", "2026-01-09"], utc=True)
    >>> contacts = pd.DataFrame({"contact_id": ["1", "2", "3"], "customer_id": ["x", "x", None],
    ...     "reason": "bill", "started_at": day, "ended_at": day}, index=[10, 20, 30])
    >>> labels = label(contacts, {"window": "36h", "lookback": "0h"})
    >>> contacts.assign(fcr=labels["fcr"], next=labels["next_contact_id"])[["fcr", "next"]]
          fcr  next
    10  False     2
    20   True  <NA>
    30   <NA>  <NA>
    """
    table = clean_contacts(contacts, SCHEMA.names)
    return like(labeling.label(table, policy), contacts, same_rows=True)


def rates_of(
    contacts: Any,
    labels: Any,
    by: str | None = None,
    *,
    policy: Rules | None = None,
    csat_positive: float = CSAT_POSITIVE,
) -> Any:
    """Count rates with their intervals over all contacts or by group.

    Parameters
    ----------
    contacts, labels : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Clean contacts and their labels.
    by : str, optional
        A column of the contacts, such as `agent_id`, `queue` or `reason`.
    policy : Policy, mapping or path, optional
        That of the labels; needed where they don't carry it themselves (polars, CSV).
    csat_positive : float
        The least `csat` answer that is positive.

    Returns
    -------
    table of the same kind as `contacts`
        As of `recontact.rates.rates`: one row per group, the most judged first.

    Raises
    ------
    UserError
        Labels of other contacts or without policy, or no such column.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.to_datetime(["2026-01-01", "2026-01-09", "2026-01-10", "2026-01-20"])
    >>> contacts = pd.DataFrame({"contact_id": list("abcd"), "customer_id": list("wxxz"),
    ...                          "reason": "bill", "started_at": day, "ended_at": day})
    >>> rates_of(contacts, label(contacts), by="reason")[["group", "repeat", "repeat_of"]]
      group    repeat  repeat_of
    0  bill  0.333333          3
    """
    table, own = clean_contacts(contacts), _labels(labels, policy)
    return like(rates.rates(table, own, by, csat_positive), contacts)


def report_on(
    contacts: Any,
    labels: Any,
    by: str | Sequence[str] = (),
    *,
    policy: Rules | None = None,
    sensitivity: bool = False,
    **options: Any,
) -> "Report":
    """Collect a report: a page in a notebook, a file with its `write`.

    Parameters
    ----------
    contacts, labels : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Clean contacts and their labels.
    by : str or sequence of str
        What to group by: columns of the contacts, `week`, `month`, `reason:1`; by default those
        usual ones that hold more than one group.
    policy : Policy, mapping or path, optional
        That of the labels; needed where they don't carry it themselves (polars, CSV).
    sensitivity : bool
        Also the rates under other windows, relatedness and rules.
    **options
        `csat_positive`, `min_volume` (see `recontact.report.collect.collect`).

    Returns
    -------
    recontact.report.collect.Report
        Its figures are attributes; ``report.write("report.html")`` writes it, also as ``.json``
        or ``.csv``.

    Raises
    ------
    UserError
        Labels of other contacts or without policy, or no such column.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.to_datetime(["2026-01-01", "2026-01-09", "2026-01-10", "2026-01-20"])
    >>> contacts = pd.DataFrame({"contact_id": list("abcd"), "customer_id": list("wxxz"),
    ...                          "reason": "bill", "started_at": day, "ended_at": day})
    >>> print(str(report_on(contacts, label(contacts))).splitlines()[1])
    FCR rate: 0.0 % of 1 (95 % interval 0.0 to 79.3 %)
    """
    from recontact.report.collect import collect  # noqa: PLC0415 - labels don't wait for it

    table, own = clean_contacts(contacts), _labels(labels, policy)
    wanted = [by] if isinstance(by, str) else by
    return collect(table, own, wanted, sensitivity=sensitivity, **options)


def features_at(
    contacts: Any,
    labels: Any,
    moment: str,
    *,
    policy: Rules | None = None,
    known: Mapping[str, str] | None = None,
    elapsed_s: float | None = None,
    delay_s: float = WRAPUP_DELAY_S,
    events: Any = None,
    features: "Sequence[Feature] | None" = None,
) -> Any:
    """Compute the features of every eligible contact at one moment, as known then.

    Parameters
    ----------
    contacts, labels : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Clean contacts and their labels, row for row.
    moment : {"start", "live", "wrapup"}
        When the score is asked for.
    policy : Policy, mapping or path, optional
        That of the labels; needed where they don't carry it themselves (polars, CSV).
    known : mapping of str to str, optional
        Column -> moment from which it is known, such as ``{"reason": "start"}``; what the
        table's metadata (pandas: `attrs`) say holds for the others.
    elapsed_s : float, optional
        Seconds since the start, needed at ``live``.
    delay_s : float
        At ``wrapup``, how many seconds after the end a record may come.
    events : table of any of these kinds, optional
        What happened during the contacts.
    features : sequence of Feature, optional
        What to compute instead of all of ours, such as ``(*FEATURES, *read_features(path))``.

    Returns
    -------
    table of the same kind as `contacts`
        `contact_id`, `moment`, `at`, the features, `repeated_already`, `escalation_already`.

    Raises
    ------
    UserError
        Labels of other contacts or without policy, an unknown moment, or ``live`` without its
        elapsed time.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.to_datetime(["2026-01-01", "2026-01-02"])
    >>> contacts = pd.DataFrame({"contact_id": [1, 2], "customer_id": "x", "reason": "bill",
    ...                          "started_at": day, "ended_at": day})
    >>> features_at(contacts, label(contacts), "start")["contacts_7d"].tolist()
    [0.0, 1.0]
    """
    from recontact.dataset import features as compute  # noqa: PLC0415 - as above
    from recontact.features.declared import FEATURES  # noqa: PLC0415

    table, own = clean_contacts(contacts), _labels(labels, policy)
    happened = None if events is None else as_arrow(events)
    found = compute(
        table,
        own,
        moment,
        known=known,
        elapsed_s=elapsed_s,
        delay_s=delay_s,
        events=happened,
        features=FEATURES if features is None else features,
    )
    return like(found, contacts)


def fcr_today(
    contacts: Any,
    labels: Any,
    model: "Bundle",
    days: float = 7.0,
    *,
    policy: Rules | None = None,
    known: Mapping[str, str] | None = None,
) -> "FcrToday":
    """Estimate the FCR rate of the newest contacts before their window has passed.

    Parameters
    ----------
    contacts, labels : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Clean contacts and their labels.
    model : Bundle
        The model of `repeated` of the same policy, such as
        ``recontact.tracking.load_bundles("champion")["repeated"]``.
    days : float
        How many days back from the labels' `as_of`.
    policy : Policy, mapping or path, optional
        That of the labels; needed where they don't carry it themselves (polars, CSV).
    known : mapping of str to str, optional
        Changes to what is known from when; by default as the model was trained.

    Returns
    -------
    recontact.today.FcrToday
        `rate` with `low` and `high`, of how many `contacts`, how many `settled`.

    Raises
    ------
    UserError
        Labels of other contacts or another policy, or a model that does not know when.
    """
    from recontact.today import fcr_today as estimate  # noqa: PLC0415 - as above

    return estimate(clean_contacts(contacts), _labels(labels, policy), model, days, known=known)


def examine(contacts: Any, policy: Rules | None = None) -> list[Any]:
    """Tell what contacts can and cannot support, before any number is shown.

    Parameters
    ----------
    contacts : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Clean contacts, at least one.
    policy : Policy, mapping or path, optional
        By which they will be judged; the defaults where left out.

    Returns
    -------
    list of recontact.doctor.Finding
        Each with `name`, `level` (``good``, ``mind``, ``bad``), `text` and `value`.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.to_datetime(["2026-01-01"])
    >>> contacts = pd.DataFrame({"contact_id": ["1"], "started_at": day, "ended_at": day})
    >>> [f.level for f in examine(contacts) if f.name == "anonymous"]
    ['bad']
    """
    from recontact import doctor  # noqa: PLC0415 - as above

    table = clean_contacts(contacts)
    if not len(table):
        raise UserError("no contacts in this table", "give a table with at least one row")
    return doctor.examine(table, labeling.label(table, policy))


def import_contacts(
    source: str, data: Any, mapping: "Renamed | dict[str, Any] | str | Path | None" = None
) -> "Imported":
    """Turn an export, in files or in a table, into clean contacts.

    Parameters
    ----------
    source : str
        As in `recontact import`: ``contacts`` (any export, its columns perhaps named by a mapping),
        ``amazon-connect``, ``genesys``, ``zendesk`` ...
    data : path, iterable of paths, or table
        Files, globs, folders; or, for ``contacts``, a table of pandas, polars or pyarrow.
    mapping : Mapping, dict or path, optional
        What the columns are called and how their values are to be taken.

    Returns
    -------
    recontact.sources.imports.Imported
        `contacts` and `rejects`, of the same kind as a table given, else of pyarrow; `counts`.

    Raises
    ------
    UserError
        A file can't be read at all, a required column is missing, or a table is given for a
        source whose records are none.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-01"])
    >>> imported = import_contacts("contacts", pd.DataFrame(
    ...     {"contact_id": ["1", None, "1"], "started_at": day, "ended_at": day}))
    >>> imported.counts
    {'rows': 3, 'contacts': 1, 'merged_legs': 0, 'duplicates': 1, 'rejected': 1}
    >>> imported.rejects[["row", "reason"]].to_dict("records")
    [{'row': 2, 'reason': 'no contact_id'}]
    """
    from recontact.sources import imports  # noqa: PLC0415 - as above

    if isinstance(data, str | PathLike) or (
        isinstance(data, list | tuple) and all(isinstance(path, str | PathLike) for path in data)
    ):
        return imports.import_contacts(source, data, mapping)
    if source != "contacts":
        raise UserError(f"{source} is read from files", 'give its files, or name it "contacts"')
    found = imports.import_table(as_arrow(data), mapping)
    contacts, rejects = like(found.contacts, data), like(found.rejects, data)
    return replace(found, contacts=contacts, rejects=rejects)


def _labels(labels: Any, policy: Rules | None) -> pa.Table:
    """Take labels of any library as `recontact label` writes them, their policy noted."""
    table = as_arrow(labels)
    missing = [name for name in labeling.SCHEMA.names if name not in table.column_names]
    if missing:
        raise UserError(
            f"these are no labels: there is no column '{missing[0]}'",
            "make them: recontact.label(contacts, policy)",
        )
    ours = {field.name: field for field in labeling.SCHEMA}
    fields = [ours.get(field.name, field) for field in table.schema]
    try:
        table = table.cast(pa.schema(fields, table.schema.metadata))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(f"these are no labels: {error}", "label the contacts anew") from error
    if policy is None:
        return table
    said = labeling.of_policy(labeling.as_policy(policy))
    carried = (table.schema.metadata or {}).get(labeling.POLICY_DIGEST)
    if carried not in (None, said[labeling.POLICY_DIGEST]):
        raise UserError(
            f"the labels are of policy {carried.decode()}, not of the one given",
            "label the contacts by it, or leave policy out",
        )
    return table.replace_schema_metadata(said)
