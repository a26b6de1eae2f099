"""Malformed files: each gives its exact result, or one error that names the file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.bad_input import csv_cases, json_cases, parquet_cases
from tests.bad_input.builders import Case

from recontact_pipelines.cli import main

TABLES = (*csv_cases.CASES, *parquet_cases.CASES)  # what every command reads
CASES = (*TABLES, *json_cases.CASES)  # what import reads
WRONG_FOR_IMPORT_ONLY = {"drift_of_lists"}  # labels look at no columns but our own
COUNTS = ("rows", "contacts", "merged_legs", "duplicates", "rejected")

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
def imported(tmp_path, capsys):
    """Give what the command did with a case: code, result, messages, contacts, rejects."""

    def run(case: Case) -> tuple[int, dict[str, int], str, pa.Table | None, list[Any]]:
        out, rejects = tmp_path / "out" / "contacts.parquet", tmp_path / "out" / "bad.parquet"
        (tmp_path / "mapping.yaml").write_text(case.mapping)
        options = ["--mapping", str(tmp_path / "mapping.yaml")] if case.mapping else []
        files = [str(path) for path in written(case, tmp_path)]
        code = main(
            [
                "import",
                "contacts",
                *files,
                "--out",
                str(out),
                "--rejects",
                str(rejects),
                "--json",
                *options,
            ]
        )
        said, told = capsys.readouterr()
        found = pq.read_table(out) if out.exists() else None
        apart = pq.read_table(rejects).to_pylist() if rejects.exists() else []
        return code, json.loads(said) if said else {}, told, found, apart

    return run


def written(case: Case, folder: Path) -> Iterator[Path]:
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
        yield folder / name


@each_case
def test_import(case: Case, imported, tmp_path):
    """Contacts and rejects are those that the table tells, or the error is the one it tells."""
    code, result, told, contacts, rejects = imported(case)
    assert code == (1 if case.error else 0), told
    assert "Traceback" not in told
    assert sorted(told_of(case, row) for row in rejects) == sorted(case.rejects)
    if case.error:
        [line] = [line for line in told.splitlines() if line.startswith("error: ")]
        assert case.error in told
        assert any(str(tmp_path / name) in line for name in case.files), line
        assert "mend: " in told
        assert contacts is None
        return
    assert contacts is not None
    assert shown(contacts, case.contacts) == list(case.contacts)
    rows = len(case.contacts) + case.merged + case.duplicates + len(case.rejects)
    wanted = (rows, len(case.contacts), case.merged, case.duplicates, len(case.rejects))
    assert tuple(result[name] for name in COUNTS) == wanted
    out, again = (str(tmp_path / "out" / name) for name in ("contacts.parquet", "again.parquet"))
    assert main(["import", "contacts", out, "--out", again]) == 0  # which changes nothing
    assert Path(again).read_bytes() == Path(out).read_bytes()


def shown(contacts: pa.Table, wanted: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """Give of each contact the columns that its expectation tells."""
    assert len(contacts) == len(wanted)
    rows = contacts.select(sorted({name for row in wanted for name in row})).to_pylist()
    return [{name: row[name] for name in want} for row, want in zip(rows, wanted, strict=True)]


def told_of(case: Case, row: dict[str, Any]) -> tuple[Any, ...]:
    """Give a reject as the table has it; its raw text is JSON."""
    json.loads(row["raw"], parse_constant=pytest.fail)
    place = (Path(row["file"]).name, row["row"]) if len(case.files) > 1 else (row["row"],)
    return (*place, row["reason"])


@pytest.mark.parametrize("case", [c for c in TABLES if not c.mapping], ids=lambda case: case.name)
def test_label(case: Case, tmp_path, capsys):
    """What is wholly clean is labeled; any other file is refused, and its first bad row named."""
    files = [str(path) for path in written(case, tmp_path)]
    wrong = case.error and case.name not in WRONG_FOR_IMPORT_ONLY
    clean = not (wrong or case.rejects or case.merged or case.duplicates)
    code = main(["label", *files, "--out", str(tmp_path / "labels.parquet")])
    told = capsys.readouterr().err
    assert code == (0 if clean else 1), told
    assert "Traceback" not in told
    if clean:
        labels = pq.read_table(tmp_path / "labels.parquet")
        assert len(labels) == len(case.contacts or case.files)
        return
    assert any(str(tmp_path / name) in told for name in case.files)
    assert any(wrong in told for wrong in what_is_wrong(case)), told
    assert not (tmp_path / "labels.parquet").exists()


@each_case
def test_suggest(case: Case, tmp_path, capsys):
    """A mapping is drafted for any file, or its one error told; there is never a fault."""
    for path in written(case, tmp_path):
        assert main(["import", "--suggest", str(path)]) in (0, 1), path
        assert "Traceback" not in capsys.readouterr().err


def what_is_wrong(case: Case) -> list[str]:
    """Give what must be said where the files are not labeled, be it one of several things."""
    reasons = [reject[-1] for reject in case.rejects if reject[-1] != "superseded"]
    if reasons:
        return reasons[:1]
    return [case.error] if case.error and "rows" not in case.error else ["row"]


def test_no_case_has_the_name_of_another():
    """Each case is named once, and there are as many as were promised."""
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 60
