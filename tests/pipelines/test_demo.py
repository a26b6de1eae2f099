"""The demo: the whole main job in one command, its scoreboard, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pyarrow as pa
import pytest

from recontact.errors import UserError
from recontact.policy import Policy
from recontact_pipelines import demo, scoreboard
from recontact_pipelines.cli import main
from recontact_pipelines.local_service import serving

OUTCOMES = ("repeated", "escalation")


def answer(contact_id: str, repeated: str, escalation: str, moment: str = "wrapup") -> dict:
    """Make the part of a score that the scoreboard reads."""
    bands = dict(zip(OUTCOMES, (repeated, escalation), strict=True))
    return {"contact_id": contact_id, "moment": moment, **{o: {"band": bands[o]} for o in OUTCOMES}}


@pytest.fixture
def background():
    """Begin what is begun as a script's background job, which ignores Ctrl-C, and undo it."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


pytestmark = pytest.mark.usefixtures("background")


@pytest.mark.slow
def test_the_demo_does_the_main_job_and_ends_at_ctrl_c(tmp_path):
    """From simulated contacts to a served list; Ctrl-C ends it and the service, with code 0."""
    command = [sys.executable, "-m", "recontact_pipelines", "demo", "--json"]
    size = ["--contacts", "6000", "--port", "0", "--out", str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command + size, **pipes) as run:
        line = run.stdout.readline()
        assert line, run.stderr.read().decode()
        board = json.loads(line)
        page = httpx.get(board["address"], trust_env=False)
        listed = httpx.get(f"{board['address']}/v1/at-risk?limit=1000", trust_env=False).json()
        proof = httpx.get(f"{board['address']}/proof", trust_env=False).text
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=60)[1].decode()
    assert run.returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(board["address"], trust_env=False)
    assert page.status_code == 200
    ended = max(datetime.fromisoformat(item["at"]) for item in listed["items"])
    assert timedelta(0) < datetime.now(UTC) - ended < timedelta(days=1, hours=1)
    assert len(listed["items"]) == board["list"]["of"] > 30
    assert board["live"]["scores"] == 2 * board["list"]["of"]
    assert {(row["target"], row["moment"]) for row in board["auc"]} >= {
        (target, moment) for target in OUTCOMES for moment in ("start", "wrapup")
    }
    assert all(row["ceiling"] > row["rule"] for row in board["auc"])
    assert 0.5 < board["fcr"] < 1
    assert "50 % of the customers at risk were held out since" in proof
    assert "called back: not reached" in proof
    for step in ("simulating", "labeling", "training", "history", "playing"):
        assert step in said
    assert "Traceback" not in said


@pytest.mark.parametrize("once", [True, False])
def test_once_ends_by_itself(once, tmp_path, monkeypatch, capsys):
    """With --once the demo ends after the scoreboard; without, only at Ctrl-C."""
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        raise KeyboardInterrupt

    @contextmanager
    def shown(*_: object):
        yield demo.Shown({"address": "here"}, "the scoreboard")

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr(demo, "simulated", lambda *_: None)
    monkeypatch.setattr(demo, "shown", shown)
    args = ["demo", "--out", str(tmp_path), "--port", "0", *(["--once"] if once else [])]
    assert main(args) == 0
    assert capsys.readouterr().out == "the scoreboard\n"
    assert bool(slept) is not once


def test_a_port_in_use_is_told_before_the_work_begins(tmp_path, capsys):
    """The demo does not train for minutes to find that it can't listen."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", "--out", str(tmp_path / "demo"), "--port", str(port)]) == 1
    err = capsys.readouterr().err
    assert f"port {port}" in err
    assert "--port" in err
    assert not (tmp_path / "demo").exists()


def test_a_service_that_does_not_come_up_shows_the_end_of_its_log(tmp_path):
    """What the service said before it ended is in the message."""
    settings = {"RECONTACT_DATABASE_URL": "nonsense://"}
    log = tmp_path / "service.log"
    with (
        pytest.raises(UserError, match=r"does not come up\n(.|\n)*error: "),
        serving("127.0.0.1", 0, settings, log),
    ):
        raise AssertionError("it came up")


def test_too_few_contacts_for_a_demo(tmp_path, capsys):
    """A handful of contacts ends in one message with the mend."""
    assert main(["demo", "--contacts", "20", "--out", str(tmp_path), "--port", "0"]) == 1
    assert "--contacts" in capsys.readouterr().err


def test_a_demo_leaves_nothing_of_the_one_before(tmp_path):
    """Databases and tables of an earlier demo are removed, what else lies there stays."""
    for name in ("recontact.db", "recontact.db-wal", "mlflow.db", "labels.parquet", "mine.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in demo.fresh(tmp_path).iterdir()] == ["mine.txt"]


def test_the_proof_is_of_contacts_that_are_off_the_list_by_now():
    """Their window has passed, and a day besides, before the first one that is played."""
    day = datetime(2026, 3, 1, tzinfo=UTC)
    ended = [day + timedelta(days=number) for number in range(30)]
    names = [str(number) for number in range(30)]
    times = pa.array(ended, pa.timestamp("us", "UTC"))
    contacts = pa.table({"contact_id": names, "ended_at": times})
    labels = pa.table({"contact_id": names, "repeated": [None, *[False] * 29]})
    since = int(ended[20].timestamp() * 1e6)
    found = demo.past_contacts(contacts, labels, Policy(), since, 0.5)
    assert found["contact_id"].to_pylist() == [str(number) for number in range(10, 18)]


def test_the_list_is_judged_by_what_came_afterwards():
    """Only outcomes that had not happened yet when the score was given count as caught."""
    labels = pa.table(
        {
            "contact_id": ["a", "b", "c", "d"],
            "repeated": [True, True, False, False],
            "escalation": [False, False, True, None],
        }
    )
    scores = [
        answer("a", "high", "low"),
        answer("b", "already", "low"),
        answer("c", "low", "high"),
        answer("d", "low", "low"),
        answer("d", "high", "high", moment="start"),
    ]
    assert scoreboard.caught(scores[:2], scores, labels) == {
        "listed": 2,
        "caught": 1,
        "of": 4,
        "all": 2,
        "by_chance": 1.0,
    }
