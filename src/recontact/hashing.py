"""Texts as 64-bit numbers: to spread them over buckets, and to find those that come twice."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.compiled import compiled

Hashes = npt.NDArray[np.uint64]
PRIME, SEED = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)


def hashed(column: pa.ChunkedArray) -> Hashes:
    """Hash a column of text: FNV-1a of the bytes, its bits then mixed; null is 0.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of string

    Returns
    -------
    numpy.ndarray of uint64
        The same text has the same number on every machine.

    References
    ----------
    Fowler, Noll, Vo and Eastlake, "The FNV non-cryptographic hash algorithm"; the finisher is that
    of Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators".

    Examples
    --------
    >>> numbers = hashed(pa.chunked_array([["x", None], ["x", "y"]]))
    >>> bool(numbers[0] == numbers[2]), bool(numbers[2] == numbers[3]), int(numbers[1])
    (True, False, 0)
    """
    parts = [_hashed(chunk.cast(pa.large_string())) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def _hashed(text: pa.LargeStringArray) -> Hashes:
    _, offsets, data = text.buffers()
    begins = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    numbers = np.zeros(len(text), np.uint64)
    if data is not None:
        _mix(begins, np.frombuffer(data, np.uint8), numbers)
    numbers[~text.is_valid().to_numpy(zero_copy_only=False)] = 0
    return numbers


@compiled
def _mix(begins: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], numbers: Hashes) -> None:
    for k in range(len(numbers)):
        number = SEED
        for at in range(begins[k], begins[k + 1]):
            number = (number ^ np.uint64(data[at])) * PRIME
        number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        numbers[k] = number ^ (number >> np.uint64(31))
