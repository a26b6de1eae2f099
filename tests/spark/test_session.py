"""Where Spark is found, what becomes of its errors, and the command that uses it."""

import json
import os
import signal
import subprocess
import sys

import pytest

from recontact.errors import UserError
from recontact.spark.records import FOUND, map_arrow
from recontact.spark.session import session
from recontact_pipelines.cli import main

QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # no long runs here to compile for
COMMAND = [sys.executable, "-m", "recontact_pipelines"]


@pytest.fixture
def no_session(monkeypatch):
    """As in a process that has no session yet."""
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)


def test_a_mistake_found_by_a_worker_reaches_the_user(spark):
    """An error that the user can mend is the same one on this side, not a trace of Java."""

    def fail(_):
        raise UserError("a.csv: the disk\nis full", "free some space")
        yield

    with session():
        failing = map_arrow(spark.range(1), fail, FOUND)
    with pytest.raises(UserError) as error, session():
        failing.toArrow()
    assert (error.value.what, error.value.mend) == ("a.csv: the disk\nis full", "free some space")


def test_a_fault_of_ours_stays_one(spark):
    """What a worker raises otherwise is not blamed on the user."""

    def fail(_):
        raise ZeroDivisionError
        yield

    with session():
        failing = map_arrow(spark.range(1), fail, FOUND)
    with pytest.raises(Exception, match="ZeroDivisionError") as error, session():
        failing.toArrow()
    assert not isinstance(error.value, UserError)


@pytest.mark.usefixtures("spark")
def test_ctrl_c_stays_what_it_was():
    """Spark does not put its own way of ending in place of that of the program."""
    handler = signal.getsignal(signal.SIGINT)  # of whoever runs the tests
    assert not getattr(handler, "__module__", "").startswith("pyspark")


def test_without_pyspark(monkeypatch):
    """Where PySpark is not installed the error names the extra."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UserError, match=r"pyspark.*\n.*recontact\[spark\]"), session():
        pass


@pytest.mark.usefixtures("no_session")
def test_no_server(monkeypatch):
    """An address where no Spark Connect is fails at once, and no token is shown."""
    monkeypatch.setenv("RECONTACT_SPARK", "sc://127.0.0.1:9/;token=secret")
    told = r"sc://127.0.0.1:9: .*\n.*RECONTACT_SPARK"
    with pytest.raises(UserError, match=told) as error, session():
        pass
    assert "secret" not in str(error.value)


def run(arguments, **environment):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def test_without_java(centre, tmp_path):
    """Where Java is missing the command names the package."""
    arguments = ["label", centre / "contacts.parquet", "--engine", "spark", "--out"]
    ended = run([*arguments, tmp_path / "labels.parquet"], JAVA_HOME=str(tmp_path))
    assert ended.returncode == 1
    assert "openjdk-17-jre-headless" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_bad_row_by_the_command(tmp_path):
    """The command starts Spark by itself, and of a bad row nothing is said but our words."""
    path = tmp_path / "a.csv"
    path.write_text("contact_id,started_at,ended_at\n1,2026-01-02,2026-01-01\n")
    arguments = ["label", path, "--engine", "spark", "--out", tmp_path / "labels.parquet"]
    ended = run(arguments, RECONTACT_SPARK="local[2]", JAVA_TOOL_OPTIONS=QUICK_START)
    assert (ended.returncode, ended.stdout) == (1, "")
    begun, error, mend = ended.stderr.splitlines()
    assert begun == "labeling ..."
    assert error == f"error: {path}, row 1 (contact_id '1'): ended_at before started_at"
    assert mend.startswith("  mend: ")


@pytest.mark.usefixtures("spark")  # it serves Spark Connect
def test_the_command_by_spark_connect(centre, connect_port, tmp_path, capsys):
    """Spark Connect gives the figures and the table of the default engine, and no word more."""
    contacts, ours, theirs = centre / "contacts.parquet", tmp_path / "a.csv", tmp_path / "b.csv"
    assert main(["label", str(contacts), "--out", str(ours), "--json"]) == 0
    expected = json.loads(capsys.readouterr().out) | {"out": str(theirs)}
    arguments = ["label", contacts, "--out", theirs, "--engine", "spark", "--json"]
    ended = run(arguments, RECONTACT_SPARK=f"sc://127.0.0.1:{connect_port}")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == expected
    assert all(line.startswith("labeling") for line in ended.stderr.splitlines()), ended.stderr
    assert theirs.read_bytes() == ours.read_bytes()


def test_labels_taken_over_are_not_for_spark():
    """--since with Spark is a usage error."""
    arguments = ["label", "a.csv", "--engine", "spark", "--since", "b", "--out", "c"]
    assert main(arguments) == 2


@pytest.mark.usefixtures("spark")  # it serves Spark Connect
def test_features_by_spark_connect(centre, connect_port, tmp_path, capsys):
    """Features by the command, too: the same figures and the same bytes."""
    contacts, labels = centre / "contacts.parquet", tmp_path / "l.parquet"
    ours, theirs = tmp_path / "a.csv", tmp_path / "b.csv"
    assert main(["label", str(contacts), "--out", str(labels)]) == 0
    given = ["features", contacts, "--labels", labels, "--moment", "wrapup", "--only"]
    given += ["contacts_7d,queue_repeat_rate", "--json", "--out"]
    capsys.readouterr()
    assert main([*map(str, given), str(ours)]) == 0
    expected = json.loads(capsys.readouterr().out) | {"out": str(theirs)}
    where = {"RECONTACT_SPARK": f"sc://127.0.0.1:{connect_port}"}
    ended = run([*given, theirs, "--engine", "spark"], **where)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == expected
    assert theirs.read_bytes() == ours.read_bytes()
