"""The container file names what is there, and installs what the service needs and no more."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE = (ROOT / "Containerfile").read_text()
COPIED = [line.split()[1:-1] for line in FILE.splitlines() if line.startswith("COPY ")]
SOURCES = [one for words in COPIED for one in words if not one.startswith(("--", "/"))]


def plain(name: str) -> str:
    return re.split(r"[\[<>=!~; ]", name)[0].lower().replace("_", "-")


def test_what_is_copied_is_there():
    """Each source of a COPY is in the checkout."""
    assert {"src", "serving", "requirements/serve.txt"} <= set(SOURCES)
    assert [one for one in SOURCES if not (ROOT / one).exists()] == []


def test_what_is_copied_is_let_into_the_build_and_nothing_large():
    """All else stays out: an environment beside it has gigabytes."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == {
        one.split("/")[0] for one in SOURCES
    }


def test_every_package_of_the_wheel_is_copied_with_what_it_is_made_from():
    """The wheel is built inside; a package, readme or licence that moved would be missing there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    needed = [*packages, "pyproject.toml", project["project"]["readme"], "LICENSE"]
    assert [one for one in needed if one.split("/")[0] not in SOURCES] == []
    assert [one for one in needed if not (ROOT / one).exists()] == []


def test_what_the_service_reads_beside_its_code_is_in_its_package():
    """Pages, styles, scripts and the steps of the database come with the copied folder."""
    package = ROOT / "serving" / "recontact_serving"
    for part in ("templates/base.html", "static/recontact.css", "storage/migrations/__init__.py"):
        assert (package / part).is_file(), part


def test_the_pins_are_those_of_the_service_and_postgresql():
    """Every package of the service's extras is pinned, none of training or the tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["serve"], *extras["postgres"], *extras["oidc"]]
    pins = (ROOT / "requirements" / "serve.txt").read_text()
    pinned = set(re.findall(r"^([a-z0-9.-]+)==", pins, re.MULTILINE))
    assert {plain(name) for name in asked} <= pinned
    assert not pinned & {"lightgbm", "optuna", "pyspark", "pytest", "playwright"}
    dev = (ROOT / "requirements" / "dev.txt").read_text()
    versions = set(re.findall(r"^[a-z0-9.-]+==\S+", pins, re.MULTILINE))
    assert versions <= set(re.findall(r"^[a-z0-9.-]+==\S+", dev, re.MULTILINE))


def test_it_runs_as_nobody_special_and_is_looked_after():
    """Not as root; health is asked of a route that is there; what is kept is on a volume."""
    assert FILE.rindex("USER recontact") < FILE.rindex("ENTRYPOINT")
    assert "/health/live" in FILE.split("HEALTHCHECK")[1]
    assert "VOLUME /data" in FILE
    for kept in (
        "sqlite:////data/recontact.db",
        "RECONTACT_CACHE_DIR=/data/",
        "NUMBA_CACHE_DIR=/data/",
    ):
        assert kept in FILE
