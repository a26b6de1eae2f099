"""Features of contacts of any number: bucket by bucket, and back in the order of the contacts.

Contacts go to buckets by customer, their labels with them. What is known of agents, queues and
reasons is counted in each bucket and put together; then each bucket is read once more, and the
features of its contacts are put aside by stretches of row numbers.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from recontact.clean import nothing_in
from recontact.contacts import SCHEMA
from recontact.dataset import check_moment
from recontact.errors import UserError
from recontact.features.declared import FEATURES, Feature
from recontact.features.figures import Figures
from recontact.features.happened import Happened, happened_in
from recontact.features.known import known_from
from recontact.features.moments import WRAPUP_DELAY_S
from recontact.features.needed import check_columns, columns_needed
from recontact.features.scatter import BESIDE, JUDGED, Scatter, pieces
from recontact.features.table import Source, compute, feature_columns
from recontact.labels.keys import keys
from recontact.labels.output import folder_of
from recontact.labels.parts import Part, parts
from recontact.labels.read import label_tables, other_contacts, policy_in
from recontact.policy import Policy
from recontact.sources.files import schema_of
from recontact.spill import Spill, spilling
from recontact.stretches import ROW, Rows, Stretches, stretches
from recontact.tables import Paths, expand, stack
from recontact.workers import each
from recontact.writing import refuse_input, writing

AT_ONCE = 1 << 18  # rows of a bucket, and of a stretch of the output
MOST_PARTS = 256  # of either: each is an open file; of more contacts each is larger
READ, COUNT, COMPUTE, WRITE = 0.35, 0.15, 0.3, 0.2  # shares of the time
NONE_ELIGIBLE = "no contact can be judged under the policy of these labels"


@dataclass(frozen=True)
class Computed:
    """What came of computing features: how many rows, and the names of the features."""

    rows: int
    columns: list[str]


def features_files(
    paths: Iterable[str | os.PathLike[str]],
    labels: Paths,
    moment: str,
    out: Path,
    *,
    known: Mapping[str, str] | None = None,
    elapsed_s: float | None = None,
    delay_s: float = WRAPUP_DELAY_S,
    events: Paths | None = None,
    features: Sequence[Feature] = FEATURES,
    advance: Callable[[float], None] = lambda _: None,
    at_once: int = AT_ONCE,
) -> Computed:
    """Compute the features of every eligible contact in files at one moment, as known then.

    Parameters
    ----------
    paths : iterable of paths
        Clean contacts: files, globs or folders.
    labels : path or iterable of paths
        Their labels (`recontact label`): Parquet, in the row order of the contacts.
    moment : {"start", "live", "wrapup"}
        When the score is asked for.
    out : pathlib.Path
        The features table, ``.parquet`` or ``.csv``, in the row order of the contacts. It appears
        whole or not at all.
    known, elapsed_s, delay_s
        As of `recontact.dataset.features`.
    events : path or iterable of paths, optional
        What happened during the contacts; tells holds and transfers so far at `live`.
    features : sequence of Feature
        What to compute, ours and your own (`recontact.features.yours`).
    advance : callable
        Told the share of the work done since its last call.
    at_once : int
        About how many rows each processor holds in memory.

    Returns
    -------
    Computed

    Raises
    ------
    UserError
        As of `recontact.clean.read_contacts` and `recontact.dataset.features`, no contact may be
        judged, or the output can't be written.

    Examples
    --------
    >>> import tempfile
    >>> from recontact.labels.files import label_files
    >>> from recontact.tables import read_table
    >>> folder = Path(tempfile.mkdtemp())
    >>> contacts, judged, out = (folder / name for name in ("a.csv", "l.parquet", "f.parquet"))
    >>> _ = contacts.write_text('''contact_id,customer_id,started_at,ended_at,reason
    ... 1,x,2026-01-03,2026-01-03,bill
    ... 2,x,2026-01-04,2026-01-04,bill
    ... ''')
    >>> _ = label_files([contacts], Policy(), judged)
    >>> features_files([contacts], judged, "start", out).rows
    2
    >>> read_table(out)["contacts_7d"].to_pylist()
    [0.0, 1.0]
    """
    check_moment(moment, elapsed_s)
    files, judged = expand(list(paths)), expand(labels)
    told = expand(events) if events else []
    refuse_input(out, [*files, *judged, *told])
    asked = Asked.of(files, policy_in(judged), moment, known, elapsed_s, delay_s, tuple(features))
    listed = parts(files)
    expected = sum(part.expected for part in listed)
    at_once = max(at_once, expected // MOST_PARTS)
    with ExitStack() as stack:
        folder = folder_of(out)
        buckets = stack.enter_context(spilling(1 + expected // at_once, folder))
        happened = None
        if told and moment == "live":
            happened = stack.enter_context(happened_in(told, buckets.parts, folder))
        rows = _scatter(files, listed, judged, asked, buckets, happened, advance)
        computing = Computing(asked, buckets, happened)
        computing.refuse_filled_in_later()
        figures = computing.figures(advance)
        ordered = stack.enter_context(stretches(rows, at_once, folder))
        schema, eligible = computing.put(figures, ordered, advance)
        if not eligible:
            raise UserError(
                NONE_ELIGIBLE, "recontact label shows why each is left out (column exclusion)"
            )
        with writing(out, schema) as write:
            for table in ordered.tables():
                write(table)
                advance(WRITE * len(table) / eligible)
    return Computed(eligible, feature_columns(schema.empty_table()))


@dataclass(frozen=True)
class Asked:
    """What is asked of the contacts.

    Attributes
    ----------
    policy : Policy
        That of the labels.
    known : mapping of str to str
        Column to the moment from which it is known.
    columns : pyarrow.Schema
        The columns of the contacts that are needed; metadata of the first file.
    """

    policy: Policy
    known: Mapping[str, str]
    columns: pa.Schema
    moment: str
    elapsed_s: float | None
    delay_s: float
    features: tuple[Feature, ...]

    @classmethod
    def of(
        cls,
        files: list[Path],
        policy: Policy,
        moment: str,
        known: Mapping[str, str] | None,
        elapsed_s: float | None,
        delay_s: float,
        features: tuple[Feature, ...],
    ) -> "Asked":
        """Find what is needed of contacts in files."""
        schema = _columns_of(files)
        since = known_from(schema.empty_table(), known)
        check_columns(features, schema.names, since)
        needed = columns_needed(features, since)
        columns = pa.schema([f for f in schema if f.name in needed], schema.metadata)
        return cls(policy, since, columns, moment, elapsed_s, delay_s, features)


def _columns_of(files: list[Path]) -> pa.Schema:
    """Give the columns of contacts in files, typed as `recontact.clean.read_contacts` does."""
    others = []
    for schema in map(schema_of, files):
        fields = [field for field in schema if field.name not in SCHEMA.names]
        others.append(pa.schema(fields, schema.metadata).empty_table())
    more = stack(others, files).schema
    return pa.schema([*SCHEMA, *map(_plain, more)], more.metadata)


def _plain(field: pa.Field) -> pa.Field:
    kind = field.type
    return field.with_type(kind.value_type) if pa.types.is_dictionary(kind) else field


def _scatter(
    files: list[Path],
    listed: list[Part],
    judged: list[Path],
    asked: Asked,
    buckets: Spill,
    happened: Happened | None,
    advance: Callable[[float], None],
) -> int:
    """Put all contacts into their buckets; give how many there are."""
    labels = Rows(label_tables(judged, BESIDE.names))
    sizes = []
    with keys(buckets.folder) as found:
        scatter = Scatter(asked.columns.remove_metadata(), buckets, found, happened)
        for rows in each(scatter.put, pieces(listed, asked.columns, labels)):
            sizes.append(rows)
            advance(READ / len(listed))
        if not sum(sizes):
            raise nothing_in(files)
        found.refuse_repeated(files, listed, sizes)
    if any(True for _ in labels.take(1)):
        raise other_contacts()
    if happened:
        happened.deal()
    return sum(sizes)


@dataclass(frozen=True)
class Computing:
    """Takes contacts by bucket, first to count, then to compute."""

    asked: Asked
    buckets: Spill
    happened: Happened | None

    def refuse_filled_in_later(self) -> None:
        """Refuse an extra column whose values were still to come; a bucket stands for all."""
        rows = map(self.buckets.read, range(self.buckets.parts))
        some = next(table for table in rows if table is not None)
        known_from(some.replace_schema_metadata(self.asked.columns.metadata), self.asked.known)

    def figures(self, advance: Callable[[float], None]) -> Figures:
        """Put together what is known of agents, queues, reasons ... in all buckets."""

        def counted() -> Iterator[Figures]:
            for figures in each(self._count, range(self.buckets.parts)):
                advance(COUNT / self.buckets.parts)
                if figures:
                    yield figures

        return Figures.together(counted())

    def _count(self, number: int) -> Figures | None:
        rows = self.buckets.read(number, by=ROW)
        return None if rows is None else self._source(rows).figures(rows.select(JUDGED))

    def put(
        self, figures: Figures, ordered: Stretches, advance: Callable[[float], None]
    ) -> tuple[pa.Schema, int]:
        """Compute the features of all buckets; give their schema and how many rows there are."""
        eligible, schema = 0, pa.schema([])
        for found in each(lambda k: self._compute(k, figures, ordered), range(self.buckets.parts)):
            if found:
                schema, eligible = found[0], eligible + found[1]
            advance(COMPUTE / self.buckets.parts)
        return schema, eligible

    def _compute(
        self, number: int, figures: Figures, ordered: Stretches
    ) -> tuple[pa.Schema, int] | None:
        rows = self.buckets.take(number, by=ROW)
        if rows is None:
            return None
        asked = self.asked
        source = self._source(rows, self.happened.of(number) if self.happened else None)
        eligible = np.flatnonzero(np.asarray(rows["eligible"]))
        elapsed = None
        if asked.moment == "live":
            elapsed = np.full(len(rows), asked.elapsed_s)
        table = compute(source, eligible, asked.moment, figures, elapsed_s=elapsed)
        ordered.put(table, rows[ROW].to_numpy()[eligible])
        return table.schema, len(table)

    def _source(self, rows: pa.Table, events: pa.Table | None = None) -> Source:
        asked = self.asked
        contacts = rows.select(asked.columns.names)
        return Source(contacts, asked.policy, asked.known, asked.delay_s, events, asked.features)
