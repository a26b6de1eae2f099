"""Texts of simulated records, made for whole columns at once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.simulate.reasons import Ints

THREE = np.frombuffer("".join(f"{k:03d}" for k in range(1_000)).encode(), np.uint8).reshape(-1, 3)


def numbered(prefix: str, numbers: Ints, triples: int = 4) -> pa.Array:
    """Write numbers as a one-letter prefix and `triples` times three digits; below 0 is null.

    Examples
    --------
    >>> numbered("c", np.array([1007, -1]), triples=2).to_pylist()
    ['c001007', None]
    """
    width = 1 + 3 * triples
    whole = np.full((len(numbers), width), ord(prefix), dtype=np.uint8)
    rest = np.maximum(numbers, 0)
    for place in range(width - 3, 0, -3):
        rest, digits = np.divmod(rest, 1_000)
        whole[:, place : place + 3] = THREE[digits]
    ends = np.arange(0, (len(numbers) + 1) * width, width, dtype=np.int32)
    buffers = (pa.py_buffer(ends), pa.py_buffer(whole))
    return nulls_where(pa.StringArray.from_buffers(len(numbers), *buffers), numbers < 0)


def nulls_where(values: pa.Array, missing: npt.NDArray[np.bool_]) -> pa.Array:
    """Give the values with null where `missing`."""
    if not missing.any():
        return values
    index = pa.array(np.arange(len(values)), mask=missing)
    return values.take(index)


def named(names: Sequence[str | None], which: npt.NDArray[np.integer]) -> pa.Array:
    """Give the text of each code; codes below 0 are null.

    Examples
    --------
    >>> named(["a", "b"], np.array([1, -1, 0])).to_pylist()
    ['b', None, 'a']
    """
    index = pa.array(which.astype(np.int64), mask=np.asarray(which < 0))
    return pa.array(names, pa.string()).take(index)
