"""Setting up the environment: a line a step, and what the installers say in a log that is named."""

import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
CHATTER = """#!/bin/sh
for k in 1 2 3 4 5 6 7 8 9; do echo "chatter $k of $0"; done
exit {code}
"""


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose installers only talk; those named in `failing` fail."""

    def make(*failing: str) -> Path:
        for folder in ("scripts", "requirements", ".venv/bin"):
            (tmp_path / folder).mkdir(parents=True)
        (tmp_path / "scripts/setup.sh").write_text((SCRIPTS / "setup.sh").read_text())
        (tmp_path / "requirements/demo.txt").write_text("one==1\ntwo==2\n")
        (tmp_path / "scripts/system.sh").write_text("#!/bin/sh\n")
        for name in ("python", "uv"):
            (tmp_path / ".venv/bin" / name).write_text(CHATTER.format(code=int(name in failing)))
        for file in (*tmp_path.glob("scripts/*"), *tmp_path.glob(".venv/bin/*")):
            file.chmod(0o755)
        return tmp_path

    return make


def setup(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(checkout / "scripts/setup.sh"), "demo"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_each_step_is_one_line_and_the_rest_is_kept(checkout):
    """The installers' own words are in the log alone."""
    folder = checkout()
    done = setup(folder)
    assert (done.returncode, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    assert [line.split(" (")[0] for line in lines[:-1]] == [
        "setup: installing the build tools",
        "setup: installing 2 packages",
        "setup: installing recontact itself",
    ]
    assert lines[-1].startswith("setup: ready after")
    assert (folder / ".venv/setup.log").read_text().count("chatter") == 27
    assert (folder / ".venv/.demo").exists()


def test_a_failure_shows_the_last_words_and_names_the_log(checkout):
    """The environment is not taken for made."""
    folder = checkout("python", "uv")
    done = setup(folder)
    assert done.returncode == 1
    assert "chatter 9" in done.stderr
    assert f"did not succeed: see {folder}/.venv/setup.log" in done.stderr
    assert not (folder / ".venv/.demo").exists()


def test_pip_does_what_uv_did_not(checkout):
    """It says so, and goes on."""
    folder = checkout("uv")
    done = setup(folder)
    assert done.returncode == 0
    assert "uv did not manage" in done.stderr
    assert "pip install --progress-bar off" in (folder / ".venv/setup.log").read_text()
