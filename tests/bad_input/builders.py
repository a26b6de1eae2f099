"""What malformed files are made of: lines of CSV, bytes of Parquet, records of JSON."""

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

FIELDS = ("contact_id", "started_at", "ended_at", "reason", "talk_s")
HEAD = ",".join(FIELDS) + "\n"
START, END = "2026-03-01T10:00:00Z", "2026-03-01T10:05:00Z"
INSTANT = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
MICROSECONDS = pa.timestamp("us", "UTC")

Content = str | bytes | pa.Table | Callable[[], bytes]


class Case(NamedTuple):
    """A malformed file (or more), and what exactly must come of importing it.

    `contacts` are rows of the contacts table, only the columns told there being compared, and
    `rejects` rows of the rejects table as (row, reason) or (file, row, reason). Where there is an
    `error`, it is the one message, in which the name of the file must stand too.
    """

    name: str
    content: Content | dict[str, Content]
    contacts: tuple[dict[str, Any], ...] = ()
    rejects: tuple[tuple[Any, ...], ...] = ()
    error: str = ""
    merged: int = 0
    duplicates: int = 0
    mapping: str = ""

    @property
    def files(self) -> dict[str, bytes]:
        """Names and bytes of the files."""
        files = self.content if isinstance(self.content, dict) else {self.name: self.content}
        return {name: as_bytes(content) for name, content in files.items()}


def as_bytes(content: Content) -> bytes:
    """Give what a case holds as the bytes of its file; text as UTF-8, tables as Parquet."""
    if callable(content):
        return content()
    if isinstance(content, pa.Table):
        return parquet(content)
    return content.encode() if isinstance(content, str) else content


def line(contact_id: str, *rest: str, **changed: str) -> str:
    """Write one line of CSV that is fine but for what is changed; `rest` is put behind it."""
    plain = {"started_at": START, "ended_at": END, "reason": "bill", "talk_s": "30"}
    values = {"contact_id": contact_id, **plain, **changed}
    return ",".join([*values.values(), *rest]) + "\n"


def lines(*ids: str) -> str:
    """Write fine lines of CSV below their header."""
    return HEAD + "".join(map(line, ids))


def times(*pairs: tuple[str, str]) -> str:
    """Write CSV with these starts and ends, the contacts named a, b, c ..."""
    rows = [f"{chr(97 + k)},{start},{end}" for k, (start, end) in enumerate(pairs)]
    return "\n".join(["contact_id,started_at,ended_at", *rows]) + "\n"


def ids(*names: str) -> tuple[dict[str, Any], ...]:
    """Expect contacts of these names."""
    return tuple({"contact_id": name} for name in names)


def day(
    date: int, hour: int = 0, minute: int = 0, month: int = 3, year: int = 2026
) -> dict[str, Any]:
    """Expect a contact that starts then."""
    return {"started_at": dt.datetime(year, month, date, hour, minute, tzinfo=dt.UTC)}


def zipped(pack: int = zipfile.ZIP_STORED, **files: str) -> bytes:
    """Pack texts; an underscore in a name stands for the dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", pack) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)
    return packed.getvalue()


def table(rows: int = 2, **columns: Any) -> pa.Table:
    """Make fine contacts a, b, c ...; columns given here go before."""
    plain: dict[str, Any] = {
        "contact_id": [chr(97 + k) for k in range(rows)],
        "started_at": pa.array([INSTANT] * rows, MICROSECONDS),
        "ended_at": pa.array([INSTANT] * rows, MICROSECONDS),
    }
    return pa.table({**plain, **columns})


def parquet(contacts: pa.Table | None = None, **options: Any) -> bytes:
    """Write Parquet."""
    written = io.BytesIO()
    pq.write_table(table() if contacts is None else contacts, written, **options)
    return written.getvalue()


def record(contact_id: str, **changed: Any) -> dict[str, Any]:
    """Make a record that is fine but for what is changed."""
    return {"contact_id": contact_id, "started_at": START, "ended_at": END, **changed}


def json_lines(*records: dict[str, Any] | str) -> str:
    """Write records one a line; text stands as it is."""
    return "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records)
