"""The commands around the service: `keys`, `users`, `load` and what `serve` refuses."""

import io
import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
import structlog

from recontact.errors import UserError
from recontact_pipelines.cli import main
from recontact_serving import server
from recontact_serving.models.follower import Follower
from recontact_serving.people import accounts, keys, sessions
from recontact_serving.server import listen
from recontact_serving.storage.database import Database


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch, database_url):
    """A folder of its own, and nothing set by the user."""
    for name in ("AUTH", "HOST", "PORT", "MLFLOW_URI", "DEBUG"):
        monkeypatch.delenv(f"RECONTACT_{name}", raising=False)
    monkeypatch.setenv("RECONTACT_DATABASE_URL", database_url)
    monkeypatch.setenv("RECONTACT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(server, "log_as_json", lambda: None)  # it is for a process of its own
    monkeypatch.setattr(server, "log", structlog.wrap_logger(structlog.PrintLogger(sys.stderr)))
    monkeypatch.chdir(tmp_path)


def run(capsys, *words: str) -> tuple[int, str, str]:
    code = main(words)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_key_is_shown_once_and_works_until_revoked(capsys, database_url):
    """`add` prints the key alone on standard output; `list` never does; `revoke` ends it."""
    code, key, _ = run(capsys, "keys", "add", "desktop")
    assert code == 0
    key = key.strip()
    assert len(key) > 43
    code, listed, _ = run(capsys, "keys", "list", "--json")
    assert key not in listed
    assert [row["name"] for row in json.loads(listed)["keys"]] == ["desktop"]
    with Database(database_url).read() as db:
        assert [kept.digest for kept in keys.live(db)] == [keys.digest(key)]
    assert run(capsys, "keys", "revoke", "desktop")[0] == 0
    with Database(database_url).read() as db:
        assert keys.live(db) == []


def test_keys_say_what_they_are_for_and_change_over(capsys):
    """`list` shows limits and never a key; `rotate` says what ends the older one."""
    limits = ["--scope", "read", "--scope", "ingest", "--program", "acme", "--team", "north"]
    first = run(capsys, "keys", "add", "crm", *limits)[1].strip()
    code, second, told = run(capsys, "keys", "rotate", "crm")
    assert code == 0
    assert "recontact keys revoke crm --older" in told
    listed = run(capsys, "keys", "list", "--json")[1]
    rows = json.loads(listed)["keys"]
    assert [(r["name"], r["scopes"], r["programs"], r["teams"]) for r in rows] == [
        ("crm", ["ingest", "read"], ["acme"], ["north"])
    ] * 2
    assert {r["state"] for r in rows} == {"in force"}
    assert {r["last_used_at"] for r in rows} == {None}
    assert run(capsys, "keys", "revoke", "crm", "--older", "--json")[1] == (
        '{"name": "crm", "revoked": 1}\n'
    )
    table = run(capsys, "keys", "list")[1]
    assert [line.split()[-1] for line in table.splitlines()] == ["state", "revoked", "force"]
    assert "never" in table
    for text in (listed, table):
        for key in (first, second.strip()):
            assert key not in text
            assert keys.digest(key) not in text


def test_a_user_is_added_with_a_password_from_standard_input(capsys, monkeypatch, database_url):
    """The password is read from a pipe, kept as a digest, and checked."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    assert run(capsys, "users", "add", "ada", "--password-stdin")[0] == 0
    assert json.loads(run(capsys, "users", "list", "--json")[1])["users"][0]["name"] == "ada"
    with Database(database_url).read() as db:
        assert accounts.check_password(db, "ada", "correct horse battery")
        assert not accounts.check_password(db, "ada", "wrong")
        assert not accounts.check_password(db, "bob", "correct horse battery")
    assert run(capsys, "users", "remove", "ada")[0] == 0
    assert json.loads(run(capsys, "users", "list", "--json")[1]) == {"users": []}


def add_person(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    return run(capsys, "users", "add", *words, "--password-stdin")


def people_listed(capsys) -> dict[str, dict]:
    rows = json.loads(run(capsys, "users", "list", "--json")[1])["users"]
    return {row["name"]: row for row in rows}


def test_people_have_roles_programs_and_teams(capsys, monkeypatch):
    """The first is admin, later ones agent unless it is said otherwise; the table shows it all."""
    assert "may sign in as admin" in add_person(monkeypatch, capsys, "ada")[1]
    assert "'ben' sees nothing yet" in add_person(monkeypatch, capsys, "ben")[2]
    limits = ["--program", "acme", "--program", "other", "--team", "north"]
    code, out, _ = add_person(monkeypatch, capsys, "cleo", "--role", "lead", *limits, "--json")
    assert code == 0
    assert json.loads(out)["programs"] == ["acme", "other"]
    found = people_listed(capsys)
    assert {name: row["role"] for name, row in found.items()} == {
        "ada": "admin",
        "ben": "agent",
        "cleo": "lead",
    }
    assert (found["cleo"]["teams"], found["ada"]["programs"]) == (["north"], None)
    table = run(capsys, "users", "list")[1]
    assert "acme, other" in table
    assert len(table.splitlines()) == 4


def test_set_changes_what_is_named_and_leaves_the_rest(capsys, monkeypatch, database_url):
    """An empty text takes a limit away; a new password ends the sessions."""
    add_person(monkeypatch, capsys, "ada")
    limits = ["--role", "lead", "--program", "acme", "--team", "north"]
    add_person(monkeypatch, capsys, "ben", *limits)
    code, out, _ = run(capsys, "users", "set", "ben", "--role", "manager", "--team", "")
    assert (code, out) == (0, "'ben' is changed: manager; program acme\n")
    assert run(capsys, "users", "set", "ben", "--agent-id", "a-17", "--json")[0] == 0
    ben = people_listed(capsys)["ben"]
    assert (ben["role"], ben["agent_id"], ben["teams"]) == ("manager", "a-17", None)
    with Database(database_url).write() as db:
        token = sessions.begin(db, "ben")
    monkeypatch.setattr(sys, "stdin", io.StringIO("seven green bottles\n"))
    assert run(capsys, "users", "set", "ben", "--password-stdin")[0] == 0
    with Database(database_url).read() as db:
        assert accounts.check_password(db, "ben", "seven green bottles")
        assert sessions.find(db, token) is None


def test_the_last_admin_stays(capsys, monkeypatch):
    """Neither removed nor demoted while there is anybody else."""
    add_person(monkeypatch, capsys, "ada")
    assert run(capsys, "users", "set", "ada", "--role", "lead")[0] == 1
    add_person(monkeypatch, capsys, "ben", "--role", "lead")
    code, _, err = run(capsys, "users", "remove", "ada")
    assert (code, "the last admin" in err, "--role admin" in err) == (1, True, True)
    assert run(capsys, "users", "set", "ben", "--role", "admin")[0] == 0
    assert run(capsys, "users", "remove", "ada")[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("keys", "add"), "keys add needs a name"),
        (("keys", "revoke", "x"), "no key named 'x'"),
        (("keys", "rotate", "x"), "no key named 'x'"),
        (("keys", "add", "x", "--scope", "all"), "'all' is no scope"),
        (("keys", "revoke", "x", "--scope", "read"), "are for a new key"),
        (("keys", "add", "x", "--older"), "--older is for revoke"),
        (("users", "add"), "users add needs a name"),
        (("users", "remove", "x"), "no user named 'x'"),
        (("users", "add", "x", "--password-stdin"), "the password has 0 characters"),
        (("users", "set", "x", "--role", "lead"), "no user named 'x'"),
        (("users", "set", "x"), "nothing is to be changed"),
        (("users", "list", "--role", "lead"), "users list takes no role"),
        (("users", "remove", "x", "--team", "a"), "users remove takes no role"),
        (("load",), "no contacts are named"),
        (("load", "nothing.parquet"), "nothing.parquet"),
        (("serve",), "neither a key nor a user"),
        (("serve", "--host", "no.such.host.invalid"), "neither a key nor a user"),
    ],
)
def test_a_mistake_is_one_message_with_its_mend(capsys, monkeypatch, words, told):
    """Exit code 1, what is wrong and what mends it, and no traceback."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    code, out, err = run(capsys, *words)
    assert (code, out) == (1, "")
    assert told in err
    assert "mend:" in err
    assert "Traceback" not in err


def test_names_are_taken_once(capsys):
    """A second key of the same name is refused."""
    assert run(capsys, "keys", "add", "desktop")[0] == 0
    code, _, err = run(capsys, "keys", "add", "desktop")
    assert code == 1
    assert "there is a key named 'desktop' already" in err


def test_serve_says_that_the_port_is_in_use(capsys, monkeypatch):
    """A second service on a port ends at once, with the mend."""
    monkeypatch.setenv("RECONTACT_AUTH", "off")
    with listen("127.0.0.1", 0) as taken:
        code, _, err = run(capsys, "serve", "--port", str(taken.getsockname()[1]))
    assert code == 1
    assert "is in use" in err
    assert "--port" in err


def test_serve_without_keys_stays_on_this_machine(capsys, monkeypatch):
    """RECONTACT_AUTH=off on an address that others reach is refused."""
    monkeypatch.setenv("RECONTACT_AUTH", "off")
    code, _, err = run(capsys, "serve", "--host", "192.0.2.1")
    assert code == 1
    assert "RECONTACT_AUTH=off is for this machine alone" in err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # files are left by it alone
@pytest.mark.parametrize("auth", ["on", "off"])
def test_a_refused_service_leaves_no_database_behind(capsys, monkeypatch, tmp_path, auth):
    """Without a key, or with its port taken, `serve` ends before it makes a file."""
    monkeypatch.setenv("RECONTACT_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")
    monkeypatch.setenv("RECONTACT_AUTH", auth)
    with listen("127.0.0.1", 0) as taken:
        code, _, err = run(capsys, "serve", "--port", str(taken.getsockname()[1]))
    assert code == 1
    assert ("neither a key" if auth == "on" else "is in use") in err
    assert not list(tmp_path.glob("new.db*"))


def test_the_registry_is_asked_before_anything_else_is_loaded(capsys, monkeypatch):
    """The process that follows it is started first, and ended where the service is refused."""
    done = []
    for name in ("ensure", "stop"):
        monkeypatch.setattr(Follower, name, lambda _, name=name: done.append(name))
    monkeypatch.setattr(server, "_check", lambda settings: done.append(settings.began) or _fail())
    assert run(capsys, "serve")[0] == 1
    assert done[0] == "ensure"
    assert isinstance(done[1], float)
    assert done[2:] == ["stop"]


def _fail():
    raise UserError("no", mend="none")


def test_what_starts_a_service_needs_nothing_that_answers_requests():
    """So that the first line of its log, and the first question to the registry, come at once."""
    heavy = "{'fastapi', 'uvicorn', 'sqlalchemy', 'numba', 'jinja2'}"
    code = f"import sys, recontact_serving.server; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_load_counts_what_is_new(capsys, tmp_path, simulated):
    """Contacts are loaded once; without a champion the rates follow the default policy."""
    file = str(tmp_path / "contacts.parquet")
    pq.write_table(simulated.slice(0, 1500), file)
    code, out, err = run(capsys, "load", file, "--json")
    assert code == 0
    counts = json.loads(out)
    assert (counts["accepted"], counts["unchanged"], counts["contacts"]) == (1500, 0, 1500)
    assert "the default policy is used" in err
    counts = json.loads(run(capsys, "load", file, "--json")[1])
    assert (counts["accepted"], counts["unchanged"]) == (0, 1500)
    assert json.loads(run(capsys, "load", "--refresh", "--json")[1])["contacts"] == 1500
