"""Features of contacts of any number: bucket by bucket, and back in the order of the contacts.

Contacts go to buckets by customer, their labels with them. In each bucket it is counted what is
known of agents, queues and reasons, and what is found in the histories of its contacts is put aside
by stretches of row numbers; once the counts of all buckets are put together, the features are made
of it stretch by stretch.
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
READ, LOOK, WRITE = 0.35, 0.4, 0.25  # shares of the time


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
        if extras(asked.known):
            asked.refuse_filled_in_later(_some(buckets))
        ordered = opened.enter_context(stretches(rows, at_once, folder))
        looking = Looking(asked, buckets, happened, ordered)
        figures = Figures.together(looking.all(advance))
        if not looking.eligible:
            raise none_eligible()
        with writing(out, asked.schema) as write:
            for table in ordered.tables(lambda looked: asked.finish(looked, figures)):
                write(table)
                advance(WRITE * len(table) / looking.eligible)
    return Computed(looking.eligible, feature_columns(asked.schema.empty_table()))


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
    sizes, same = [], True
    with keys(buckets.folder) as found:
        scatter = Scatter(columns.remove_metadata(), buckets, found, happened)
        for put in each(scatter.put, pieces(listed, columns, labels)):
            sizes.append(put.rows)
            same &= put.same
            advance(READ / len(listed))
        if not sum(sizes):
            raise nothing_in(files)
        found.refuse_repeated(files, listed, sizes)  # first: labels differ where rows are repeated
    if not same or any(True for _ in labels.take(1)):
        raise other_contacts()
    if happened:
        happened.deal()
    return sum(sizes)


def _some(buckets: Spill) -> pa.Table:
    """Give some rows that stand for all."""
    rows = map(buckets.read, range(buckets.parts))
    return next(some for some in rows if some)


@dataclass
class Looking:
    """Takes contacts by bucket, puts aside what their histories say, and counts.

    Attributes
    ----------
    eligible : int
        How many contacts of the buckets so far have features.
    """

    asked: Asked
    buckets: Spill
    happened: Happened | None
    ordered: Stretches
    eligible: int = 0

    def all(self, advance: Callable[[float], None]) -> Iterator[Figures]:
        """Give what is known of agents, queues, reasons ... by each bucket."""
        for found in each(self._bucket, range(self.buckets.parts)):
            advance(LOOK / self.buckets.parts)
            if found:
                figures, eligible = found
                self.eligible += eligible
                yield figures

    def _bucket(self, number: int) -> tuple[Figures, int] | None:
        rows = self.buckets.take(number, by=ROW)
        if not rows:
            return None
        events = self.happened.of(number) if self.happened else None
        figures, looked, row = self.asked.count_and_look(rows, events)
        self.ordered.put(looked, row)
        return figures, len(looked)
