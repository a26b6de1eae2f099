"""Mapping files: what the columns of an export are called here."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from recontact.errors import UserError
from recontact.sources.engine import session

IN_MAPPING = "say in a mapping file what it is called: recontact import contacts --mapping m.yaml"
EXAMPLE = "write it like: columns: {customer_id: CallerNumber}"


@dataclass(frozen=True)
class Mapping:
    """How the rows of an export become rows of the contacts table.

    Attributes
    ----------
    columns : dict of str to str
        Name here -> name in the export.
    constants : dict of str to str
        Name here -> the value of every row.
    time_zone : str
        Zone (as in the IANA database) of the times that name none.
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    time_zone: str = "UTC"

    @classmethod
    def read(cls, path: Path) -> "Mapping":
        r"""Read a mapping file (YAML).

        Raises
        ------
        UserError
            The file can't be read, or a key is unknown or its value unfit: the key is named.

        Examples
        --------
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "mapping.yaml"
        >>> _ = path.write_text("columns: {customer_id: ANI}\ntime_zone: Europe/Berlin")
        >>> Mapping.read(path).columns
        {'customer_id': 'ANI'}
        """
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            why = " ".join(str(error).split())
            raise UserError(f"{path} can't be read: {why}", EXAMPLE) from error
        return cls(**_checked(path, {} if content is None else content))

    def apply(self, rows: pa.Table, path: Path) -> pa.Table:
        """Rename the columns of a table as read, and add the constants.

        Raises
        ------
        UserError
            The export lacks a column named in the mapping, or a name would come twice.
        """
        for name, theirs in self.columns.items():
            if theirs not in rows.column_names:
                have = ", ".join(rows.column_names[:20])
                raise UserError(
                    f"{path} has no column '{theirs}' (it has: {have})",
                    f"mend '{name}' under columns in the mapping file",
                )
        used = set(self.columns.values())
        mapped = {name: rows[theirs] for name, theirs in self.columns.items()}
        mapped |= {name: _repeated(value, len(rows)) for name, value in self.constants.items()}
        for name in (name for name in rows.column_names if name not in used):
            if name in mapped:
                raise UserError(
                    f"{path} has a column '{name}' itself, which the mapping file gives too",
                    f"name it anew in the mapping file, as columns: {{their_{name}: {name}}}",
                )
            mapped[name] = rows[name]
        return pa.table(mapped).replace_schema_metadata(rows.schema.metadata)


def _repeated(value: str, rows: int) -> pa.ChunkedArray:
    return pa.chunked_array([pa.repeat(pa.scalar(value, pa.string()), rows)])


def _checked(path: Path, content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no keys", EXAMPLE)
    for key, value in content.items():
        if key in ("columns", "constants"):
            _check_names(path, key, value)
        elif key == "time_zone":
            _check_zone(path, value)
        else:
            known = "known are columns, constants and time_zone"
            raise UserError(f"{path}: unknown key '{key}'", known)
    return content


def _check_names(path: Path, key: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise UserError(f"{path}: {key} holds no names", EXAMPLE)
    for name, text in value.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise UserError(f"{path}: {key}: {name}: {text!r} is not text", "put it in quotes")
    if key == "constants" and set(value) & {"contact_id", "started_at", "ended_at"}:
        raise UserError(f"{path}: constants: a required column differs by row", EXAMPLE)


def _check_zone(path: Path, value: Any) -> None:
    try:
        session(str(value)).close()
    except duckdb.Error as error:
        raise UserError(
            f"{path}: time_zone: unknown zone {value!r}", "name one like Europe/Berlin"
        ) from error
