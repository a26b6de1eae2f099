"""Labels tables read back, never mixed between policies."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from recontact.errors import UserError
from recontact.labels.parts import Part
from recontact.labels.table import SCHEMA, policy_of
from recontact.policy import Policy
from recontact.sources.files import parquet_batches, schema_of
from recontact.tables import Paths, expand, read_table, stack

NEEDED = ("contact_id", "eligible", "matured", "first_contact", "repeated", "escalation", "fcr")
MAKE = "make one: recontact label contacts.parquet --out labels.parquet"


def read_labels(paths: Paths) -> pa.Table:
    """Read a labels table that `recontact label` wrote.

    Parameters
    ----------
    paths : path or iterable of paths
        Parquet files, globs or folders; all of one policy.

    Returns
    -------
    pyarrow.Table
        With policy and digest in the metadata.

    Raises
    ------
    UserError
        As of `policy_in`.

    Examples
    --------
    >>> import tempfile, datetime as dt, pathlib
    >>> from recontact import label
    >>> from recontact.writing import write_table
    >>> t = [dt.datetime(2026, 1, 1)]
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "labels.parquet"
    >>> write_table(label(pa.table({"contact_id": ["1"], "started_at": t, "ended_at": t})), path)
    >>> read_labels(path)["exclusion"].to_pylist()
    ['no_customer']
    """
    files = expand(paths)
    policy_in(files)
    return stack([read_table(file) for file in files], files)


def policy_in(files: list[Path]) -> Policy:
    """Give the policy of labels in files.

    Raises
    ------
    UserError
        A file can't be read, is no labels table, carries no policy (in CSV none can) or another
        one.
    """
    schemas = [schema_of(file) for file in files]
    for file, schema in zip(files, schemas, strict=True):
        missing = [name for name in NEEDED if name not in schema.names]
        if missing:
            raise UserError(f"{file}: no labels table: it has no column '{missing[0]}'", MAKE)
    return policy_of(*(schema.empty_table() for schema in schemas))


def label_tables(parts: Iterable[Part], columns: list[str]) -> Iterator[pa.Table]:
    """Read some columns of labels in parts of Parquet files in order, some rows at a time.

    Raises
    ------
    UserError
        A file can't be read, or holds other types than labels have.
    """
    schema = pa.schema([SCHEMA.field(name) for name in columns])
    for part in parts:
        for batch in parquet_batches(part.path, part.group, columns=columns):
            try:
                yield batch.rows.select(columns).replace_schema_metadata(None).cast(schema)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise UserError(f"{part.path}: no labels table: {error}", MAKE) from error


def same_contacts(ids: pa.ChunkedArray, labeled: pa.ChunkedArray) -> bool:
    """Whether labels are those of the contacts beside them, by their `contact_id`."""
    return len(ids) == len(labeled) and pc.all(pc.equal(ids, labeled)).as_py() in {True, None}


def refuse_others(ids: pa.ChunkedArray, labeled: pa.ChunkedArray) -> None:
    """Refuse labels that are not those of the contacts beside them.

    Parameters
    ----------
    ids, labeled : pyarrow.ChunkedArray
        The `contact_id` of contacts and of labels.

    Raises
    ------
    UserError
        They differ.
    """
    if not same_contacts(ids, labeled):
        raise other_contacts()


def other_contacts() -> UserError:
    """Say that labels are not those of the contacts beside them."""
    return UserError(
        "the labels are not of these contacts, row for row",
        "label them anew: recontact label contacts.parquet --out labels.parquet",
    )
