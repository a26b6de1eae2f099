"""The container file names what is there, and installs what the service needs and no more."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE = (ROOT / "Containerfile").read_text()


def plain(name: str) -> str:
    return re.split(r"[\[<>=!~; ]", name)[0].lower().replace("_", "-")


def test_what_is_copied_is_there():
    """Each source of a COPY is in the checkout."""
    copied = [line.split()[1:-1] for line in FILE.splitlines() if line.startswith("COPY ")]
    sources = [one for words in copied for one in words if not one.startswith(("--", "/"))]
    assert {"src", "serving", "requirements/serve.txt"} <= set(sources)
    assert [one for one in sources if not (ROOT / one).exists()] == []


def test_the_pins_are_those_of_the_service_and_postgresql():
    """Every package of the extras serve and postgres is pinned, none of training or the tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["serve"], *extras["postgres"]]
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
    assert "sqlite:////data/recontact.db" in FILE
