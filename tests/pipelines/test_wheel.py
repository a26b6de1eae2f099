"""The wheel, built from the tree and installed alone, gives a working command."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("src/recontact", "pipelines/recontact_pipelines", "serving/recontact_serving")
OURS = ("PYTHON", "RECONTACT", "VIRTUAL_ENV", "COVERAGE")  # of this run, not of the user's shell


def run(*args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program as a user would, outside the checkout."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    words = [str(arg) for arg in args]
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from the tree."""
    out = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    return next(out.glob("recontact-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Install the wheel with its core dependencies only, and return the folder of its programs."""
    folder = tmp_path_factory.mktemp("empty")
    assert run(sys.executable, "-m", "venv", folder / "venv", cwd=folder).returncode == 0
    python = folder / "venv/bin/python"
    what = ("-c", ROOT / "requirements/dev.txt", wheel)
    uv = Path(sys.executable).with_name("uv")
    done = run(uv, "pip", "install", "--python", python, *what, cwd=folder)
    if done.returncode:  # an index that only pip is configured for
        unhashed = folder / "constraints.txt"
        pins = (ROOT / "requirements/dev.txt").read_text().splitlines()
        lines = [line.removesuffix("\\").strip() for line in pins if "==" in line]
        unhashed.write_text("\n".join(lines))
        done = run(python, "-m", "pip", "install", "-c", unhashed, wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "venv/bin"


def test_the_wheel_carries_every_committed_file_of_the_three_packages(wheel):
    """Modules, templates, styles and py.typed marks are in the wheel, and nothing else is."""
    listed = run("git", "ls-files", *PACKAGES, cwd=ROOT)
    if listed.returncode:
        pytest.skip("not a git checkout")
    committed = {name.split("/", 1)[1] for name in listed.stdout.split() if (ROOT / name).exists()}
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert committed <= packed
    assert {f"{name.split('/')[1]}/py.typed" for name in PACKAGES} <= packed
    assert not [name for name in packed if name.endswith(".pyc")]


@pytest.mark.slow
def test_the_wheel_alone_simulates_and_labels(installed, tmp_path):
    """With the core dependencies alone the first steps work, and training names its extra."""
    recontact = installed / "recontact"
    assert run(recontact, "--version", cwd=tmp_path).stdout.startswith("recontact ")

    size = ("--contacts", 2000, "--seed", 7)
    simulated = run(recontact, "simulate", *size, "--out", "centre", cwd=tmp_path)
    assert simulated.returncode == 0, simulated.stderr

    contacts, labels = "centre/contacts.parquet", "labels.parquet"
    labeled = run(recontact, "label", contacts, "--out", labels, cwd=tmp_path)
    assert labeled.returncode == 0, labeled.stderr
    assert (tmp_path / labels).stat().st_size > 0

    train = run(recontact, "train", contacts, cwd=tmp_path)
    assert train.returncode == 1
    assert 'pip install "recontact[train]"' in train.stderr
    assert "Traceback" not in train.stderr


def test_the_service_asks_for_its_extra(installed, tmp_path):
    """Without the extra `serve`, the service's command names it and shows no traceback."""
    serve = run(installed / "recontact", "serve", cwd=tmp_path)
    assert serve.returncode == 1
    assert 'pip install "recontact[' in serve.stderr
    assert "Traceback" not in serve.stderr
