"""Where labels are written: one file, or a folder with a file for each file of contacts."""

import glob
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recontact.errors import UserError
from recontact.labels.parts import Mark, written
from recontact.labels.since import Plan
from recontact.labels.table import PARTS, POLICY, SCHEMA, of_policy
from recontact.policy import Policy
from recontact.writing import writing

Write = Callable[[pa.Table], None]
Outputs = Iterator[tuple[Write, list[int]]]


def folder_of(out: Path) -> Path:
    """Give the folder in which an output will lie, made where it is missing."""
    folder = out.absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out} can't be written: {error}", "choose another place") from error
    return folder


@contextmanager
def writing_labels(out: Path, policy: Policy, todo: Plan, marks: list[Mark]) -> Iterator[Outputs]:
    """Give what is to be written: pairs of a function that adds rows, and the parts to give it.

    Parameters
    ----------
    out : pathlib.Path
        A file, or, without a suffix, a folder.
    policy : Policy
        Kept in the metadata.
    todo : Plan
        Files of a folder of which no part is labeled anew are not written again.
    marks : list of Mark
        Of all parts; kept in the metadata of the file that holds their labels.

    Raises
    ------
    UserError
        The place can't be written, or the folder holds something else.
    """
    numbers = list(range(len(marks)))
    if out.suffix:
        with writing(out, _schema(policy, marks)) as write:
            yield iter([(write, numbers)])
    else:
        refuse_others(out)
        with replacing_folder(out) as new:
            yield _files(new, policy, todo, marks)


def _schema(policy: Policy, marks: list[Mark]) -> pa.Schema:
    return SCHEMA.with_metadata(of_policy(policy) | {PARTS: written(marks)})


def _files(new: Path, policy: Policy, todo: Plan, marks: list[Mark]) -> Outputs:
    names: set[str] = set()
    for path, run in groupby(range(len(marks)), lambda k: todo.parts[k].path):
        numbers = list(run)
        target = new / f"{path.stem}.parquet"
        if target.name in names:
            raise UserError(
                f"two files of contacts are named {path.stem}", "rename one, or write to one file"
            )
        names.add(target.name)
        untouched = todo.untouched(numbers)
        if untouched:
            _link(untouched, target)
            continue
        with writing(target, _schema(policy, [marks[k] for k in numbers])) as write:
            yield write, numbers


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError:  # on another disk, or on one that knows no links
        shutil.copy2(old, new)


def refuse_others(out: Path) -> None:
    """Refuse a folder that holds anything but labels: what is in it would be lost."""
    if not out.exists():
        return
    for path in out.iterdir() if out.is_dir() else [out]:
        with suppress(OSError, pa.ArrowInvalid):
            if POLICY in (pq.read_schema(path).metadata or {}):
                continue
        raise UserError(
            f"{out} is there already, and {path} is no table of labels", "name another folder"
        )


def restore(out: Path) -> None:
    """Put back a folder that a run had set aside when it was killed, before its new one stood."""
    aside = sorted(out.parent.glob(f".{glob.escape(out.name)}.*.old")) if not out.suffix else []
    if aside and not out.exists():
        aside[-1].rename(out)


@contextmanager
def replacing_folder(out: Path) -> Iterator[Path]:
    """Give a folder that takes the place of `out` once all is written."""
    mark = secrets.token_hex(4)
    new, old = (out.with_name(f".{out.name}.{mark}.{what}") for what in ("part", "old"))
    try:
        new.mkdir()
        yield new
        if out.exists():
            out.rename(old)
        new.rename(out)
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(f"{out} can't be written: {why}", "choose another place") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
