"""Columns of text in which nothing is unusual, found without making new ones."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.compiled import compiled

SPACE, ASCII = 32, 128


def plain(column: pa.ChunkedArray) -> bool:
    r"""Tell whether no text is empty, begins with white space, or holds a NUL character.

    Texts that begin beyond ASCII, where white space is rarer, are not taken for plain either.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of string

    Examples
    --------
    >>> [plain(pa.chunked_array([["a", None, text]])) for text in ("b c", "", " ", "x\0", "é")]
    [True, False, False, False, False]
    """
    return all(_plain(chunk.cast(pa.large_string())) for chunk in column.chunks)


def _plain(text: pa.LargeStringArray) -> bool:
    _, offsets, data = text.buffers()
    begins = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    there = text.is_valid().to_numpy(zero_copy_only=False)
    if data is None:
        return not there.any()
    letters = np.frombuffer(data, np.uint8)
    used = letters[begins[0] : begins[-1]]
    return np.count_nonzero(used) == len(used) and bool(_usual(begins, letters, there))


@compiled
def _usual(
    begins: npt.NDArray[np.int64], letters: npt.NDArray[np.uint8], there: npt.NDArray[np.bool_]
) -> bool:
    for k in range(len(there)):
        if there[k]:
            first = begins[k]
            if first == begins[k + 1] or letters[first] <= SPACE or letters[first] >= ASCII:
                return False
    return True
