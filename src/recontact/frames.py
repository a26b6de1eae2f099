"""Contacts as notebooks hold them: tables of pandas or polars taken in, bad rows refused."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import IMPORT, REQUIRED, canonical
from recontact.errors import UserError
from recontact.history import codes


def clean_contacts(contacts: Any) -> pa.Table:
    """Take a clean contacts table of any library as a canonical one.

    Parameters
    ----------
    contacts : pyarrow.Table, pandas.DataFrame or polars.DataFrame
        Optional columns may be missing.

    Raises
    ------
    UserError
        A required column is missing, a type is wrong, or a row is bad or there twice; names
        the first such rows, counted from 1.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.to_datetime(["2026-01-01", "2026-01-02"])
    >>> clean_contacts(pd.DataFrame({"contact_id": ["1", "1"], "started_at": t, "ended_at": t}))
    Traceback (most recent call last):
    ...
    recontact.errors.UserError: the contacts are not clean: a contact_id seen before in row 2
      mend: clean it with: recontact import contacts FILE --out contacts.parquet
    """
    table = canonical(as_arrow(contacts))
    for name in REQUIRED:
        _refuse(f"no {name}", pc.is_null(table[name]).to_numpy())
    ends_early = pc.less(table["ended_at"], table["started_at"]).to_numpy()
    _refuse("ended_at before started_at", ends_early)
    if pc.count_distinct(table["contact_id"]).as_py() < len(table):
        again = np.ones(len(table), dtype=bool)
        again[np.unique(codes(table["contact_id"]), return_index=True)[1]] = False
        _refuse("a contact_id seen before", again)
    return table


def as_arrow(table: Any) -> pa.Table:
    """Give a table of pandas, polars or pyarrow as a pyarrow table.

    Examples
    --------
    >>> as_arrow({"contact_id": ["1"]}).num_rows
    1
    """
    if isinstance(table, pa.Table):
        return table
    try:
        if hasattr(table, "iloc"):  # pandas, whose nan then becomes null
            return pa.Table.from_pandas(_without_zones(table), preserve_index=False)
        return pa.table(table)
    except (TypeError, ValueError, pa.ArrowException) as error:
        raise UserError(f"this is no table of contacts: {error}", IMPORT) from error


def _without_zones(frame: Any) -> Any:
    """Give times with a zone as UTC without one: pyarrow reads the former with a warning."""
    zoned = frame.select_dtypes("datetimetz").columns
    return frame.assign(**{name: frame[name].dt.tz_convert(None) for name in zoned})


def _refuse(what: str, mask: npt.NDArray[np.bool_]) -> None:
    bad = np.flatnonzero(mask)
    if len(bad):
        shown = ", ".join(str(row + 1) for row in bad[:5])
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise UserError(f"the contacts are not clean: {what} in row {shown}{more}", IMPORT)
