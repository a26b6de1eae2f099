"""Events of any number, brought to the buckets in which their contacts lie."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT
from recontact.errors import UserError
from recontact.features.so_far import NEEDED, check_events
from recontact.hashing import hashed
from recontact.labels.parts import Part, parts
from recontact.sources.files import parquet_batches, schema_of
from recontact.spill import Spill, spilling
from recontact.tables import read_table
from recontact.workers import each

Ints = npt.NDArray[np.int64]
AT_ONCE = 1 << 21  # events looked at together
EVENTS = pa.schema([("contact_id", pa.string()), ("at", INSTANT), ("event", pa.string())])
BUCKET = "bucket"


@dataclass(frozen=True)
class Happened:
    """Events by the bucket of their contact; those of unknown contacts are left out.

    Attributes
    ----------
    listed : list of Part
        Where the events are.
    metadata : dict of bytes to bytes
        What they carry.
    owners, events : Spill
        The bucket of every contact, and the events, both by a hash of `contact_id`.
    dealt : Spill
        The events by bucket.
    """

    listed: list[Part]
    metadata: dict[bytes, bytes]
    owners: Spill
    events: Spill
    dealt: Spill

    def note(self, contact_id: pa.ChunkedArray, bucket: Ints) -> None:
        """Take note of the buckets of some contacts."""
        owners = pa.table({"contact_id": contact_id, BUCKET: pa.array(bucket)})
        self.owners.scatter(owners, _by_id(contact_id, self.owners.parts))

    def deal(self) -> None:
        """Bring all events to their buckets, once all contacts are noted.

        Raises
        ------
        UserError
            Events can't be read.
        """
        for _ in each(self._read, self.listed):
            pass
        for _ in each(self._join, range(self.owners.parts)):
            pass

    def of(self, bucket: int) -> pa.Table:
        """Take the events of a bucket."""
        found = self.dealt.take(bucket)
        return (found or EVENTS.empty_table()).replace_schema_metadata(self.metadata)

    def _read(self, part: Part) -> None:
        for table in event_tables(part):
            self.events.scatter(table, _by_id(table["contact_id"], self.events.parts))

    def _join(self, number: int) -> None:
        events, owners = self.events.take(number), self.owners.take(number)
        if events is None or owners is None:
            return
        owner = pc.index_in(events["contact_id"], owners["contact_id"])
        bucket = owners[BUCKET].take(owner)
        known = bucket.is_valid()
        self.dealt.scatter(events.filter(known), bucket.filter(known).to_numpy())


@contextmanager
def happened_in(files: list[Path], buckets: int, folder: Path) -> Iterator[Happened]:
    """Open `Happened` for events in files, on the disk of a folder.

    Raises
    ------
    UserError
        A file can't be read or holds no events.
    """
    metadata = metadata_of(files)
    listed = parts(files)
    number = 1 + sum(part.expected for part in listed) // AT_ONCE
    with (
        spilling(number, folder) as owners,
        spilling(number, folder) as events,
        spilling(buckets, folder) as dealt,
    ):
        yield Happened(listed, metadata, owners, events, dealt)


def metadata_of(files: list[Path]) -> dict[bytes, bytes]:
    """Give what events in files carry: which kinds their source tells.

    Raises
    ------
    UserError
        A file can't be read or holds no events.
    """
    schemas = [schema_of(file) for file in files]
    for schema in schemas:
        check_events(schema.names)
    return schemas[0].metadata or {}


def _by_id(contact_id: pa.ChunkedArray, number: int) -> Ints:
    return (hashed(contact_id) % np.uint64(number)).astype(np.int64)


def event_tables(part: Part) -> Iterator[pa.Table]:
    """Read events, some at a time; a CSV file as a whole."""
    if part.group is None:
        yield _typed(read_table(part.path), part.path)
        return
    for batch in parquet_batches(part.path, part.group, columns=NEEDED):
        yield _typed(batch.rows, part.path)


def _typed(events: pa.Table, path: Path) -> pa.Table:
    try:
        return events.select(NEEDED).replace_schema_metadata(None).cast(EVENTS)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(f"{path}: no table of events: {error}", "import the events anew") from error
