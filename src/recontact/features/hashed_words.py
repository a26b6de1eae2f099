"""Words of a text counted in buckets by a hash, so that any text becomes some numbers.

Method: feature hashing (Weinberger et al., 2009, arXiv 0902.2206), without signs: a count of
words stays one.
"""

import re
from collections import Counter
from functools import lru_cache
from zlib import crc32

import numpy as np
import pyarrow as pa

from recontact.features.shapes import Floats

WORD = re.compile(r"\w+")


@lru_cache(maxsize=4096)
def buckets_of(text: str, buckets: int) -> tuple[int, ...]:
    """Count the words of a text by bucket; upper and lower case are the same.

    Examples
    --------
    >>> sum(buckets_of("The bill, the BILL!", 8))
    4
    >>> buckets_of("bill", 8) == buckets_of("Bill", 8)
    True
    """
    found = Counter(crc32(word.encode()) % buckets for word in WORD.findall(text.casefold()))
    return tuple(found[k] for k in range(buckets))


def counted(texts: pa.ChunkedArray, bucket: int, buckets: int) -> Floats:
    """Count the words of each text that fall into a bucket; nan where there is no text."""
    return np.array(
        [
            np.nan if text is None else buckets_of(text, buckets)[bucket]
            for text in texts.to_pylist()
        ],
        np.float64,
    )
