"""Where the record begins and ends: what may be judged, and whose look-back is known."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import instants
from recontact.history import codes
from recontact.policy import Policy

Ints = npt.NDArray[np.int64]
LEAST, GREATEST = np.iinfo(np.int64).min, np.iinfo(np.int64).max
LATEST = 11  # so many last ends tell whether the very last stands alone


@dataclass(frozen=True)
class Edges:
    """The first start and the last end of a record, or of parts of it put together.

    Attributes
    ----------
    by_program : bool
        Each program has its own (``edges: program``); else there is one entry, at None.
    first_start, last_end : dict of str or None to int
        By program, in microseconds since 1970.
    latest : tuple of int
        The last ends of all, at most `LATEST`, ascending.
    """

    by_program: bool
    first_start: dict[str | None, int]
    last_end: dict[str | None, int]
    latest: tuple[int, ...] = ()

    @classmethod
    def of(cls, contacts: pa.Table, policy: Policy) -> "Edges":
        """Take the edges of some canonical contacts.

        Examples
        --------
        >>> import datetime as dt
        >>> t = [dt.datetime(1970, 1, 1, second=s) for s in (1, 2)]
        >>> contacts = pa.table({"program": ["acme", None], "started_at": t, "ended_at": t})
        >>> Edges.of(contacts, Policy()).last_end
        {None: 2000000}
        >>> Edges.of(contacts, Policy.parse({"edges": "program"})).last_end
        {'acme': 1000000, None: 2000000}
        """
        by_program = policy.edges == "program"
        program, names = _programs(contacts["program"], by_program)
        first = np.full(len(names), GREATEST)
        last = np.full(len(names), LEAST)
        ended = instants(contacts["ended_at"])
        np.minimum.at(first, program, instants(contacts["started_at"]))
        np.maximum.at(last, program, ended)
        there = [k for k in range(len(names)) if first[k] < GREATEST]
        return cls(
            by_program,
            {names[k]: int(first[k]) for k in there},
            {names[k]: int(last[k]) for k in there},
            _latest(ended),
        )

    @classmethod
    def together(cls, parts: "Iterable[Edges]") -> "Edges":
        """Put the edges of the parts of one record together."""
        by_program, latest = False, list[int]()
        first: dict[str | None, int] = {}
        last: dict[str | None, int] = {}
        for part in parts:
            by_program = part.by_program
            latest += part.latest
            for name, start in part.first_start.items():
                first[name] = min(first.get(name, start), start)
                last[name] = max(last.get(name, part.last_end[name]), part.last_end[name])
        return cls(by_program, first, last, _latest(np.array(latest, np.int64)))

    @property
    def start(self) -> int:
        """The first start of all, `GREATEST` where there is none."""
        return min(self.first_start.values(), default=GREATEST)

    @property
    def end(self) -> int:
        """The last end of all, `LEAST` where there is none."""
        return max(self.last_end.values(), default=LEAST)

    def of_rows(self, programs: pa.ChunkedArray, policy: Policy) -> tuple[Ints, Ints]:
        """Give for each row the first start, and the `as_of` by which it is judged."""
        program, names = _programs(programs, self.by_program)
        first = np.array([self.first_start.get(name, GREATEST) for name in names])
        last = np.array([self.last_end.get(name, LEAST) for name in names])
        if policy.as_of is not None:
            last[:] = policy.as_of
        return first[program], last[program]


def _latest(ended: Ints) -> tuple[int, ...]:
    if len(ended) > LATEST:
        ended = np.partition(ended, -LATEST)[-LATEST:]
    return tuple(np.sort(ended).tolist())


def _programs(column: pa.ChunkedArray, by_program: bool) -> tuple[Ints, list[str | None]]:
    """Number the programs of rows, the unknown one last; all are one unless they differ."""
    if not by_program:
        return np.zeros(len(column), np.int64), [None]
    names = column.unique().drop_null().to_pylist()
    return codes(column) % (len(names) + 1), [*names, None]
