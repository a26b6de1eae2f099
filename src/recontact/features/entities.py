"""Agents, queues, reasons ...: the entities that contacts belong to, each inside its program."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Codes = npt.NDArray[np.int32]

EVERYTHING = ""  # in place of a column: all contacts are one entity
UNKNOWN = -1  # code where the contact's entity is null
UNSEEN = -2  # code of an entity that is not among those looked among
INSIDE = "\x1f"  # between program and entity: the unit separator, which is in no name


def entity(of: str, program: str | None, value: Any) -> str:
    r"""Name one entity of a column inside its program.

    Examples
    --------
    >>> entity("queue", "acme", "billing"), entity("vip", None, True), entity(EVERYTHING, "acme", 7)
    ('acme\x1fbilling', '\x1ftrue', '')
    """
    if of == EVERYTHING:
        return EVERYTHING
    return f"{program or ''}{INSIDE}{_text(value)}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, eq=False)
class Entities:
    """The distinct entities of one column; an entity's code is its place.

    Examples
    --------
    >>> both = Entities.together([Entities(pa.array(["a", "b"])), Entities(pa.array(["b", "c"]))])
    >>> both.names.to_pylist(), both.code["c"]
    (['a', 'b', 'c'], 2)
    """

    names: pa.Array

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def code(self) -> dict[str, int]:
        """The code of each name."""
        return {name: code for code, name in enumerate(self.names.to_pylist())}

    def places(self, others: "Entities") -> Codes:
        """Give the code here of each of the others, `UNSEEN` where it has none."""
        if others is self:
            return np.arange(len(self), dtype=np.int32)
        found = pc.index_in(others.names, self.names)
        return np.asarray(found.fill_null(UNSEEN), dtype=np.int32)

    @classmethod
    def together(cls, parts: Iterable["Entities"]) -> "Entities":
        """Give all entities of the parts, each once."""
        names = pa.chunked_array([part.names for part in parts], pa.string())
        return cls(names.unique())


class Coded:
    """The contacts of a table with their entities' codes, each column coded once.

    Examples
    --------
    >>> own = Coded(pa.table({"program": ["x", None, "x"], "queue": ["q", "q", None]}))
    >>> codes, entities = own.of("queue")
    >>> codes.tolist(), [name.split(INSIDE) for name in entities.names.to_pylist()]
    ([0, 1, -1], [['x', 'q'], ['', 'q']])
    """

    def __init__(self, contacts: pa.Table) -> None:
        self.contacts = contacts
        self._coded: dict[str, tuple[Codes, Entities]] = {}
        self._among: dict[str, tuple[Entities, Codes]] = {}

    def __len__(self) -> int:
        return len(self.contacts)

    def of(self, column: str) -> tuple[Codes, Entities]:
        """Give each contact's entity as a code, `UNKNOWN` where null, and the entities."""
        if column not in self._coded:
            self._coded[column] = self._code(column)
        return self._coded[column]

    def among(self, column: str, entities: Entities) -> Codes:
        """Give each contact's entity by its code among known ones, `UNSEEN` where it has none."""
        codes, own = self.of(column)
        if own is entities:
            return codes
        if column not in self._among or self._among[column][0] is not entities:
            places = np.append(entities.places(own), np.int32(UNKNOWN))  # code -1 is the last
            self._among[column] = (entities, places[codes])
        return self._among[column][1]

    @cached_property
    def _programs(self) -> pa.DictionaryArray:
        return _encoded(pc.fill_null(self.contacts["program"], ""))

    def _code(self, column: str) -> tuple[Codes, Entities]:
        if column == EVERYTHING:
            return np.zeros(len(self), np.int32), Entities(pa.array([EVERYTHING]))
        programs, values = self._programs, _encoded(self.contacts[column])
        size = max(1, len(programs.dictionary))
        pair = pc.add(pc.multiply(values.indices.cast(pa.int64()), size), programs.indices)
        pairs = pair.dictionary_encode()  # those that occur, numbered without gaps
        where = np.asarray(pairs.dictionary, dtype=np.int64)
        texts = pa.array([_text(value) for value in values.dictionary.to_pylist()], pa.string())
        names = pc.binary_join_element_wise(
            programs.dictionary.take(pa.array(where % size)),
            texts.take(pa.array(where // size)),
            INSIDE,
        )
        return np.asarray(pairs.indices.fill_null(UNKNOWN), dtype=np.int32), Entities(names)


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
