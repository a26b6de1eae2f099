"""Writing a simulation into its folder: all of it or nothing."""

import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from recontact.errors import UserError

MARK = Path("truth") / "ceiling.json"  # a folder that holds it is a simulation's
MOST_AHEAD = 8  # pieces that wait for the disk
NEVER_ALIKE = {"contact_id", "interaction_id", "issue_id", "started_at", "ended_at", "at"}


class Tables:
    """Parquet files written piece by piece, a piece is a row group, while others are made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._ahead: deque[Future[None]] = deque()

    def add(self, name: str, table: pa.Table) -> None:
        """Append a piece to the file `name`; waits while many pieces wait to be written."""
        self._ahead.append(self._thread.submit(self._write, name, table))
        if len(self._ahead) > MOST_AHEAD:
            self._ahead.popleft().result()

    def _write(self, name: str, table: pa.Table) -> None:
        if name not in self._writers:
            self._writers[name] = _writer(self._folder / name, table.schema)
        self._writers[name].write_table(table, row_group_size=max(1, len(table)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_error: object) -> None:
        self._thread.shutdown(cancel_futures=failed is not None)
        for writer in self._writers.values():
            writer.close()
        if failed is None:
            for piece in self._ahead:
                piece.result()


def _writer(file: Path, schema: pa.Schema) -> pq.ParquetWriter:
    alike = [name for name in schema.names if name not in NEVER_ALIKE]
    return pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=alike)


@contextmanager
def folder(out: Path) -> Iterator[tuple[Path, Path]]:
    """Give a folder whose files appear in `out` when all went well, and one for the work.

    Raises
    ------
    UserError
        `out` is a file, cannot be made, or holds something that is not a simulation.
    """
    refuse_other(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        what = f"cannot write to {out.parent}: {error.strerror}"
        raise UserError(what, "choose another --out") from error
    try:
        partial, work = hidden / "tables", hidden / "work"
        (partial / "truth").mkdir(parents=True)
        work.mkdir()
        yield partial, work
        _move(partial, out)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def refuse_other(out: Path) -> None:
    """Refuse a folder that holds something that is not a simulation, or a file."""
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file, not a folder", "choose another --out")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).exists():
        raise UserError(
            f"{out} holds files that are no simulation", "choose an empty or a new folder for --out"
        )


def _move(partial: Path, out: Path) -> None:
    """Move the files, the mark last."""
    files = sorted(file.relative_to(partial) for file in partial.rglob("*") if file.is_file())
    files.sort(key=lambda file: file == MARK)
    (out / MARK.parent).mkdir(parents=True, exist_ok=True)
    for file in files:
        os.replace(partial / file, out / file)
