"""Compile loops over arrays with Numba, keeping the machine code where that is possible."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile a function on its first call and cache it beside its source or in the user's cache.

    Where neither place can be written, it is compiled anew in each process.

    Examples
    --------
    >>> @compiled
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(21)
    42
    """
    try:
        return cast("F", njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder to cache in
        return cast("F", njit(nogil=True)(function))
