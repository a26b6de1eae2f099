"""Labels of files of any size: contacts go to buckets by customer, their labels back in order.

Only a few buckets are in memory at once. Rows are numbered; each bucket holds all rows of its
customers and is labeled by itself, and its labels are put aside again by stretches of row numbers,
so that the table is written in the order of the contacts.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.clean import nothing_in
from recontact.history import order
from recontact.labels.edges import Edges
from recontact.labels.keys import keys
from recontact.labels.old import Old
from recontact.labels.output import folder_of, restore, writing_labels
from recontact.labels.parts import Mark, parts
from recontact.labels.rules import rules
from recontact.labels.scatter import OLD, Scatter, Seen
from recontact.labels.since import Plan, everything, plan
from recontact.labels.table import SCHEMA, label_rows
from recontact.labels.tally import NOTHING, Tally, tallies
from recontact.labels.unknown import followed_by_unknown
from recontact.policy import Policy
from recontact.policy_use import Unmatched, together, unmatched
from recontact.spill import Spill, spilling
from recontact.stretches import Rows, Stretches, stretches
from recontact.tables import expand
from recontact.workers import each
from recontact.writing import refuse_input

Ints = npt.NDArray[np.int64]
AT_ONCE = 1 << 19  # rows of a bucket, and of a stretch of the output
READ, LABEL, WRITE = 0.45, 0.35, 0.2  # shares of the time


@dataclass(frozen=True)
class Labeled:
    """What came of labeling files.

    Attributes
    ----------
    tally : Tally
        What was counted over all labels.
    edges : Edges
        Of the contacts.
    anew : int
        How many contacts were labeled; the others kept the labels that they had.
    unmatched : list of Unmatched
        Values of the policy that no contact has; none are told where not all contacts were read.
    """

    tally: Tally
    edges: Edges
    anew: int
    unmatched: list[Unmatched] = field(default_factory=list)


def label_files(
    paths: Iterable[str | os.PathLike[str]],
    policy: Policy,
    out: Path,
    since: Path | None = None,
    advance: Callable[[float], None] = lambda _: None,
    at_once: int = AT_ONCE,
) -> Labeled:
    """Label the contacts in files, and write the labels table.

    Parameters
    ----------
    paths : iterable of paths
        Clean contacts: files, globs or folders.
    policy : Policy
        The rules.
    out : pathlib.Path
        The labels table, ``.parquet`` or ``.csv``; or, without a suffix, a folder with a Parquet
        file of labels for each file of contacts. It appears whole or not at all.
    since : pathlib.Path, optional
        Labels of the same policy, made before contacts were added, a Parquet file or a folder:
        what they could not change is taken over. The result is the same.
    advance : callable
        Told the share of the work done since its last call.
    at_once : int
        About how many rows each processor holds in memory.

    Returns
    -------
    Labeled

    Raises
    ------
    UserError
        As of `recontact.clean.read_contacts`, the output can't be written, or `since` is of
        another policy or no such table.

    Examples
    --------
    >>> import tempfile
    >>> from recontact.tables import read_table
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.csv").write_text('''contact_id,customer_id,started_at,ended_at,reason
    ... 1,x,2026-01-03,2026-01-03,bill
    ... 2,x,2026-01-04,2026-01-04,bill
    ... ''')
    >>> labeled = label_files([folder / "a.csv"], Policy(), folder / "labels.parquet")
    >>> read_table(folder / "labels.parquet")["next_contact_id"].to_pylist()
    ['2', None]
    """
    restore(out)
    files = expand(list(paths))
    refuse_input(out, files)
    listed = parts(files)
    todo = plan(listed, Old.open(since, policy), policy) if since else everything(listed)
    folder = folder_of(out)
    with spilling(1 + todo.to_read // at_once, folder) as buckets:
        seen = _scatter(files, todo, policy, buckets, advance)
        rows = sum(part.rows for part in seen)
        anew = sum(seen[k].rows for k in todo.anew)
        with stretches(anew, at_once, folder) as ordered:
            edges = Edges.together(part.edges for part in seen)
            labeler = Labeler(policy, edges, todo, seen, buckets, ordered)
            marks = labeler.label(advance)
            with writing_labels(out, policy, todo, marks) as outputs:
                new = Rows(ordered.tables())
                for write, numbers in outputs:
                    for labels in labeler.in_order(new, numbers):
                        write(labels)
                        advance(WRITE * len(labels) / rows)
    tally = sum((mark.tally for mark in marks), NOTHING)
    return Labeled(tally, edges, anew, _unmatched(policy, seen))


def _unmatched(policy: Policy, seen: list[Seen]) -> list[Unmatched]:
    """Find what the policy names that no contact has, if all were read."""
    there = [part.present for part in seen if part.present is not None]
    return unmatched(policy, together(there)) if len(there) == len(seen) else []


def _scatter(
    files: list[Path], todo: Plan, policy: Policy, buckets: Spill, advance: Callable[[float], None]
) -> list[Seen]:
    """Read every part as far as is needed."""

    def read(number: int) -> Seen:
        part = todo.parts[number]
        if number in todo.anew:
            return scatter.put(number, part)
        if number in todo.beside:
            scatter.put(number, part, pa.concat_tables(todo.labels(number, OLD.names)))
        elif number not in todo.unread:
            found.add(part.keys())
        mark = todo.mark(number)
        return Seen(mark.rows, mark.edges, mark.fingerprint)

    with keys(buckets.folder) as found:
        scatter = Scatter(policy, buckets, found)
        seen = []
        for part in each(read, range(len(todo.parts))):
            seen.append(part)
            advance(READ / len(todo.parts))
        if not any(part.rows for part in seen):
            raise nothing_in(files)
        found.refuse_repeated(files, todo.parts, [part.rows for part in seen])
    return seen


@dataclass(frozen=True)
class Labeler:
    """Takes contacts by bucket, and gives their labels by stretch of the row numbers.

    Only rows of the parts to label are numbered.
    """

    policy: Policy
    edges: Edges
    todo: Plan
    seen: list[Seen]
    buckets: Spill
    ordered: Stretches

    def label(self, advance: Callable[[float], None]) -> list[Mark]:
        """Label every bucket; give the marks of all parts."""
        found = [
            NOTHING if k in self.todo.anew else self.todo.mark(k).tally
            for k in range(len(self.seen))
        ]
        for counted in each(self._bucket, range(self.buckets.parts)):
            for k, tally in counted.items():
                found[k] += tally
            advance(LABEL / self.buckets.parts)
        told = zip(self.todo.parts, self.seen, found, strict=True)
        return [
            Mark(part.place(), seen.fingerprint, seen.rows, seen.edges, tally)
            for part, seen, tally in told
        ]

    def _bucket(self, number: int) -> dict[int, Tally]:
        contacts = self.buckets.take(number)
        if contacts is None:
            return {}
        ordered = order(contacts)
        applied = rules(contacts, self.policy, ordered)
        part = contacts["part"].to_numpy()
        anew = np.isin(part, list(self.todo.anew))
        labels = label_rows(contacts, self.policy, self.edges, ordered, applied, ~anew)
        unknown = followed_by_unknown(contacts, ordered, applied)
        if not anew.all():
            labels = _joined(labels, contacts, anew).filter(pa.array(anew))
        row = self._number(part[anew], contacts["row"].to_numpy()[anew])
        self.ordered.put(labels, row)
        return tallies(labels, unknown[anew], part[anew])

    def _number(self, part: Ints, row: Ints) -> Ints:
        """Number rows over all parts to label."""
        sizes = [p.rows if k in self.todo.anew else 0 for k, p in enumerate(self.seen)]
        return np.asarray(np.array([0, *accumulate(sizes)])[part] + row, np.int64)

    def in_order(self, new: Rows, numbers: list[int]) -> Iterator[pa.Table]:
        """Give all labels of some parts in the row order of the contacts, some at a time."""
        for anew, run in groupby(numbers, lambda k: k in self.todo.anew):
            if anew:
                yield from new.take(sum(self.seen[k].rows for k in run))
            else:
                for k in run:
                    yield from self.todo.labels(k)


def _joined(labels: pa.Table, contacts: pa.Table, anew: npt.NDArray[np.bool_]) -> pa.Table:
    """Go on with the episodes of which the first contacts have their labels already."""
    old = contacts.filter(pa.array(~anew))
    head = pc.index_in(labels["episode_id"], old["contact_id"])
    episode = old["episode_id"].take(head)
    before = pc.subtract(old["episode_position"].take(head), 1)
    position = pc.add(labels["episode_position"], before)
    for name, found in (("episode_id", episode), ("episode_position", position)):
        k = SCHEMA.get_field_index(name)
        labels = labels.set_column(k, SCHEMA.field(k), pc.coalesce(found, labels[name]))
    return labels
