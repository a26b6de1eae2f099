"""The OpenAPI document is true: whatever it allows is answered as it says, all else is refused.

Schemathesis makes the requests: valid and invalid ones, other methods, other content types,
missing keys, and chains of calls. `RECONTACT_CAMPAIGN=1` makes many more of them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

from recontact_serving.people import keys
from recontact_serving.storage.database import Database

HERE = Path(__file__).parent / "openapi"
CAMPAIGN = bool(os.environ.get("RECONTACT_CAMPAIGN"))
OF_PEOPLE = {"POST /v1/at-risk/{contact_id}/assign"}  # no key may
STREAMS = 2  # they do not end by themselves (openapi/schemathesis.toml)
CALL = {"contact_id": "c-1001", "moment": "wrapup", "started_at": "2026-03-01T10:00:00Z"}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def try_out(
    address: str, folder: Path, cases: int, *more: str, refused: Collection[str] = ()
) -> None:
    """Try every operation of the document but the streams of events, so many times and more.

    Each is done at least once (or is told that somebody else has the contact by now), but those
    that whoever asks is not allowed to.
    """
    report = folder / "report.json"
    command = [sys.executable, "-m", "schemathesis.cli"]
    command += ["--config-file", str(HERE / "schemathesis.toml"), "run", f"{address}/openapi.json"]
    command += ["--no-color", "--continue-on-failure", "--report-json-path", str(report)]
    command += ["--max-examples", str(cases), *more]
    command += [] if CAMPAIGN else ["--seed", "1"]
    environ = {**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")}
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(report.read_text())
    assert found["operations"]["tested"] == found["operations"]["total"] - STREAMS
    assert found["test_cases"]["generated"] > cases * len(found["valid_rates"]) / 2
    for operation, rates in found["valid_rates"].items():
        accepted = sum(phase["accepted"] + phase["conflicts"] for phase in rates.values())
        assert bool(accepted) == (operation not in refused), operation


def test_what_the_document_says_holds_with_keys(start, guarded, models, tmp_path):
    """No fault, no undocumented answer, nothing invalid taken, nothing valid refused."""
    with Database(guarded.database_url).write() as db:
        header = f"Authorization: Bearer {keys.add(db, 'all', keys.SCOPES)}"
    running = start(guarded, models)
    name, _, value = header.partition(": ")
    running.client.post("/v1/score", json=CALL, headers={name: value}).raise_for_status()
    try_out(running.address, tmp_path, 120 if CAMPAIGN else 10, "-H", header, refused=OF_PEOPLE)


def test_what_the_document_says_holds_without_keys(running, tmp_path):
    """The same for a service that asks for none."""
    running.client.post("/v1/score", json=CALL).raise_for_status()
    phases = [] if CAMPAIGN else ["--phases", "examples,fuzzing"]
    known = ["--exclude-checks", "ignored_auth", "--generation-with-security-parameters", "false"]
    try_out(running.address, tmp_path, 120 if CAMPAIGN else 3, *phases, *known)
