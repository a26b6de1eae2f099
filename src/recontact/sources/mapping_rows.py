"""Rules of a mapping file about values: translations, and rows marked by what they hold."""

import json
import re

import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import map_values
from recontact.sources.parse import as_text


def translated(column: pa.ChunkedArray, pairs: dict[str, str | None]) -> pa.ChunkedArray:
    """Give our values for those of the export; others stay as they are.

    Examples
    --------
    >>> column = pa.chunked_array([["Telefon", "Fax", "?", None]])
    >>> translated(column, {"Telefon": "voice", "?": None}).to_pylist()
    ['voice', 'Fax', None, None]
    """
    return map_values(column, lambda theirs: pairs.get(theirs.strip(), theirs))


def marked_rows(
    when: dict[str, tuple[str, ...]], columns: dict[str, pa.ChunkedArray], raw: pa.Table
) -> pa.ChunkedArray | None:
    """Tell which rows hold one of the values, in a column by our name or by the export's.

    Examples
    --------
    >>> raw = pa.table({"tags": ['["vip", "complaint"]', '["vip complaint"]', "complaint", None]})
    >>> marked_rows({"tags": ("complaint",)}, {}, raw).to_pylist()
    [True, False, True, False]
    """
    marked = None
    for name, values in when.items():
        if name not in columns and name not in raw.column_names:
            continue
        column = columns[name] if name in columns else raw[name]
        text = pc.utf8_trim_whitespace(as_text(column, name))
        holds = pc.or_(
            pc.is_in(text, value_set=pa.array(values, pa.string())), _listed(text, values)
        )
        marked = holds if marked is None else pc.or_(marked, holds)
    return marked


def _listed(text: pa.ChunkedArray, values: tuple[str, ...]) -> pa.ChunkedArray:
    """Tell where a list, written as JSON, holds one of the values."""
    written = "|".join(re.escape(json.dumps(value, ensure_ascii=False)) for value in values)
    return pc.fill_null(
        pc.match_substring_regex(text, rf"^\[(?:.*, )?(?:{written})[,\]]"), fill_value=False
    )
