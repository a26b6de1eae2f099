"""Tables as notebooks hold them: of pandas, polars or pyarrow in, of the same kind out.

Everything in between is Arrow, so the rules exist once, whoever asks.
"""

import sys
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.clean import KEYS, repeated
from recontact.contacts import IMPORT, REQUIRED, canonical
from recontact.errors import UserError
from recontact.sources.parse import parse
from recontact.tables import NAMED

CLEAN = f'{IMPORT}; in Python: recontact.import_contacts("contacts", contacts).contacts'
NO_TABLE = "give a table of pandas, polars or pyarrow; recontact.read_contacts reads files"
OURS = "recontact."  # what our metadata begin with


def clean_contacts(contacts: Any, names: list[str] | None = None) -> pa.Table:
    """Take a clean contacts table of any library as a canonical one.

    Types are read as from files: text that tells a time, a number or a truth is one, times
    without a zone are UTC, numbers do as identifiers.

    Parameters
    ----------
    contacts : pyarrow.Table, pandas.DataFrame or polars.DataFrame
        Optional columns may be missing.
    names : list of str, optional
        The columns to take where they are there; all by default.

    Raises
    ------
    UserError
        A required column is missing, or a row is bad, there twice or a leg not merged; names
        the first such rows, counted from 1.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.to_datetime(["2026-01-01", "2026-01-02"])
    >>> twice = pd.DataFrame({"contact_id": [7, 7], "started_at": t, "ended_at": t})
    >>> clean_contacts(twice)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    recontact.errors.UserError: the contacts are not clean: contact_id '7' is there more than ...
    """
    raw = as_arrow(contacts, names)
    for name in REQUIRED:
        if name not in raw.column_names:
            raise UserError(f"the contacts table has no column '{name}'", CLEAN)
    table, wrong = parse(raw)
    bad = np.flatnonzero(pc.is_valid(wrong).to_numpy())
    if len(bad):
        ids = table["contact_id"].take(pa.array(bad[:NAMED])).to_pylist()
        told = zip(bad[:NAMED], ids, strict=True)
        _refuse("; ".join(f"row {i + 1} (contact_id {x!r}): {wrong[int(i)]}" for i, x in told), bad)
    for name, why in KEYS.items():
        rows = repeated(table[name])
        if len(rows):
            shown = ", ".join(str(row + 1) for row in rows[:NAMED])
            _refuse(f"{name} {table[name][int(rows[0])].as_py()!r} {why}: row {shown}", rows)
    return canonical(table.replace_schema_metadata(raw.schema.metadata))


def _refuse(what: str, rows: Any) -> None:
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    raise UserError(f"the contacts are not clean: {what}{more}", CLEAN)


def as_arrow(table: Any, names: list[str] | None = None) -> pa.Table:
    """Give a table of pandas, polars or pyarrow as a pyarrow table.

    Parameters
    ----------
    table : pyarrow.Table, pandas.DataFrame, polars.DataFrame or mapping of columns
        It is left as it is. Of pandas, nan is null, and what `attrs` holds under ``recontact.``
        goes into the metadata.
    names : list of str, optional
        The columns to take where they are there; all by default.

    Raises
    ------
    UserError
        It is no table, or a column can't be taken over: the column is named.

    Examples
    --------
    >>> import pandas as pd
    >>> as_arrow(pd.DataFrame({"contact_id": [1.0, None], "queue": pd.Categorical(["a", "b"])}))[
    ...     "contact_id"].to_pylist()
    [1.0, None]
    """
    if _is("pandas", table):
        return _from_pandas(table, names)
    try:
        arrow = table if isinstance(table, pa.Table) else pa.table(table)
    except (TypeError, ValueError, pa.ArrowException) as error:
        raise UserError(f"this is no table of contacts: {error}", NO_TABLE) from error
    wanted = arrow.column_names if names is None else names
    _distinct(arrow.column_names)
    return _without_views(arrow.select([n for n in arrow.column_names if n in wanted]))


def like(table: pa.Table, given: Any, *, same_rows: bool = False) -> Any:
    """Give a table in the kind of another one: pandas, polars, or else pyarrow.

    Parameters
    ----------
    table : pyarrow.Table
        The result.
    given : object
        What the caller gave.
    same_rows : bool
        The result's rows are those given; a pandas index is then kept.

    Examples
    --------
    >>> import pandas as pd
    >>> given = pd.DataFrame({"contact_id": ["x", "y"]}, index=[7, 9])
    >>> like(pa.table({"fcr": [True, None]}), given, same_rows=True)["fcr"]
    7    True
    9    <NA>
    Name: fcr, dtype: boolean
    """
    if _is("pandas", given):
        return to_pandas(table, index=given.index if same_rows else None)
    if _is("polars", given):
        return sys.modules["polars"].from_arrow(table)
    return table


def to_pandas(table: pa.Table, index: Any = None) -> Any:
    """Give a table of recontact as a pandas frame that keeps what is unknown apart.

    Parameters
    ----------
    table : pyarrow.Table
        Contacts, labels, rates or features.
    index : pandas.Index, optional
        Index of the rows.

    Returns
    -------
    pandas.DataFrame
        Text is ``string``, truth ``boolean``, whole numbers ``Int64`` (each with `pandas.NA`),
        other numbers ``float64``, times ``datetime64[us, UTC]``. Policy and digest, and whatever
        else recontact notes in a table's metadata, are in `attrs`.

    Examples
    --------
    >>> frame = to_pandas(pa.table({"fcr": [True, None, False], "episode_position": [1, None, 2]}))
    >>> frame.dtypes.astype(str).to_dict(), float(frame["fcr"].mean())
    ({'fcr': 'boolean', 'episode_position': 'Int64'}, 0.5)
    """
    import pandas as pd  # noqa: PLC0415 - only who asks for pandas waits for it

    kinds = {
        pa.string(): pd.StringDtype(),
        pa.bool_(): pd.BooleanDtype(),
        pa.int64(): pd.Int64Dtype(),
    }
    frame = table.replace_schema_metadata(None).to_pandas(types_mapper=kinds.get)
    if index is not None:
        frame.index = index
    notes = (table.schema.metadata or {}).items()
    frame.attrs.update({k.decode(): v.decode() for k, v in notes if k.startswith(OURS.encode())})
    return frame


def _without_views(table: pa.Table) -> pa.Table:
    """Give text of polars as plain text: there are no functions for the other forms."""
    for i, field in enumerate(table.schema):
        form = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_string_view(form):
            table = table.set_column(i, field.name, table[i].cast(form).cast(pa.string()))
    return table


def _is(library: str, table: Any) -> bool:
    """Tell whether this is a frame of a library, which is loaded if it is."""
    loaded = sys.modules.get(library)
    return loaded is not None and isinstance(table, loaded.DataFrame)


def _from_pandas(frame: Any, names: list[str] | None) -> pa.Table:
    _distinct(list(frame.columns))
    wanted = [name for name in frame.columns if names is None or name in names]
    columns = {str(name): _from_series(frame[name], str(name)) for name in wanted}
    notes = {k: str(v) for k, v in frame.attrs.items() if str(k).startswith(OURS)}
    return pa.table(columns).replace_schema_metadata(notes or None)


def _from_series(values: Any, name: str) -> pa.Array | pa.ChunkedArray:
    import pandas as pd  # noqa: PLC0415 - as above

    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if isinstance(values.dtype, pd.DatetimeTZDtype):  # pyarrow takes these with a warning
        plain = pa.array(values.dt.tz_convert(None), from_pandas=True)
        return plain.cast(pa.timestamp(plain.type.unit, tz="UTC"))
    if isinstance(values.dtype, pd.SparseDtype):
        values = values.sparse.to_dense()
    with suppress(pa.ArrowException):
        taken = pa.array(values, from_pandas=True)
        if not isinstance(taken.type, pa.BaseExtensionType):
            return taken
    try:
        told = zip(values, values.isna(), strict=True)
        return pa.array([None if unknown else _text(value) for value, unknown in told], pa.string())
    except (TypeError, ValueError) as error:
        raise UserError(f"column '{name}' can't be taken over: {error}", NO_TABLE) from error


def _text(value: Any) -> str:
    """Write one value of a column that mixes kinds; whole numbers without a fraction."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _distinct(names: list[Any]) -> None:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UserError(f"there are two columns named '{twice[0]}'", "rename one of them")
