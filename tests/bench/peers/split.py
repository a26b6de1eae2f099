"""Split contacts for nightly work: `two/` files, the last day and all before; `days/`, each."""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

DAY = 86_400_000_000

folder, contacts = Path(sys.argv[1]), pq.ParquetFile(sys.argv[2])
(folder / "days").mkdir(parents=True)
(folder / "two").mkdir()


def days(table):
    """Number the UTC day of each contact."""
    return pc.divide(table["started_at"].cast(pa.timestamp("us")).cast(pa.int64()), DAY)


last = max(pc.max(days(batch)).as_py() for batch in contacts.iter_batches(columns=["started_at"]))
writers = {}


def write(name, table):
    """Add rows to a file."""
    if len(table):
        if name not in writers:
            writers[name] = pq.ParquetWriter(folder / name, table.schema, compression="zstd")
        writers[name].write_table(table)


for batch in contacts.iter_batches(1 << 17):
    table = pa.table(batch)
    day = days(table)
    for number in pc.unique(day).to_pylist():
        write(f"days/{number}.parquet", table.filter(pc.equal(day, number)))
    write("two/0.parquet", table.filter(pc.less(day, last)))
    write("two/1.parquet", table.filter(pc.equal(day, last)))
for writer in writers.values():
    writer.close()
