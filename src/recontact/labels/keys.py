"""The keys of contacts in files, each of which may come once only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.clean import refuse_repeated
from recontact.hashing import hashed
from recontact.labels.parts import Part
from recontact.unique import Once, once


@dataclass(frozen=True)
class Keys:
    """Every `contact_id` and `interaction_id` of contacts that are read part by part."""

    ids: Once
    legs: Once

    def add(self, contacts: pa.Table) -> None:
        """Take note of the keys of some contacts."""
        self.ids.add(contacts["contact_id"])
        self.legs.add(contacts["interaction_id"])

    def refuse_repeated(self, files: list[Path], parts: list[Part], sizes: list[int]) -> None:
        """Refuse contacts of one id, and legs that are not merged.

        What came twice, or seemed to by its hash, is looked at again.

        Parameters
        ----------
        files : list of pathlib.Path
            The contacts files.
        parts : list of Part
            All their parts.
        sizes : list of int
            How many rows each part has.

        Raises
        ------
        UserError
            Names the first such rows.
        """
        twice = {"contact_id": self.ids.repeated(), "interaction_id": self.legs.repeated()}
        if any(len(found) for found in twice.values()):
            rows = [0] * len(files)
            for part, size in zip(parts, sizes, strict=True):
                rows[part.file] += size
            kept = [_only(part.keys(), twice) for part in parts]
            refuse_repeated(files, rows, pa.concat_tables(kept))


@contextmanager
def keys(folder: Path) -> Iterator[Keys]:
    """Open `Keys` on the disk of a folder."""
    with once(folder) as ids, once(folder) as legs:
        yield Keys(ids, legs)


def _only(found: pa.Table, wanted: dict[str, npt.NDArray[np.uint64]]) -> pa.Table:
    """Keep of the keys those with one of the hashes; the others become null."""
    kept = {}
    for name, hashes in wanted.items():
        there = np.isin(hashed(found[name]), hashes)
        kept[name] = pc.if_else(pa.array(there), found[name], pa.scalar(None, pa.string()))
    return pa.table(kept)
