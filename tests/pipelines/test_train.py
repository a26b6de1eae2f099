"""The commands train, models, score, promote and rollback, as a user runs them."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from recontact import Policy
from recontact_pipelines.cli import main
from recontact_pipelines.commands.train import _objections

SMALL = "{max_trees: 15, early_stopping: 10, num_leaves: 7, min_data_in_leaf: 20}"


@pytest.fixture(scope="module")
def trained(centre, empty_store, tmp_path_factory):
    """A folder with an MLflow store in which one training is kept, made by the command."""
    folder = tmp_path_factory.mktemp("trained")
    shutil.copy(empty_store, folder / "mlflow.db")
    (folder / "small.yaml").write_text(SMALL)
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        here.delenv("RECONTACT_MLFLOW_URI", raising=False)
        contacts = str(centre / "contacts.parquet")
        assert main(["train", contacts, "--params", "small.yaml", "--out", "evaluation"]) == 0
    return folder


@pytest.fixture
def here(trained, monkeypatch):
    """Work in that folder, where the store is found without being named."""
    monkeypatch.delenv("RECONTACT_MLFLOW_URI", raising=False)
    monkeypatch.chdir(trained)


def run(capsys, *words):
    """Run a command with --json; give its exit code, its result and what it said."""
    capsys.readouterr()
    code = main([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def test_train_leaves_an_evaluation_to_look_at(trained):
    """The page holds everything itself; the figures are there as JSON, the cards as text."""
    page = (trained / "evaluation" / "evaluation.html").read_text()
    assert "src='data:image/png;base64," in page
    assert "http" not in page
    assert "Will the customer have to call again?" in page
    figures = json.loads((trained / "evaluation" / "evaluation.json").read_text())
    assert figures["policy_digest"] == Policy().digest
    assert "not a judgement" in (trained / "evaluation" / "model_card_repeated.md").read_text()


def test_a_first_champion_that_the_gate_would_refuse_is_warned_of():
    """In the gate's words, with what it means; nothing where it has nothing against it."""
    [text] = _objections(
        SimpleNamespace(
            versions={"repeated": "1", "escalation": "1"},
            objections={"escalation": ["it is not calibrated: so much"]},
        )
    )
    assert text.startswith("escalation: version 1 is champion as the first of its policy, but it ")
    assert "is not calibrated: so much. The gate of recontact promote would refuse it" in text


@pytest.mark.usefixtures("here")
def test_score_writes_the_contracts_table(centre, capsys):
    """The champion scores by default; a version and a run give the same."""
    tables = []
    code, found, _ = run(capsys, "models")
    assert code == 0
    for model in ("champion", "1", found["models"][0]["run_id"]):
        words = ["score", centre / "contacts.parquet", "--moment", "wrapup", "--model", model]
        code, result, _ = run(capsys, *words, "--out", "scores.parquet")
        assert code == 0
        tables.append(pq.read_table("scores.parquet"))
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])
    assert result["scores"] == len(tables[0])
    assert result["model_version"] == "1"
    assert sum(result["bands"]["repeated"].values()) == len(tables[0])


@pytest.mark.usefixtures("here", "brief_baselines")
def test_promote_and_rollback_move_the_alias(centre, capsys):
    """A second training is shown beside the champion, refused, forced with a reason, taken back."""
    words = ["train", centre / "contacts.parquet", "--params", "small.yaml", "--seed", "1"]
    code, result, said = run(capsys, *words, "--card", "cards")
    assert code == 0
    assert "model of 'repeated'" in said
    assert result["versions"] == {"repeated": "2", "escalation": "2"}
    assert result["objections"] == {}  # the champions stay
    assert {row["model"] for row in result["figures"]} >= {"champion", "recontact"}
    assert sorted(path.name for path in Path("cards").iterdir()) == [
        "model_card_escalation.md",
        "model_card_repeated.md",
    ]

    code, shown, _ = run(capsys, "promote", "2", "--dry-run")
    assert code == 0
    assert (shown["passed"], shown["promoted"], shown["champions"]) == (False, False, [])
    names = [one["name"] for one in shown["models"][0]["conditions"]]
    assert names == ["rule", "champion", "calibration", "latency", "leaks", "shuffled"]
    code, refused, said = run(capsys, "promote", "2")
    assert code == 1
    assert refused["refused"] == shown["refused"]
    assert "does not beat champion 1 by more than chance" in said
    assert "mend:" in said

    assert run(capsys, "promote", "2", "--force")[0] == 1
    code, moved, said = run(capsys, "promote", "2", "--force", "--why", "a drill")
    assert code == 0
    assert [m["previous"] for m in moved["champions"]] == ["1", "1"]
    assert "GET /health/ready: checks.models" in said
    assert "recontact_models_refused" in said
    code, again, said = run(capsys, "promote", "2")
    assert code == 0
    assert again["promoted"] is False
    assert "/health/ready" not in said
    code, moved, said = run(capsys, "rollback", "--why", "it was one")
    assert code == 0
    assert "GET /health/ready: checks.models" in said
    assert [m["version"] for m in moved["champions"]] == ["1", "1"]
    assert run(capsys, "rollback")[0] == 1
    code, told, _ = run(capsys, "models", "--history")
    ours = [(e["action"], e["why"]) for e in told["history"] if e["name"] == "recontact-repeated"]
    assert ours[:2] == [("rolled back", "it was one"), ("promoted", "a drill")]
    assert any(entry["overruled"] for entry in told["history"])


@pytest.mark.usefixtures("here")
def test_what_the_registry_says_reads_plainly(capsys):
    """A line a model, figure with interval and marks of the gate; conditions; the history."""
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    lines = told.splitlines()
    assert lines[0].split()[:3] == ["version", "trained", "policy"]
    first = next(k for k, line in enumerate(lines) if line.startswith("1 "))
    repeated, escalation = lines[first : first + 2]
    assert re.search(r"repeated +0[.]\d{3} \[0[.]\d{3}, 0[.]\d{3}\] +0[.]\d{3}", repeated)
    assert repeated.endswith("champion")
    assert escalation.split()[0] == "escalation"
    assert "mean over start, live, wrapup, with its 95 % interval" in told

    assert main(["promote", "1", "--dry-run"]) == 0
    assert "recontact-repeated: version 1 is the champion" in capsys.readouterr().out
    assert main(["promote", "1"]) == 0
    assert "nothing changed, version 1 was champion already" in capsys.readouterr().out
    assert main(["models", "--history"]) == 0
    assert "why: first of its policy that beats the one-line rule" in capsys.readouterr().out


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["score", "CONTACTS", "--moment", "start", "--out", "s.parquet", "--model", "9"], "'9'"),
        (["promote", "9"], "no version, run or alias '9'"),
        (["train", "CONTACTS", "--until", "soon"], "--until"),
        (["train", "CONTACTS", "--until", "2000-01-01"], "no contact can be judged"),
        (["train", "CONTACTS", "--params", "none.yaml"], "none.yaml"),
        (["train", "CONTACTS", "--policy", "none.yaml"], "none.yaml"),
        (["train", "none.parquet"], "none.parquet"),
    ],
)
def test_mistakes_end_in_one_message(centre, capsys, words, message):
    """What a user can mend exits with 1 and says what and how, without a traceback."""
    contacts = str(centre / "contacts.parquet")
    assert main([contacts if word == "CONTACTS" else word for word in words]) == 1
    said = capsys.readouterr().err
    assert message in said
    assert "mend:" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        ("train", "--card", "card.md"),
        ("train", "--out", "evaluation.html"),
        ("train", "--out", "taken"),
        ("backtest", "--out", "backtest.json"),
    ],
)
def test_a_file_is_no_folder(command, option, name, tmp_path, monkeypatch, capsys):
    """Where a folder is asked for, the name of a file is refused before anything is learnt."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    assert main([command, "contacts.parquet", option, name]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert option in said
    assert f"{name} names a file" in said


@pytest.mark.parametrize("command", ["score", "features"])
@pytest.mark.parametrize(
    ("moment", "elapsed"),
    [("noon", []), ("start", ["--elapsed", "5s"]), ("start", ["--events", "e.parquet"])],
)
def test_a_moment_and_its_elapsed_time_are_usage(command, moment, elapsed, capsys):
    """An unknown moment, and an elapsed time or events that have no place, exit with 2."""
    labels = ["--labels", "l.parquet"] if command == "features" else []
    words = [command, "c.parquet", *labels, "--moment", moment, "--out", "o.parquet", *elapsed]
    assert main(words) == 2
    assert ("--moment" if moment == "noon" else elapsed[0]) in capsys.readouterr().err


def test_without_a_training_there_is_nothing_to_score(centre, tmp_path, monkeypatch, capsys):
    """In an empty folder score, models, promote and rollback say how to begin, and make no file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RECONTACT_MLFLOW_URI", raising=False)
    contacts = str(centre / "contacts.parquet")
    for words in (
        ["score", contacts, "--moment", "start", "--out", "s.parquet"],
        ["models"],
        ["promote", "1"],
        ["rollback"],
    ):
        assert main(words) == 1
        assert "recontact train" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_params_of_a_file_go_over_the_defaults(tmp_path):
    """models/params.yaml holds the defaults; unknown and unreadable settings are named."""
    from recontact.errors import UserError
    from recontact.model.params import DEFAULTS, read_params

    shipped = Path(__file__).parents[2] / "models" / "params.yaml"
    assert read_params(shipped) == DEFAULTS
    own = tmp_path / "own.yaml"
    own.write_text("num_leaves: 5")
    assert read_params(own) == DEFAULTS | {"num_leaves": 5}
    for text, message in (
        ("leaves: 5", "'leaves'"),
        ("num_leaves: many", "num_leaves"),
        ("[", "YAML"),
    ):
        own.write_text(text)
        with pytest.raises(UserError, match=message):
            read_params(own)
