"""What users get wrong, in every command: one clear message with the mend, code 1, no traceback."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact_pipelines.cli import main

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
READERS = {  # each command that reads contacts, with what else it needs
    "doctor": [],
    "label": ["--out", "out.parquet"],
    "leak-check": [],
    "train": [],
    "score": ["--moment", "start", "--out", "out.parquet"],
    "load": [],
}


def contacts(rows: int = 40, **columns: object) -> pa.Table:
    """Make clean contacts, an hour apart; columns given here go before."""
    started = [START + dt.timedelta(hours=k) for k in range(rows)]
    plain = {
        "contact_id": [f"c{k}" for k in range(rows)],
        "customer_id": pa.array([f"w{k % 7}" for k in range(rows)], pa.string()),
        "started_at": pa.array(started, pa.timestamp("us", "UTC")),
        "ended_at": pa.array(started, pa.timestamp("us", "UTC")),
        "reason": ["bill"] * rows,
    }
    return pa.table({**plain, **columns})


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch, trained):
    """Run every command in an empty folder, with champions to score with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONTACT_MLFLOW_URI", trained)
    monkeypatch.setenv("RECONTACT_DATABASE_URL", f"sqlite:///{tmp_path}/recontact.db")
    monkeypatch.delenv("RECONTACT_DEBUG", raising=False)


@pytest.fixture
def refused(capsys):
    """Give what a command says when it refuses."""

    def run(*args: str) -> str:
        assert main(list(args)) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert "error: " in err
        assert "Traceback" not in err
        return err

    return run


@pytest.mark.parametrize("command", READERS)
def test_a_missing_file(command, refused):
    """A file that is not there is named, with a mend."""
    said = refused(command, "nowhere.parquet", *READERS[command])
    assert "nowhere.parquet" in said
    assert "mend: " in said


@pytest.mark.parametrize("command", READERS)
def test_an_unreadable_file(command, refused, tmp_path):
    """A file that is no Parquet file is named, with a mend."""
    (tmp_path / "broken.parquet").write_bytes(b"not a table")
    said = refused(command, "broken.parquet", *READERS[command])
    assert "broken.parquet" in said
    assert "mend: " in said


@pytest.mark.parametrize("command", READERS)
def test_a_missing_required_column(command, refused):
    """The file and the column that it lacks are named, with a mend."""
    pq.write_table(contacts().drop_columns("started_at"), "contacts.parquet")
    said = refused(command, "contacts.parquet", *READERS[command])
    assert "contacts.parquet" in said
    assert "started_at" in said
    assert "mend: " in said


@pytest.mark.parametrize("command", READERS)
def test_an_empty_table(command, refused):
    """A table without rows is not a result without rows."""
    pq.write_table(contacts(0), "contacts.parquet")
    assert "no " in refused(command, "contacts.parquet", *READERS[command])


@pytest.mark.parametrize("command", READERS)
def test_a_duplicate(command, refused):
    """Contacts that are not clean are refused, and the way to clean ones is told."""
    pq.write_table(contacts(3, contact_id=["c0", "c1", "c1"]), "contacts.parquet")
    said = refused(command, "contacts.parquet", *READERS[command])
    assert "c1" in said
    assert "recontact import" in said


@pytest.mark.parametrize("command", ["train", "score", "leak-check"])
def test_all_customers_unknown(command, refused):
    """Without customers there is nothing to judge, and the message says so."""
    pq.write_table(contacts(customer_id=pa.nulls(40, pa.string())), "contacts.parquet")
    said = refused(command, "contacts.parquet", *READERS[command])
    assert "customer" in said or "judged" in said


def test_features_of_no_contact(refused, tmp_path, capsys):
    """Where no contact may be judged there is no features table, and the message says so."""
    pq.write_table(contacts(channel=["chat"] * 40), "contacts.parquet")
    assert main(["label", "contacts.parquet", "--out", "labels.parquet"]) == 0
    capsys.readouterr()
    options = ("--labels", "labels.parquet", "--moment", "start", "--out", "features.parquet")
    assert "judged" in refused("features", "contacts.parquet", *options)
    assert not (tmp_path / "features.parquet").exists()


@pytest.fixture
def features_of(refused, capsys):
    """Give a function that asks for features of clean contacts, and gives why it is refused."""
    pq.write_table(contacts().append_column("lst", pa.array([[1]] * 40)), "contacts.parquet")
    assert main(["label", "contacts.parquet", "--out", "labels.parquet"]) == 0
    capsys.readouterr()
    options = ("--labels", "labels.parquet", "--moment", "start", "--out", "features.parquet")
    return lambda *words: refused("features", "contacts.parquet", *options, *words)


def test_features_that_can_not_be(features_of, tmp_path):
    """A column of lists, a name that is missing, and a feature of a file are told by name."""
    assert "'lst' holds list" in features_of("--known-from", "lst=start")
    assert "a name is missing" in features_of("--only", "hour,,hour")
    mine = "- {name: mine, meaning: told, past: distinct, column: lst}\n"
    (tmp_path / "mine.yaml").write_text(mine)
    assert "mine.yaml: feature 'mine': column 'lst' holds" in features_of("--features", "mine.yaml")
    assert "none.yaml: no such file" in features_of("--features", "none.yaml")


@pytest.mark.parametrize("command", ["train", "backtest", "tune", "leak-check"])
def test_a_feature_of_a_file_that_does_not_fit(command, refused, tmp_path):
    """Where a feature of your own does not fit the contacts, the file is named with it."""
    pq.write_table(contacts(), "contacts.parquet")
    (tmp_path / "mine.yaml").write_text("- {name: mine, meaning: told, judged: plan}\n")
    more = ["--out", "params.yaml"] if command == "tune" else []
    said = refused(command, "contacts.parquet", "--features", "mine.yaml", *more)
    assert "mine.yaml: feature 'mine': the contacts have no column 'plan'" in said


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (contacts(40), "too little data"),
        (contacts(4000, customer_id=[f"w{k}" for k in range(4000)]), "one class only"),
    ],
    ids=["too little data", "one class only"],
)
def test_data_that_no_model_can_learn_from(table, what, refused):
    """Training refuses, and says what is missing, before it learns."""
    pq.write_table(table, "contacts.parquet")
    assert "mend: " in refused("train", "contacts.parquet"), what


@pytest.mark.parametrize("command", ["label", "train", "doctor", "leak-check"])
def test_an_unknown_policy_key(command, refused, tmp_path):
    """A misspelt key of the policy is named."""
    pq.write_table(contacts(), "contacts.parquet")
    (tmp_path / "policy.yaml").write_text("windows: 48h\n")
    said = refused(command, "contacts.parquet", "--policy", "policy.yaml", *READERS[command])
    assert "windows" in said
    assert "policy.yaml" in said


def test_no_champion_yet(refused, monkeypatch, empty_store):
    """Scoring without a champion says how to get one."""
    pq.write_table(contacts(), "contacts.parquet")
    monkeypatch.setenv("RECONTACT_MLFLOW_URI", f"sqlite:///{empty_store}")
    said = refused("score", "contacts.parquet", *READERS["score"])
    assert "recontact train" in said


def test_an_instant_before_all_contacts(refused):
    """Training by it says that nothing was known by then; so does a slip in a column's name."""
    pq.write_table(contacts(), "contacts.parquet")
    assert "until: no contact" in refused("train", "contacts.parquet", "--until", "1999-01-01")
    said = refused("train", "contacts.parquet", "--known-from", "raeson=start")
    assert "did you mean 'reason'?" in said


@pytest.mark.parametrize("command", ["label", "score"])
def test_an_output_that_cannot_be_written(command, refused, tmp_path):
    """A folder that is a file is told as the place that it is."""
    pq.write_table(contacts(), "contacts.parquet")
    (tmp_path / "file").touch()
    args = [*READERS[command][:-1], "file/out.parquet"]
    assert "file" in refused(command, "contacts.parquet", *args)


@pytest.mark.parametrize("words", [("0", "--out", "x/y"), ("9", "--seed", "-1", "--out", "x/y")])
def test_a_simulation_that_can_t_be_is_refused_before_it_begins(
    words, tmp_path, monkeypatch, capsys
):
    """Nothing is said to be under way, and no folder is made."""
    monkeypatch.chdir(tmp_path)
    assert main(["simulate", "--contacts", *words]) == 1
    assert "simulating" not in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
