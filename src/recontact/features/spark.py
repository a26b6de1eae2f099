"""Features by Spark: contacts with their labels go to the workers by customer, twice.

First each partition counts what is known of agents, queues and reasons, which is put together
here; then it computes the features of its contacts, which go back into row order.
"""

import os
import pickle
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from recontact.dataset import check_moment
from recontact.features.asked import BESIDE, JUDGED, Asked, none_eligible
from recontact.features.declared import FEATURES, Feature
from recontact.features.figures import Figures
from recontact.features.files import AT_ONCE, Computed
from recontact.features.happened import EVENTS, event_tables, metadata_of
from recontact.features.known import extras
from recontact.features.moments import WRAPUP_DELAY_S
from recontact.features.table import feature_columns
from recontact.labels.parts import Part
from recontact.labels.read import label_tables, other_contacts, policy_in, refuse_others
from recontact.spark.parts import as_one_file, part_of, see
from recontact.spark.records import (
    FOUND,
    ROW,
    Batches,
    as_found,
    by_customer,
    dealt,
    examine,
    found_by,
    map_arrow,
    partitions,
    parts_everywhere,
    read,
    tasks,
)
from recontact.spark.session import session
from recontact.tables import Paths, expand
from recontact.writing import refuse_input, write_table

CHECKED, COUNTED, COMPUTED, PUT_TOGETHER = 0.2, 0.3, 0.4, 0.1  # shares of the time
PART = pa.field("part", pa.int32())
HAPPENED = pa.field("happened", pa.bool_())  # a row is an event of its contact
SOME = 100_000  # rows that stand for all


def features_spark(
    paths: Iterable[str | os.PathLike[str]],
    labels: Paths,
    moment: str,
    out: Path,
    *,
    known: Mapping[str, str] | None = None,
    elapsed_s: float | None = None,
    delay_s: float = WRAPUP_DELAY_S,
    events: Paths | None = None,
    features: Sequence[Feature] = FEATURES,
    advance: Callable[[float], None] = lambda _: None,
    at_once: int = AT_ONCE,
) -> Computed:
    """Compute features by Spark; they are those of `features_files`, row for row.

    Parameters
    ----------
    paths, labels, events
        As of `recontact.features.files.features_files`; the workers see the same paths.
    out : pathlib.Path
        The features table, where the workers may write too: ``.parquet`` or ``.csv``.
    moment, known, elapsed_s, delay_s, features, advance
        As of `features_files`.
    at_once : int
        About how many rows each worker holds in memory.

    Returns
    -------
    Computed

    Raises
    ------
    UserError
        As of `features_files` and `recontact.spark.session.session`.

    Examples
    --------
    >>> features_spark(["contacts/"], "labels/", "start", Path("f.parquet"))  # doctest: +SKIP
    """
    check_moment(moment, elapsed_s)
    files, judged = expand(list(paths)), expand(labels)
    told = expand(events) if events else []
    refuse_input(out, [*files, *judged, *told])
    asked = Asked.of(files, policy_in(judged), known, moment, elapsed_s, delay_s, features)
    asked = replace(asked, columns=_plain(asked.columns))
    with as_one_file(out, asked.schema) as folder, session() as spark:
        record = examine(spark, files, asked.policy, at_once)
        beside = Judged.of(judged)
        if beside.rows != sum(record.sizes):
            raise other_contacts()
        advance(CHECKED)
        rows = read(spark, files, record, asked.columns.remove_metadata(), beside)
        if extras(asked.known):
            asked.refuse_filled_in_later(rows.limit(SOME).toArrow())
        about = metadata_of(told) if told and moment == "live" else {}
        if told and moment == "live":
            rows = _with_events(spark, rows, told)
        number = partitions(record, at_once)
        with _kept(by_customer(rows, number)) as buckets:
            _count(buckets, asked, folder)
            advance(COUNTED)
            eligible = _compute(buckets, asked, about, folder, number, at_once)
            advance(COMPUTED)
    advance(PUT_TOGETHER)
    return Computed(eligible, feature_columns(asked.schema.empty_table()))


def _plain(columns: pa.Schema) -> pa.Schema:
    """Choose types that Spark has; a feature is a number or text in the end."""
    return pa.schema([field.with_type(_plain_type(field.type)) for field in columns],
                     columns.metadata)  # fmt: skip


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    return kind if kind in {pa.bool_(), EVENTS.field("at").type} else pa.string()


@dataclass(frozen=True)
class Judged:
    """Labels in files, by the row numbers of their contacts.

    Attributes
    ----------
    parts : list of Part
        Where they are.
    starts : list of int
        The number of the first row of each part, closed by how many there are.
    """

    parts: list[Part]
    starts: list[int]

    @classmethod
    def of(cls, files: list[Path]) -> "Judged":
        """Find the labels in files."""
        parts = parts_everywhere(files)
        return cls(parts, [0, *accumulate(part.expected for part in parts)])

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.starts[-1]

    def __call__(self, contacts: pa.Table, first: int) -> pa.Table:
        """Give the labels of some contacts.

        Raises
        ------
        UserError
            They are those of others.
        """
        end = first + len(contacts)
        reached = [k for k in range(len(self.parts)) if self._meets(k, first, end)]
        read = label_tables([self.parts[k] for k in reached], BESIDE.names)
        table = pa.concat_tables([BESIDE.empty_table(), *read])
        begin = first - self.starts[reached[0]] if reached else 0
        labels = table.slice(begin, len(contacts))
        refuse_others(contacts["contact_id"], labels["contact_id"])
        return labels.select(JUDGED)

    def _meets(self, number: int, first: int, end: int) -> bool:
        return self.starts[number] < end and self.starts[number + 1] > first


def _with_events(spark: Any, rows: Any, files: list[Path]) -> Any:
    """Add what happened: rows that go where their contacts go."""
    todo = tasks(spark, [(part, 0) for part in parts_everywhere(files)])
    events = map_arrow(todo, _events, pa.schema([*EVENTS, HAPPENED]))
    owners = rows.select("contact_id", "program", "customer_id", ROW.name)
    return rows.unionByName(events.join(owners, "contact_id"), allowMissingColumns=True)


def _events(batches: Batches) -> Batches:
    for part, _ in dealt(batches):
        for table in event_tables(part):
            marked = table.append_column(HAPPENED, pa.array([True] * len(table), HAPPENED.type))
            yield from marked.to_batches()


@contextmanager
def _kept(frame: Any) -> Iterator[Any]:
    """Keep rows where they were brought to, as they are worked on twice."""
    from pyspark import StorageLevel  # noqa: PLC0415 - an extra, and heavy

    kept = frame.persist(StorageLevel.DISK_ONLY)
    try:
        yield kept
    finally:
        kept.unpersist()


def _count(buckets: Any, asked: Asked, folder: Path) -> None:
    """Put together what is known of agents, queues, reasons ..., for the workers to read."""
    files = found_by(map_arrow(buckets, partial(_counted, asked, folder), FOUND))
    see(files)
    figures = Figures.together(_loaded(file) for file in files)
    _figures(folder).write_bytes(pickle.dumps(figures))


def _figures(folder: Path) -> Path:
    return folder / "figures"


def _loaded(file: Path) -> Figures:
    return cast("Figures", pickle.loads(file.read_bytes()))  # noqa: S301 - from our own workers


@lru_cache(maxsize=1)
def _together(file: Path) -> Figures:
    """Read the figures of all once in each worker."""
    return _loaded(file)


def _counted(asked: Asked, folder: Path, batches: Batches) -> Batches:
    bucket, _ = _split(asked, batches)
    if len(bucket):
        file = folder / f"figures-{secrets.token_hex(8)}"
        file.write_bytes(pickle.dumps(asked.count(bucket)))
        yield as_found(file)


def _compute(
    buckets: Any, asked: Asked, about: dict[bytes, bytes], folder: Path, number: int, at_once: int
) -> int:
    """Let the workers write the features in row order; give how many rows they have."""
    schema = pa.schema([*asked.schema, ROW, PART])
    computed = map_arrow(buckets, partial(_computed, asked, about, folder, at_once), schema)
    parts = computed.repartitionById(number, PART.name)
    found = found_by(map_arrow(parts, partial(_written, schema, folder), FOUND))
    see(part_of(folder, part) for part, _ in found)
    if not found:
        raise none_eligible()
    return sum(rows for _, rows in found)


def _computed(
    asked: Asked, about: dict[bytes, bytes], folder: Path, at_once: int, batches: Batches
) -> Batches:
    bucket, events = _split(asked, batches)
    if not len(bucket):
        return
    if events is not None:  # Spark's rows carry nothing beside them
        events = events.replace_schema_metadata(about)
    table, row = asked.compute(bucket, _together(_figures(folder)), events)
    part = pa.array(row // at_once).cast(PART.type)
    yield from table.append_column(ROW, pa.array(row)).append_column(PART, part).to_batches()


def _written(schema: pa.Schema, folder: Path, batches: Batches) -> Batches:
    """Write the features of one stretch of rows in their order."""
    table = pa.Table.from_batches(list(batches), schema)
    if len(table):
        number = table[PART.name][0].as_py()
        names = [name for name in schema.names if name not in {ROW.name, PART.name}]
        write_table(table.sort_by(ROW.name).select(names), part_of(folder, number))
        yield as_found((number, len(table)))


def _split(asked: Asked, batches: Batches) -> tuple[pa.Table, pa.Table | None]:
    """Give a bucket and, where there are any to be counted, its events."""
    given = list(batches)
    if not given:
        return asked.columns.empty_table(), None
    rows = pa.Table.from_batches(given)
    if HAPPENED.name not in rows.column_names:
        return rows, None
    happened = pc.is_valid(rows[HAPPENED.name])
    return rows.filter(pc.invert(happened)), rows.filter(happened).select(EVENTS.names)
