"""Texts of simulated records, made for whole columns at once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.simulate.reasons import Ints


def numbered(prefix: str, numbers: Ints, digits: int = 12) -> pa.Array:
    """Write numbers with a one-letter prefix and leading zeros; negative ones are null.

    Examples
    --------
    >>> numbered("c", np.array([7, -1]), digits=3).to_pylist()
    ['c007', None]
    """
    width = 1 + digits
    whole = np.full((len(numbers), width), ord(prefix), dtype=np.uint8)
    rest = np.maximum(numbers, 0)
    for place in range(digits, 0, -1):
        rest, digit = np.divmod(rest, 10)
        whole[:, place] = digit + ord("0")
    ends = np.arange(0, (len(numbers) + 1) * width, width, dtype=np.int32)
    written = pa.StringArray.from_buffers(
        len(numbers), pa.py_buffer(ends.tobytes()), pa.py_buffer(whole.tobytes())
    )
    return nulls_where(written, numbers < 0)


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
