"""Contacts in files as Spark reads them: every worker reads its share by our own rules.

Files must lie where the workers and this machine see them under the same path.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.clean import KEYS, clean_rows, not_once, nothing_in
from recontact.contacts import INSTANT, REQUIRED, canonical
from recontact.errors import UserError
from recontact.labels.edges import Edges
from recontact.labels.parts import Part, parts
from recontact.policy import Policy
from recontact.sources.files import Batch, is_parquet, parquet_batches
from recontact.tables import NAMED, typed

Batches = Iterator[pa.RecordBatch]
Beside = Callable[[pa.Table, int], pa.Table]
KINDS = {
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.float64(): "double",
    pa.int32(): "int",
    pa.int64(): "long",
    pa.binary(): "binary",
    INSTANT: "timestamp",
}
ROW = pa.field("row", pa.int64())
FOUND = pa.schema([("found", pa.binary())])
TASKS = "number int, part binary"
KEYED = pa.schema([("name", pa.string()), ("value", pa.string()), ROW])


class Record(NamedTuple):
    """How many rows each file has, and the edges of them all."""

    sizes: list[int]
    edges: Edges


class Seen(NamedTuple):
    """What a worker saw of one part."""

    file: int
    rows: int
    edges: Edges


def nothing(contacts: pa.Table, first: int) -> pa.Table:  # noqa: ARG001 - as whoever gives some
    """Give no column beside contacts."""
    return pa.table({})


def map_arrow(frame: Any, function: Callable[[Batches], Batches], schema: pa.Schema) -> Any:
    """Let the workers apply a function to each partition, of which it gets all batches in turn."""
    told = ", ".join(f"`{field.name}` {KINDS[field.type]}" for field in schema)
    return frame.mapInArrow(function, told)


def found_by(frame: Any) -> list[Any]:
    """Fetch what the workers found, in no order."""
    return [pickle.loads(found) for found in frame.toArrow()["found"].to_pylist()]  # noqa: S301 - from our own workers


def as_found(what: Any) -> pa.RecordBatch:
    """Give one thing that a worker found as a row to fetch."""
    return pa.record_batch([[pickle.dumps(what)]], schema=FOUND)


def examine(spark: Any, files: list[Path], policy: Policy, at_once: int) -> Record:
    """Read all contacts once, and check them.

    Parameters
    ----------
    spark : pyspark.sql.SparkSession
        Whose workers read.
    files : list of pathlib.Path
        Parquet, or CSV, which one worker reads as a whole.
    policy : Policy
        Tells whose edges are taken.
    at_once : int
        About how many rows a worker holds in memory.

    Raises
    ------
    UserError
        As of `recontact.clean.read_contacts`.
    """
    todo = tasks(spark, [(part, 0) for part in parts_everywhere(files)])
    seen = found_by(map_arrow(todo, partial(_examined, policy), FOUND))
    wrong = [(part.file, part.before, what) for part, what in seen if isinstance(what, UserError)]
    if wrong:
        file, _, error = min(wrong, key=lambda w: w[:2])
        raise UserError(
            error.what.replace(str(files[file].absolute()), str(files[file])), error.mend
        )
    record = _together([what for _, what in seen], files)
    _refuse_repeated(spark, files, record, at_once)
    return record


def read(
    spark: Any, files: list[Path], record: Record, columns: pa.Schema, beside: Beside = nothing
) -> Any:
    """Give clean, canonical contacts as a Spark DataFrame.

    Parameters
    ----------
    spark, files
        As of `examine`.
    record : Record
        What `examine` found.
    columns : pyarrow.Schema
        Which columns; with them comes `row`, counted from 0 over all files.
    beside : callable
        Takes some contacts and the number of the first, and gives more columns of them.
    """
    more = beside(columns.empty_table(), 0).schema
    schema = pa.schema([*columns, *more, ROW])
    todo = tasks(spark, _numbered(files, record))
    return map_arrow(todo, partial(_read, columns, beside), schema)


def by_customer(contacts: Any, number: int) -> Any:
    """Bring all contacts of a customer into one partition, and spread those of nobody."""
    from pyspark.sql import functions as f  # noqa: PLC0415 - an extra, and heavy

    anonymous = f.when(f.col("customer_id").isNull(), f.col("row"))
    return contacts.repartition(number, "program", "customer_id", anonymous)


def partitions(record: Record, at_once: int) -> int:
    """Say how many partitions of about so many rows a record makes."""
    return -(-sum(record.sizes) // at_once)


def parts_everywhere(files: list[Path]) -> list[Part]:
    """List the parts by paths that hold wherever a worker stands."""
    return [replace(part, path=part.path.absolute()) for part in parts(files)]


def _numbered(files: list[Path], record: Record) -> list[tuple[Part, int]]:
    """Give each part with the number of its first row over all files."""
    before = np.cumsum([0, *record.sizes]).tolist()
    return [(part, before[part.file] + part.before) for part in parts_everywhere(files)]


def tasks(spark: Any, parts: list[tuple[Part, int]]) -> Any:
    """Deal parts out, each with a number and a partition of its own."""
    rows = [(number, pickle.dumps(part)) for number, part in enumerate(parts)]
    return spark.createDataFrame(rows, TASKS).repartitionById(len(rows), "number")


def dealt(batches: Batches) -> Iterator[tuple[Part, int]]:
    """Give the parts that were dealt, with their numbers."""
    for batch in batches:
        yield from map(pickle.loads, batch.column("part").to_pylist())  # of our own making


def _rows(part: Part, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Read one part: clean, canonical contacts."""
    if is_parquet(part.path):
        batches: Iterable[Batch] = parquet_batches(part.path, part.group, part.before, columns)
    else:
        batches = part.batches()
    for batch in batches:
        yield canonical(clean_rows(part.path, batch)).replace_schema_metadata(None)


def _counted(batches: Batches, columns: Sequence[str]) -> Iterator[tuple[pa.Table, pa.Array]]:
    """Read the parts that were dealt: contacts and the numbers of their rows."""
    for part, first in dealt(batches):
        end = first
        for contacts in _rows(part, (*REQUIRED, *columns)):
            start, end = end, end + len(contacts)
            yield contacts, pa.array(np.arange(start, end))


def _examined(policy: Policy, batches: Batches) -> Batches:
    for part, _ in dealt(batches):
        try:
            yield as_found((part, _seen(part, policy)))
        except UserError as error:  # of several the first is to be told
            yield as_found((part, error))


def _seen(part: Part, policy: Policy) -> Seen:
    rows, edges = 0, []
    for contacts in _rows(part):
        rows += len(contacts)
        edges.append(Edges.of(contacts, policy))
    return Seen(part.file, rows, Edges.together(edges))


def _together(seen: list[Seen], files: list[Path]) -> Record:
    sizes = [sum(part.rows for part in seen if part.file == k) for k in range(len(files))]
    if not sum(sizes):
        raise nothing_in(files)
    return Record(sizes, Edges.together(part.edges for part in seen))


def _read(columns: pa.Schema, beside: Beside, batches: Batches) -> Batches:
    for contacts, row in _counted(batches, columns.names):
        kept = typed(contacts, columns)
        more = beside(kept, row[0].as_py() if len(row) else 0)
        for field in more.schema:
            kept = kept.append_column(field, more[field.name])
        yield from kept.append_column(ROW, row).to_batches()


def _keys(batches: Batches) -> Batches:
    for contacts, row in _counted(batches, tuple(KEYS)):
        for name in KEYS:
            names = pa.repeat(pa.scalar(name), len(row))
            keys = pa.table([names, contacts[name], row], schema=KEYED)
            yield from keys.filter(pc.is_valid(keys["value"])).to_batches()


def _refuse_repeated(spark: Any, files: list[Path], record: Record, at_once: int) -> None:
    """Refuse a key that comes twice; contact ids are looked at first."""
    from pyspark.sql import functions as f  # noqa: PLC0415 - as above

    keys = map_arrow(tasks(spark, _numbered(files, record)), _keys, KEYED)
    spread = keys.repartition(partitions(record, at_once), "name", "value")
    counted = spread.groupBy("name", "value").agg(
        f.count("*").alias("n"), f.min("row").alias("row")
    )
    for found in counted.where("n > 1").orderBy("name", "row").limit(1).toArrow().to_pylist():
        name, value = found["name"], found["value"]
        same = keys.where((f.col("name") == name) & (f.col("value") == value))
        rows = same.orderBy("row").limit(NAMED).toArrow()["row"].to_pylist()
        raise not_once(files, record.sizes, name, value, rows)
