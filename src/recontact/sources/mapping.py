"""Mapping files: how the rows of an export become rows of the contacts table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import REQUIRED, SCHEMA
from recontact.errors import UserError
from recontact.sources.files import draft_of, no_column
from recontact.sources.mapping_rows import marked_rows, translated
from recontact.sources.mapping_values import EXAMPLE, Pseudonyms, SharedAbove, checked
from recontact.sources.parse import as_text, parse
from recontact.sources.spelling import Spelling
from recontact.sources.yaml_texts import load_texts

Columns = dict[str, pa.ChunkedArray]
IN_MAPPING = "say in a mapping file what it is called: recontact import contacts --mapping m.yaml"


def in_mapping(path: Path) -> str:
    """Say how a column that a file lacks may be found in it."""
    return f"say in a mapping file what it is called; {draft_of(path)} writes a draft"


@dataclass(frozen=True)
class Mapping:
    """How the rows of an export become rows of the contacts table.

    Attributes
    ----------
    columns : dict of str to str
        Name here -> name in the export (a dotted path where its records are nested).
    constants : dict of str to str
        Name here -> the value of every row.
    values : dict of str to dict of str to str or None
        Column -> its values in the export -> ours, or None for unknown; others stay.
    time_zone : str
        Zone (as in the IANA database) of the times that name none.
    time_format : dict of str to tuple of str
        Column of times -> the formats tried in order; ISO 8601 where not named.
    duration_format : dict of str to str
        Column of seconds (or ``ended_after``) -> how the export writes it; seconds if not named.
    ended_after : str or None
        Column of the export that tells how long after `started_at` the contact ended.
    delimiter, encoding, decimal : str
        How CSV files are written.
    escalated_when, outbound_when : dict of str to tuple of str
        Column -> values; a row that holds one of them was escalated, or is our own call.
    ani_region : str or None
        Country of phone numbers written without one.
    redial_within : int or None
        Microseconds within which a dropped contact and the next one are one contact.
    shared_above : SharedAbove or None
        How many contacts make an identity a shared number.
    pseudonyms : Pseudonyms or None
        Which key identifiers are hashed with.
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str | None]] = field(default_factory=dict)
    time_zone: str = "UTC"
    time_format: dict[str, tuple[str, ...]] = field(default_factory=dict)
    duration_format: dict[str, str] = field(default_factory=dict)
    ended_after: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    escalated_when: dict[str, tuple[str, ...]] = field(default_factory=dict)
    outbound_when: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ani_region: str | None = None
    redial_within: int | None = None
    shared_above: SharedAbove | None = None
    pseudonyms: Pseudonyms | None = None

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
        return cls(**checked(load_texts(path, EXAMPLE), str(path)))

    @classmethod
    def of(cls, content: dict[str, Any]) -> "Mapping":
        """Take the content of a mapping file as Python has it.

        Examples
        --------
        >>> Mapping.of({"constants": {"handled": True}, "redial_within": "10m"}).constants
        {'handled': 'true'}
        """
        return cls(**checked(content, "mapping"))

    @classmethod
    def given(cls, mapping: "Mapping | dict[str, Any] | str | Path | None") -> "Mapping":
        """Take a mapping as it is given: itself, as a dict, as a file, or none."""
        if isinstance(mapping, Mapping):
            return mapping
        if isinstance(mapping, str | Path):
            return cls.read(Path(mapping))
        return cls.of(mapping or {})

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that rows must have once the mapping has been applied."""
        return tuple(name for name in REQUIRED if not (self.ended_after and name == "ended_at"))

    def apply(self, rows: pa.Table, path: Path) -> pa.Table:
        """Name the columns of a table as read as ours; those not named travel along.

        Raises
        ------
        UserError
            The export lacks a column named in the mapping, or a name would come twice.

        Examples
        --------
        >>> mapping = Mapping.of({"columns": {"queue": "Line"}, "values": {"queue": {"L1": "north"}}})
        >>> mapping.apply(pa.table({"Line": ["L1", "L2"], "x": [1, 2]}), Path("a.csv")).to_pylist()
        [{'queue': 'north', 'x': 1}, {'queue': 'L2', 'x': 2}]
        """  # noqa: E501 - reads better in one line
        for name, theirs in self.named:
            if theirs not in rows.column_names:
                raise _absent(theirs, rows.column_names, path, name)
        kept = {name for name in REQUIRED if name not in self.columns}
        used = set(self.columns.values()) - kept  # a required column may serve another one too
        used |= {"ended_after"} if self.ended_after == "ended_after" else set()
        mapped = self._laid({}, rows)
        for name in (name for name in rows.column_names if name not in used):
            if name in mapped:
                raise UserError(
                    f"{path} has a column '{name}' itself, which the mapping file gives too",
                    f"name it anew in the mapping file, as columns: {{their_{name}: {name}}}",
                )
            mapped[name] = rows[name]
        for name in self.ruled:
            if name not in rows.column_names:
                raise _absent(name, rows.column_names, path, name)
        return pa.table(self._ours(mapped, rows)).replace_schema_metadata(rows.schema.metadata)

    def over(self, derived: pa.Table, raw: pa.Table, path: Path) -> pa.Table:  # noqa: ARG002
        """Lay the mapping over the columns that a vendor's reader derived.

        Parameters
        ----------
        derived : pyarrow.Table
            Columns named as in the contacts table.
        raw : pyarrow.Table
            The same rows as the vendor wrote them, nested fields by their dotted path. A field
            that none of these records has is null: a record leaves out what it does not have.
        path : pathlib.Path
            The file.

        Returns
        -------
        pyarrow.Table
            Columns of the mapping take the place of derived ones or are added.

        Examples
        --------
        >>> mapping = Mapping.of({"columns": {"reason": "Attributes.Why"},
        ...                       "escalated_when": {"queue": ["Tier 2"]}})
        >>> derived = pa.table({"contact_id": ["1"], "queue": ["Tier 2"]})
        >>> raw = pa.table({"ContactId": ["1"], "Attributes.Why": ["billing"]})
        >>> mapping.over(derived, raw, Path("ctr.json")).to_pylist()
        [{'contact_id': '1', 'queue': 'Tier 2', 'reason': 'billing', 'escalated': 'true'}]
        """
        kept = {name: derived[name] for name in derived.column_names}
        if self.ended_after:
            kept.pop("ended_at", None)
        mapped = self._laid(kept, raw)
        return pa.table(self._ours(mapped, raw)).replace_schema_metadata(derived.schema.metadata)

    @property
    def ruled(self) -> list[str]:
        """Columns that rules name beyond ours and those that the mapping itself names."""
        given = {*SCHEMA.names, *self.columns, *self.constants}
        rules = {**self.values, **self.escalated_when, **self.outbound_when}
        return [name for name in rules if name not in given]

    def check_fields(
        self, names: Iterable[str], files: Iterable[Path], *, rules: bool = False
    ) -> None:
        """Refuse a mapping that names a field which no record of any file has.

        With `rules`, also those that only `values`, `escalated_when` and `outbound_when` name; a
        vendor's reader derives columns that records don't have.

        Raises
        ------
        UserError
            Names the field and the key.
        """
        have = sorted(set(names))
        for name, theirs in [*self.named, *((n, n) for n in self.ruled if rules)]:
            if have and theirs not in have:
                raise _absent(theirs, have, next(iter(files)), name)

    def parse(self, rows: pa.Table, *, trim: bool = False) -> tuple[pa.Table, pa.ChunkedArray]:
        """Type rows that are named as ours, and tell what is wrong with each (see `parse`)."""
        spelling = Spelling(self.time_format, self.duration_format, self.decimal)
        after = bool(self.ended_after)
        return parse(rows, trim=trim, zone=self.time_zone, spelling=spelling, ended_after=after)

    @property
    def named(self) -> list[tuple[str, str]]:
        """Names here and the columns of the export that they stand for."""
        after = [("ended_after", self.ended_after)] if self.ended_after else []
        return [*self.columns.items(), *after]

    def _laid(self, columns: Columns, raw: pa.Table) -> Columns:
        """Take the columns that the mapping names, null where there are none, and constants."""
        nothing = pa.chunked_array([pa.nulls(len(raw), pa.string())])
        for name, theirs in self.named:
            columns[name] = raw[theirs] if theirs in raw.column_names else nothing
        for name, value in self.constants.items():
            columns[name] = pa.chunked_array([pa.repeat(value, len(raw))])
        return columns

    def _ours(self, columns: Columns, raw: pa.Table) -> Columns:
        """Translate values, then mark rows as escalated or outbound."""
        for name, pairs in self.values.items():
            if name in columns:
                columns[name] = translated(as_text(columns[name], name), pairs)
        for name, when, value in (
            ("escalated", self.escalated_when, "true"),
            ("direction", self.outbound_when, "outbound"),
        ):
            marked = marked_rows(when, columns, raw)
            if marked is not None:
                nothing = pa.chunked_array([pa.nulls(len(raw), pa.string())])
                others = as_text(columns[name], name) if name in columns else nothing
                columns[name] = pc.if_else(marked, pa.scalar(value), others)
        return columns


def _absent(theirs: str, have: list[str], path: Path, name: str) -> UserError:
    key = "ended_after" if name == "ended_after" else f"'{name}'"
    return no_column(path, theirs, have, f"mend {key} in the mapping file")
