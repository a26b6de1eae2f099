"""What is logged names no customer, no contact, no note and no key, whatever goes wrong."""

import io
import json
import logging
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog
from sqlalchemy.exc import IntegrityError, OperationalError

from recontact_serving.people import keys
from recontact_serving.storage.database import Database
from recontact_serving.web.logs import log_as_json

MARK = "XQZ"  # every value that is somebody's holds it
AT = "2026-03-01T10:00:00Z"
CONTACT = {
    "contact_id": f"contact-{MARK}",
    "customer_id": f"customer-{MARK}",
    "agent_id": f"agent-{MARK}",
    "started_at": AT,
    "ended_at": AT,
    "notes": f"note-{MARK}",
    "attributes": {f"name-{MARK}": f"value-{MARK}"},
}
BODIES = [
    CONTACT | {"moment": "wrapup"},
    {"requests": [CONTACT | {"moment": "wrapup"}, CONTACT]},
    {"contacts": [CONTACT, CONTACT | {"talk_s": f"much-{MARK}"}]},
    {"agent_id": f"agent-{MARK}"},
    {"probed": True, "promised": {"what": f"a-{MARK}", "owner": f"o-{MARK}", "due_at": AT}},
    {f"unknown-{MARK}": f"value-{MARK}"},
]


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged, as a service does it."""
    before, root, hook = structlog.get_config(), logging.root.handlers[:], threading.excepthook
    level = logging.root.level
    found = io.StringIO()
    log_as_json(found)
    yield found
    structlog.configure(**before)
    logging.root.handlers[:] = root
    logging.root.setLevel(level)
    logging.captureWarnings(False)
    threading.excepthook = hook


@pytest.fixture
def key(guarded) -> dict[str, str]:
    with Database(guarded.database_url).write() as db:
        return {"Authorization": f"Bearer {keys.add(db, f'key-{MARK}', keys.SCOPES)}"}


def ask_everything(client: Any, headers: dict[str, str]) -> set[int]:
    """Ask for everything that the document names, and more, with every body."""
    document = client.get("/openapi.json").json()
    paths = [(p, m) for p, ways in document["paths"].items() for m in ways]
    paths += [("/", "get"), ("/sign-in", "post"), (f"/nothing/{MARK}", "get")]
    found = set()
    for path, method in paths:
        if path.endswith("/events"):  # does not end
            continue
        where = path.replace("{contact_id}", f"contact-{MARK}")
        for body in BODIES if method in {"post", "put"} else [None]:
            query = {"team": f"team-{MARK}", "cursor": MARK, "next": f"/{MARK}"}
            for params in (None, query):
                for content in ({"json": body}, {"content": f'{{"contact_id": "{MARK}'}):
                    sent = headers | ({"Content-Type": "application/json"} if body else {})
                    answer = client.request(method, where, headers=sent, params=params, **content)
                    found.add(answer.status_code)
    return found


def check(logged: io.StringIO, capfd: Any, *secrets: str) -> list[dict[str, Any]]:
    """Each line is JSON and none holds what is somebody's; nothing else was written."""
    written = capfd.readouterr()
    for secret in (MARK, *secrets):
        assert secret not in logged.getvalue()
        assert secret not in written.out + written.err
    return [json.loads(line) for line in logged.getvalue().splitlines()]


def test_requests_leave_no_personal_data(start, guarded, models, key, logged, capfd):
    """Good requests and bad ones, with a key, a wrong one and none; and what is no HTTP at all."""
    running = start(guarded, models)
    seen = ask_everything(running.client, key)
    assert {200, 400, 404, 422} <= seen
    for headers in (
        {"Authorization": f"Bearer rck_{MARK}"},
        {"Cookie": f"recontact_session={MARK}"},
    ):
        assert {401} <= ask_everything(running.client, headers)
    where = urlsplit(running.address)
    with socket.create_connection((where.hostname, where.port)) as raw:
        raw.sendall(f"{MARK}\r\n\r\n".encode())
        raw.recv(1000)
    lines = check(logged, capfd, key["Authorization"].split()[1])
    assert {"/v1/score", "/v1/calls/{contact_id}"} <= {line.get("route") for line in lines}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError(f"what of {MARK}"), "builtins.ValueError"),
        (KeyError(f"customer-{MARK}"), "builtins.KeyError"),
        (
            IntegrityError(f"insert '{MARK}'", {"customer_id": MARK}, Exception(f"Key ({MARK})")),
            "sqlalchemy.exc.IntegrityError",
        ),
        (
            OperationalError(f"insert '{MARK}'", {"customer_id": MARK}, Exception(f"Key ({MARK})")),
            "sqlalchemy.exc.OperationalError",
        ),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_faults_are_told_by_kind_and_place(
    start, guarded, models, key, logged, capfd, monkeypatch, error, kind
):
    """Whatever the words of an error say, the log has its kind and place, and nobody's data."""

    @contextmanager
    def broken() -> Iterator[Any]:
        raise error
        yield

    running = start(guarded, models)
    monkeypatch.setattr(running.service.database, "write", broken)
    monkeypatch.setattr(models, "scored", lambda *_, **__: broken().__enter__())
    seen = ask_everything(running.client, key)
    assert (503 if isinstance(error, OperationalError) else 500) in seen
    lines = check(logged, capfd)
    told = [line for line in lines if kind in line.get("error", [])]
    assert told
    assert any("test_logs.py" in place for place in told[0]["places"])


def test_what_libraries_and_threads_say_is_cut(logged, capfd):
    """First lines of messages only, warnings without their words, threads without tracebacks."""
    log = logging.getLogger("some.library")
    try:
        raise RuntimeError(MARK)
    except RuntimeError:
        log.exception("it failed\nbecause of %s", MARK)
    warnings.showwarning(UserWarning(f"odd: {MARK}"), UserWarning, "file.py", 7)
    thread = threading.Thread(target=lambda: {}[MARK])
    thread.start()
    thread.join()
    lines = check(logged, capfd)
    assert [line["event"] for line in lines] == ["some.library", "py.warnings", "a thread ended"]
    assert lines[0]["error"] == ["builtins.RuntimeError"]
    assert lines[1]["message"] == "file.py:7: UserWarning"
    assert lines[2]["error"] == ["builtins.KeyError"]
