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

import pyarrow as pa

from recontact.clean import nothing_in
from recontact.dataset import check_moment
from recontact.features.asked import BESIDE, Asked, none_eligible
from recontact.features.declared import FEATURES, Feature
from recontact.features.figures import Figures
from recontact.features.happened import Happened, happened_in
from recontact.features.known import extras
from recontact.features.moments import WRAPUP_DELAY_S
from recontact.features.scatter import Scatter, pieces
from recontact.features.table import feature_columns
from recontact.labels.keys import keys
from recontact.labels.output import folder_of
from recontact.labels.parts import Part, parts
from recontact.labels.read import label_tables, other_contacts, policy_in
from recontact.spill import Spill, spilling
from recontact.stretches import ROW, Rows, Stretches, stretches
from recontact.tables import Paths, expand
from recontact.workers import each
from recontact.writing import check_suffix, refuse_input, writing

AT_ONCE = 1 << 18  # rows of a bucket, and of a stretch of the output
MOST_PARTS = 256  # of either: each is an open file; of more contacts each is larger
READ, COUNT, COMPUTE, WRITE = 0.35, 0.15, 0.3, 0.2  # shares of the time


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
    >>> from recontact import Policy
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
    check_suffix(out)
    files, judged = expand(list(paths)), expand(labels)
    told = expand(events) if events else []
    refuse_input(out, [*files, *judged, *told])
    policy = policy_in(judged)
    asked = Asked.of(files, policy, known, moment, elapsed_s, delay_s, features)
    listed = parts(files)
    expected = sum(part.expected for part in listed)
    at_once = max(at_once, expected // MOST_PARTS)
    folder = folder_of(out)
    with ExitStack() as opened:
        buckets = opened.enter_context(spilling(1 + expected // at_once, folder))
        happened = None
        if told and moment == "live":
            happened = opened.enter_context(happened_in(told, buckets.parts, folder))
        rows = _scatter(files, listed, judged, asked.columns, buckets, happened, advance)
        computing = Computing(asked, buckets, happened)
        figures = computing.figures(advance)
        ordered = opened.enter_context(stretches(rows, at_once, folder))
        eligible = computing.put(figures, ordered, advance)
        if not eligible:
            raise none_eligible()
        with writing(out, asked.schema) as write:
            for table in ordered.tables():
                write(table)
                advance(WRITE * len(table) / eligible)
    return Computed(eligible, feature_columns(asked.schema.empty_table()))


def _scatter(
    files: list[Path],
    listed: list[Part],
    judged: list[Path],
    columns: pa.Schema,
    buckets: Spill,
    happened: Happened | None,
    advance: Callable[[float], None],
) -> int:
    """Put all contacts into their buckets; give how many there are."""
    labels = Rows(label_tables(parts(judged), BESIDE.names))
    sizes = []
    with keys(buckets.folder) as found:
        scatter = Scatter(columns.remove_metadata(), buckets, found, happened)
        for rows in each(scatter.put, pieces(listed, columns, labels)):
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

    def figures(self, advance: Callable[[float], None]) -> Figures:
        """Put together what is known of agents, queues, reasons ... in all buckets."""
        if extras(self.asked.known):
            rows = map(self.buckets.read, range(self.buckets.parts))
            self.asked.refuse_filled_in_later(next(some for some in rows if some))

        def counted() -> Iterator[Figures]:
            for figures in each(self._count, range(self.buckets.parts)):
                advance(COUNT / self.buckets.parts)
                if figures:
                    yield figures

        return Figures.together(counted())

    def _count(self, number: int) -> Figures | None:
        rows = self.buckets.read(number, by=ROW)
        return self.asked.count(rows) if rows else None

    def put(self, figures: Figures, ordered: Stretches, advance: Callable[[float], None]) -> int:
        """Put the features of all buckets aside; give how many contacts have some."""

        def put(number: int) -> int:
            rows = self.buckets.take(number, by=ROW)
            if not rows:
                return 0
            events = self.happened.of(number) if self.happened else None
            table, row = self.asked.compute(rows, figures, events)
            ordered.put(table, row)
            return len(table)

        eligible = 0
        for count in each(put, range(self.buckets.parts)):
            eligible += count
            advance(COMPUTE / self.buckets.parts)
        return eligible
