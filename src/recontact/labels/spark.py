"""Labels by Spark: contacts go to the workers by customer, their labels back in row order."""

import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import SCHEMA as CONTACTS
from recontact.contacts import canonical
from recontact.history import order
from recontact.labels.edges import Edges
from recontact.labels.files import Labeled
from recontact.labels.output import folder_of, refuse_others, replacing_folder
from recontact.labels.rules import rules
from recontact.labels.scatter import NEEDED
from recontact.labels.table import SCHEMA, label_rows, of_policy
from recontact.labels.tally import NOTHING, tallies
from recontact.labels.unknown import followed_by_unknown
from recontact.policy import Policy
from recontact.spark.parts import as_one_file, part_of, see
from recontact.spark.records import (
    FOUND,
    ROW,
    Batches,
    by_customer,
    examine,
    found_by,
    map_arrow,
    partitions,
    read,
)
from recontact.spark.session import session
from recontact.tables import expand
from recontact.writing import refuse_input, write_table

AT_ONCE = 1 << 19  # rows of a partition, and of a part of the output
CHECKED, LABELED, PUT_TOGETHER = 0.3, 0.6, 0.1  # shares of the time
COLUMNS = pa.schema([CONTACTS.field(name) for name in NEEDED])
LABELS = pa.schema([*SCHEMA, ROW, ("part", pa.int32()), ("tally", pa.binary())])


def label_spark(
    paths: Iterable[str | os.PathLike[str]],
    policy: Policy,
    out: Path,
    advance: Callable[[float], None] = lambda _: None,
    at_once: int = AT_ONCE,
) -> Labeled:
    """Label the contacts in files by Spark; the labels are those of `label_files`, row for row.

    Parameters
    ----------
    paths : iterable of paths
        Clean contacts, which the workers see under the same paths: files, globs or folders.
    policy : Policy
        The rules.
    out : pathlib.Path
        The labels table, where the workers may write too: one ``.parquet`` or ``.csv`` file, or
        without such a suffix a folder of Parquet files. It appears whole or not at all.
    advance : callable
        Told the share of the work done since its last call.
    at_once : int
        About how many rows each worker holds in memory.

    Returns
    -------
    Labeled

    Raises
    ------
    UserError
        As of `recontact.clean.read_contacts`, `out` can't be written, or as of
        `recontact.spark.session.session`.

    Examples
    --------
    >>> weekly = Policy.parse({"window": "7d"})
    >>> label_spark(["contacts/"], weekly, Path("labels"))  # doctest: +SKIP
    """
    files = expand(list(paths))
    refuse_input(out, files)
    with _parts_of(out, policy) as folder, session() as spark:
        record = examine(spark, files, policy, at_once)
        advance(CHECKED)
        number = partitions(record, at_once)
        contacts = by_customer(read(spark, files, record, COLUMNS), number)
        labels = map_arrow(contacts, partial(_labels, policy, record.edges, at_once), LABELS)
        parts = labels.repartitionById(number, "part")
        counted = found_by(map_arrow(parts, partial(_write, policy, folder), FOUND))
        see(part_of(folder, k) for k in range(number))
        advance(LABELED)
    advance(PUT_TOGETHER)
    return Labeled(sum(counted, NOTHING), record.edges, sum(record.sizes))


def _labels(policy: Policy, edges: Edges, at_once: int, batches: Batches) -> Batches:
    """Label the customers of one partition; a last row holds no labels but their tally."""
    given = list(batches)
    if not given:
        return
    contacts = canonical(pa.Table.from_batches(given))
    ordered = order(contacts)
    applied = rules(contacts, policy, ordered)
    labels = label_rows(contacts, policy, edges, ordered, applied)
    row = contacts["row"]
    followed = followed_by_unknown(contacts, ordered, applied)
    tally = tallies(labels, followed, np.zeros(len(row), np.int64))[0]
    part = pc.divide(row, at_once).cast(pa.int32())
    nothing = pa.nulls(len(row), pa.binary())
    yield from pa.table([*labels.columns, row, part, nothing], schema=LABELS).to_batches()
    yield pa.RecordBatch.from_pylist([{"tally": pickle.dumps(tally)}], schema=LABELS)


def _write(policy: Policy, folder: Path, batches: Batches) -> Batches:
    """Write the labels of one stretch of rows in their order; pass the tallies on."""
    given = pa.Table.from_batches(list(batches), LABELS)
    labels = given.filter(pc.is_valid(given["row"])).sort_by("row")
    if len(labels):
        path = part_of(folder, labels["part"][0].as_py())
        write_table(labels.select(SCHEMA.names).replace_schema_metadata(of_policy(policy)), path)
    for tally in given["tally"].drop_null().to_pylist():
        yield pa.record_batch([[tally]], schema=FOUND)


@contextmanager
def _parts_of(out: Path, policy: Policy) -> Iterator[Path]:
    """Give a folder for the parts of the output, which they become in the end."""
    if not out.suffix:
        folder_of(out)
        refuse_others(out)
        with replacing_folder(out) as folder:
            yield folder.absolute()  # the workers stand elsewhere
        return
    with as_one_file(out, SCHEMA.with_metadata(of_policy(policy))) as folder:
        yield folder
