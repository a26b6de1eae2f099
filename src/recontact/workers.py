"""Work on several processors at once, its results in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
WORKERS = min(4, os.cpu_count() or 1)  # each holds its own rows in memory


def each(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Apply a function to items in threads, as arrays and files allow, and give the results.

    Parameters
    ----------
    function : callable
        Its first error, in the order of the items, ends the work.
    items : iterable
        Taken when there is a thread to work on them.

    Examples
    --------
    >>> list(each(abs, [-3, 2, -1]))
    [3, 2, 1]
    """
    pool = ThreadPoolExecutor(WORKERS)
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
