"""A run that is killed leaves outputs absent, old or whole; run again, it gives the same bytes."""

import os
from functools import cache
from pathlib import Path

import pytest
from tests.bad_input import killed
from tests.bad_input.builders import lines

from recontact.errors import UserError
from recontact.tables import expand
from recontact_pipelines.cli import main

POINTS = {"import": 7, "label": 6}  # in time, besides the steps below: 25 in all
if os.environ.get("RECONTACT_CAMPAIGN"):
    POINTS = dict.fromkeys(POINTS, 25)
OUTPUTS = {"import": ("contacts.parquet", "contacts.rejects.parquet"), "label": ("labels.parquet",)}
STEPS = [
    pytest.param(command, f"{step} {nth}", id=f"{command} {step} {nth}")
    for command, outputs in OUTPUTS.items()
    for nth in range(1, len(outputs) + 1)
    for step in killed.STEPS
]


@pytest.fixture(scope="module", autouse=True)
def importable():
    """Let the processes that are started find the module that they begin with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[2])
        yield


@pytest.fixture(scope="module")
def arguments(centre, tmp_path_factory):
    """Give the arguments of a command that writes into a folder."""
    bad = tmp_path_factory.mktemp("bad") / "bad.csv"
    bad.write_text(lines("", "x", "x") + "y\n")

    def of(command: str, folder: Path) -> list[str]:
        out = ["--out", str(folder / OUTPUTS[command][0])]
        if command == "label":
            return ["label", str(centre / "contacts.parquet"), *out]
        return ["import", "contacts", str(centre / "legs.parquet"), str(bad), *out]

    return of


@pytest.fixture(scope="module")
def whole(arguments, tmp_path_factory):
    """Give the bytes of each output of a run that was let be, and how many seconds it took."""

    @cache
    def run(command: str) -> tuple[dict[str, bytes], float]:
        folder = tmp_path_factory.mktemp("whole")
        code, seconds = killed.run(arguments(command, folder))
        assert code == 0
        return found(folder, command), seconds

    return run


def found(folder: Path, command: str) -> dict[str, bytes]:
    """Give the bytes of the outputs that are there."""
    paths = [folder / name for name in OUTPUTS[command]]
    return {path.name: path.read_bytes() for path in paths if path.exists()}


def check(folder: Path, command: str, old: dict[str, bytes], new: dict[str, bytes]) -> None:
    """Hold what a killed run left to what was there before and what a whole run leaves."""
    left = found(folder, command)
    assert all(content in (old.get(name), new[name]) for name, content in left.items())
    assert left.keys() >= old.keys()
    main_output = OUTPUTS[command][0]
    if left.get(main_output) == new[main_output]:  # who sees the contacts sees their rejects
        assert left == new
    try:
        inputs = {path.name for path in expand(folder)}
    except UserError:
        inputs = set()
    assert inputs <= left.keys()


@pytest.mark.parametrize(("command", "step"), STEPS)
def test_killed_at_a_step(command, step, arguments, whole, tmp_path):
    """Killed while an output is written, flushed or named, or just after: none is torn."""
    new, _ = whole(command)
    folder = tmp_path / "out"
    folder.mkdir()
    old = dict.fromkeys(new, b"older")
    for name, content in old.items():
        (folder / name).write_bytes(content)
    code, _ = killed.run(arguments(command, folder), at=step)
    assert code == -9
    check(folder, command, old, new)
    assert main(arguments(command, folder)) == 0
    assert found(folder, command) == new


@pytest.mark.parametrize("command", OUTPUTS)
def test_killed_at_any_time(command, arguments, whole, tmp_path):
    """Killed at points spread over a run, again and again in one folder: the same holds."""
    new, seconds = whole(command)
    folder = tmp_path / "out"
    codes, old = [], {}
    for point in range(POINTS[command]):
        after_s = seconds * (point + 0.5) / POINTS[command]
        code, _ = killed.run(arguments(command, folder), after_s=after_s)
        codes.append(code)
        check(folder, command, old, new)
        old = found(folder, command)
    assert set(codes) <= {0, -9}
    assert -9 in codes
    assert main(arguments(command, folder)) == 0
    assert found(folder, command) == new


def test_killed_between_two_folders(centre, tmp_path):
    """Labels in a folder that was set aside, the new ones not yet in its place, are found again."""
    args = ["label", str(centre / "contacts.parquet"), "--out", str(tmp_path / "labels")]
    assert main(args) == 0
    new = (tmp_path / "labels" / "contacts.parquet").read_bytes()
    code, _ = killed.run(args, at="renamed 1")
    assert code == -9
    assert not (tmp_path / "labels").exists()
    assert main([*args, "--since", str(tmp_path / "labels")]) == 0
    assert (tmp_path / "labels" / "contacts.parquet").read_bytes() == new
