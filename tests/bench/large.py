"""The 33 features of very many contacts: simulated ones, ten times over under other ids.

Each copy is a file of contacts and one of labels; `recontact features` reads the folders. What its
process took is measured as `bench_features.py` does it, of the contacts once and of all copies. The
folder named is one of `recontact simulate`; its `labels.parquet` may lie in it. The copies stay in
the folder that `--work` names, `build/bench/large` by default, until they are deleted there.
"""

# ruff: noqa: T201 - it prints what it measures

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from processes import CACHE, PEERS, measure, run
from ways import Row, grown, note

IDS = ("contact_id", "customer_id", "interaction_id", "case_id", "episode_id")
LINKS = ("previous_contact_id", "next_contact_id")


def copied(file: Path, folder: Path, copies: int) -> Path:
    """Write the copies of a Parquet file, once; give their folder."""
    if folder.exists():
        return folder
    unfinished = folder.with_name(f"{folder.name}.part")
    unfinished.mkdir(parents=True, exist_ok=True)
    whole = pq.ParquetFile(file)
    with ExitStack() as opened:
        outs = [
            opened.enter_context(
                pq.ParquetWriter(
                    unfinished / f"{copy}.parquet",
                    whole.schema_arrow,
                    compression="lz4",
                    dictionary_pagesize_limit=1 << 16,
                )
            )
            for copy in range(copies)
        ]
        for group in range(whole.num_row_groups):
            note(f"{folder.name}: part {group + 1} of {whole.num_row_groups}")
            table = whole.read_row_group(group)
            for copy, out in enumerate(outs):
                out.write_table(told_apart(table, copy))
    return unfinished.rename(folder)


def told_apart(table: pa.Table, copy: int) -> pa.Table:
    """Write the number of the copy before each id."""
    for name in {*IDS, *LINKS} & {*table.column_names}:
        own = pc.binary_join_element_wise(str(copy), table[name], "-")
        table = table.set_column(table.column_names.index(name), name, own)
    return table


def labeled(folder: Path, work: Path) -> Path:
    """Give the labels of simulated contacts; make them where they are missing."""
    ready, made = folder / "labels.parquet", work / "labels.parquet"
    if not ready.exists() and not made.exists():
        run("ours.py", made, folder / "contacts.parquet")
    return ready if ready.exists() else made


def features(contacts: Path, labels: Path, rows: int, args: argparse.Namespace) -> Row:
    """Measure the features of contacts, and print what they took."""
    out = args.work / "features.parquet"
    command = [sys.executable, PEERS / "features_ours.py", out, contacts, labels]
    took = measure(command + ["--whole"] * args.whole, args.memory, args.limit)
    if took.failed:
        sys.exit(f"{rows:,} contacts: {took.failed}")
    size = out.stat().st_size / 1e9
    print(
        f"{rows:,} contacts: {took.wall:,.0f} s on the clock, {took.cpu:,.0f} processor s, "
        f"peak {took.peak:.2f} GiB, {pq.read_metadata(out).num_rows:,} rows of {size:.1f} GB",
        flush=True,
    )
    out.unlink()
    return {"contacts": rows, "wall": took.wall, "cpu": took.cpu}


def main() -> None:
    """Measure the contacts once and all copies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of recontact simulate")
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--work", type=Path, default=CACHE / "large")
    parser.add_argument("--whole", action="store_true", help="the whole list of features")
    parser.add_argument("--memory", type=float, default=16, help="GiB that the process may take")
    parser.add_argument("--limit", type=float, default=7_200, help="seconds it may take")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    contacts, labels = args.folder / "contacts.parquet", labeled(args.folder, args.work)
    rows = pq.read_metadata(contacts).num_rows
    many = [copied(file, args.work / name, args.copies)
            for file, name in ((contacts, "contacts"), (labels, "labels"))]  # fmt: skip
    once = features(contacts, labels, rows, args)
    all_copies = features(*many, rows * args.copies, args)
    for what in ("wall", "cpu"):
        print(f"{what}: n^{grown(once, all_copies, what):.2f}")


if __name__ == "__main__":
    main()
