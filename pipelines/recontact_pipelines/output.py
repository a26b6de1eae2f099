"""What the commands say: results on standard output, everything else on standard error."""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import PurePath
from typing import Any

PLAIN_EVERY_S = 5.0  # without a terminal, a long step says how far it is this often

Advance = Callable[..., None]


def emit(result: Mapping[str, Any], words: str, as_json: bool) -> None:
    """Print the result of a command on standard output.

    Parameters
    ----------
    result : mapping
        The result for programs; instants are written in UTC, what is not a number as null.
    words : str
        The same result for people.
    as_json : bool
        Print `result` as one JSON object and not `words`.

    Examples
    --------
    >>> emit({"rows": 2, "rate": float("nan")}, "2 rows", as_json=True)
    {"rows": 2, "rate": null}
    >>> emit({"rows": 2}, "2 rows", as_json=False)
    2 rows
    """
    text = json.dumps(_plain(result), ensure_ascii=False) if as_json else words
    print(text, flush=True)  # noqa: T201 - the result


def note(text: str) -> None:
    """Print one line for people on standard error, where it cannot disturb a result."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the one place that talks to people


@contextmanager
def progress(description: str, total: float | None = None) -> Iterator[Advance]:
    """Show on standard error that a step is under way, and how far it is.

    On a terminal this is a bar (or a spinner without `total`); elsewhere a line when the step
    begins, one now and then, and one when it is done.

    Parameters
    ----------
    description : str
        What is being done, in the user's words.
    total : float, optional
        The number of units that the step has; without it no share is shown.

    Yields
    ------
    callable
        `advance(n=1)`: n more units are done.

    Examples
    --------
    >>> with progress("labels", total=2) as advance:
    ...     advance()
    ...     advance()
    """
    shown = _bar if sys.stderr.isatty() else _lines
    with shown(description, total) as advance:
        yield advance


@contextmanager
def _bar(description: str, total: float | None) -> Iterator[Advance]:
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(description, total=total)
        yield lambda n=1: bar.advance(task, n)
        bar.update(task, total=total or 1, completed=total or 1)


@contextmanager
def _lines(description: str, total: float | None) -> Iterator[Advance]:
    began = said = time.monotonic()
    done = 0.0

    def advance(n: float = 1) -> None:
        nonlocal done, said
        done += n
        if time.monotonic() - said >= PLAIN_EVERY_S:
            said = time.monotonic()
            note(f"{description}: {_share(done, total)}")

    note(f"{description} ...")
    yield advance
    note(f"{description}: done in {time.monotonic() - began:.1f} s")


def _share(done: float, total: float | None) -> str:
    return f"{done / total:.0%}" if total else f"{done:,.0f}"


def _plain(value: Any) -> Any:
    """Turn a result into what JSON knows: no NaN, no NumPy scalar, instants as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, date | PurePath):
        return str(value)
    if hasattr(value, "tolist"):  # NumPy scalars and arrays
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
