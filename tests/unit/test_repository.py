"""What is committed: no machine's paths, no registry's address, every package pinned by hash."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
PLACES = re.compile(r"(?<![\w.<>$/}-])/(?:work|tmp|root|home|opt)/")
REGISTRIES = re.compile(r"\bpypi[.]|pythonhosted|--(extra-)?index-url|--find-links")
ONE_DATA_PATH = "shared/data"


def committed() -> list[Path]:
    """Return the files that git knows, but for pictures and this one, which names what it seeks."""
    run = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if run.returncode:
        pytest.skip("not a git checkout")
    files = {ROOT / name for name in run.stdout.split("\0") if name} - {Path(__file__)}
    return [
        path for path in sorted(files) if path.is_file() and b"\0" not in path.read_bytes()[:8000]
    ]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Return the committed lines in which the pattern occurs."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in committed()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_committed_file_names_a_place_on_some_machine():
    """The tree works wherever it lies: no absolute path of a developer's machine is in it."""
    assert lines_with(PLACES) == []


def test_no_committed_file_names_a_package_registry():
    """Which registry packages come from is for each machine to say."""
    assert lines_with(REGISTRIES) == []


def test_the_data_folder_outside_the_tree_is_named_once():
    """Only .ci/run knows the folder that may hold real records."""
    found = lines_with(re.compile(re.escape(ONE_DATA_PATH)))
    assert [line.split(":")[0] for line in found] == [".ci/run"]


@pytest.mark.parametrize(
    "line", ["cp /work/x .", 'open("/tmp/a.csv")', "HOME=/root/here", "see /home/me/notes"]
)
def test_a_planted_path_is_found(line):
    """The search above sees a machine's path in a command, a string or a sentence."""
    assert PLACES.search(line)


def test_every_link_inside_the_tree_leads_somewhere():
    """A link in a Markdown page to another file of the tree names one that is there."""
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in committed()
        if path.suffix == ".md"
        for target in link.findall(re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL))
        if not (path.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_by_version_and_hash(path):
    """Each entry names one version and at least one SHA-256, and nothing else is in the file."""
    text = re.sub(r"(?m)^\s*#.*\n", "", path.read_text()).replace("\\\n", " ")
    entry = re.compile(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+( ; .*?)?( +--hash=sha256:[0-9a-f]{64})+ *")
    lines = text.splitlines()
    assert len(lines) > 3
    assert [line for line in lines if not entry.fullmatch(line)] == []


def test_the_demo_runs_on_the_versions_that_are_tested():
    """Each package of the demo's requirements is pinned as in the tests' requirements."""
    demo, dev = (
        set(re.findall(r"(?m)^[a-z0-9].*==[^\\]*", (ROOT / "requirements" / name).read_text()))
        for name in ("demo.txt", "dev.txt")
    )
    assert demo < dev
