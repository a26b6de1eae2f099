"""Some customers of a large record, with all their contacts: enough to see a leak by."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.clean import clean_rows, read_contacts
from recontact.contacts import canonical
from recontact.features.so_far import check_events
from recontact.hashing import hashed
from recontact.labels.keys import Keys, keys
from recontact.labels.parts import Part, parts
from recontact.sources.files import parquet_batches
from recontact.tables import Paths, expand, read_table, stack
from recontact.workers import each

MOST = 50_000  # contacts; more are not needed to see a leak, and every instant costs a record


class Some(NamedTuple):
    """Contacts, and how many rows the record has that they are drawn from."""

    contacts: pa.Table
    of: int


def read_some(paths: Paths, seed: int = 0, most: int = MOST) -> Some:
    """Read clean contacts; of a large record all contacts of some customers.

    Every row is read and checked as `recontact.clean.read_contacts` does. Callers without a
    name are drawn one by one.

    Parameters
    ----------
    paths : path or iterable of paths
        Files, globs or folders of Parquet or CSV.
    seed : int
        Which customers are drawn.
    most : int
        About how many contacts are kept.

    Raises
    ------
    UserError
        As of `recontact.clean.read_contacts`.
    """
    files = expand(paths)
    listed = parts(files)
    expected = sum(part.expected for part in listed)
    if expected <= most:
        contacts = read_contacts(files)
        return Some(contacts, len(contacts))
    odd = np.random.default_rng(seed).integers(2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    bound = np.uint64(most / expected * 2**64)
    with TemporaryDirectory() as folder, keys(Path(folder)) as seen:
        read = list(each(lambda part: _some(part, seen, odd, bound), listed))
        seen.refuse_repeated(files, listed, [one.of for one in read])
    tables = [one.contacts for one in read]
    whole = stack(tables, [part.path for part in listed])
    return Some(canonical(whole), sum(one.of for one in read))


def _some(part: Part, seen: Keys, odd: np.uint64, bound: np.uint64) -> Some:
    kept, rows = [], 0
    for batch in part.batches():
        contacts = clean_rows(part.path, batch)
        seen.add(contacts)
        kept.append(contacts.filter(pa.array(drawn(contacts, odd, bound))))
        rows += len(contacts)
    return Some(pa.concat_tables(kept), rows)


def drawn(contacts: pa.Table, odd: np.uint64, bound: np.uint64) -> npt.NDArray[np.bool_]:
    """Tell which contacts are of the customers drawn; those without a name are drawn one by one."""
    named = np.asarray(contacts["customer_id"].is_valid())
    who = np.where(named, hashed(contacts["customer_id"]), hashed(contacts["contact_id"]))
    return np.asarray(who * odd < bound, dtype=bool)


def read_events(paths: Paths, contacts: pa.Table) -> pa.Table:
    """Read of an events table what happened during some contacts.

    Raises
    ------
    UserError
        A file can't be read, or holds no events.
    """
    files = expand(paths)
    ids = contacts["contact_id"].combine_chunks()
    kept = []
    for rows in (rows for part in parts(files) for rows in _events(part)):
        check_events(rows.column_names)
        kept.append(rows.filter(pc.is_in(rows["contact_id"], value_set=ids)))
    metadata = kept[0].schema.metadata
    return stack(kept, files).replace_schema_metadata(metadata)


def _events(part: Part) -> Iterator[pa.Table]:
    """Read events, some at a time; a CSV file as a whole."""
    if part.group is None:
        yield read_table(part.path)
        return
    for batch in parquet_batches(part.path, part.group):
        yield batch.rows
