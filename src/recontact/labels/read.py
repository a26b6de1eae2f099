"""Labels tables read back, never mixed between policies."""

import pyarrow as pa

from recontact.errors import UserError
from recontact.labels.table import policy_of
from recontact.tables import Paths, expand, read_table, stack

NEEDED = ("contact_id", "eligible", "matured", "first_contact", "repeated", "escalation", "fcr")


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
        A file can't be read, is no labels table, carries no policy or another one.

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
    tables = [read_table(file) for file in files]
    for file, table in zip(files, tables, strict=True):
        missing = [name for name in NEEDED if name not in table.column_names]
        if missing:
            raise UserError(
                f"{file}: no labels table: it has no column '{missing[0]}'",
                "make one: recontact label contacts.parquet --out labels.parquet",
            )
    policy_of(*tables)
    return stack(tables, files)
