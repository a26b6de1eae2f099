"""What next contacts are about: better than the reason's own table, the same live, with a probe."""

import json
from pathlib import Path

import pytest

from recontact.errors import UserError
from recontact.features.figures import Figures
from recontact.model.bundle import Bundle
from recontact.model.next_reasons import NextReasons, kind
from recontact.model.next_reasons_learning import NEEDED
from recontact.next_issues import NextIssues
from recontact.probes import DEFAULT, QUESTIONS, Probes, read_probes
from recontact.scoring import Scorer


@pytest.fixture(scope="module")
def model(learnt):
    found = learnt.bundles["repeated"].next_issues
    assert found is not None
    return found


@pytest.fixture(scope="module")
def asked(learnt):
    """Test rows with their calibrated probability."""
    rows = learnt.test.slice(0, 400)
    return list(zip(rows.to_pylist(), learnt.bundles["repeated"].predict(rows), strict=True))


def test_it_beats_the_reasons_own_table(learnt):
    """On later contacts its log loss is less than that of what followed each reason."""
    told = learnt.evaluation["next_issues"]
    assert told["log_loss"] < told["log_loss_of_table"]
    assert 0 < told["gain_low"] < told["gain"] < told["gain_high"]
    assert told["followed"] > 100
    assert told["among_first_three"] > 0.6


def test_the_chances_add_up(model, asked):
    """All reasons and the unknown together are the chance of any contact; a repeat is one."""
    for row, chance in asked:
        total = model.any_chance(row, chance)
        assert chance <= total <= 1
        first = model.probable(row, chance)
        assert sum(issue.probability for issue in first) <= total + 1e-12
        every = [*model.base, None]
        whole = sum(model.chance_of(reason, row, chance) for reason in every)
        assert whole == pytest.approx(total, abs=1e-9)


def test_the_first_three_are_the_most_probable(model, asked):
    """No other reason is more probable than those that are named, highest first."""
    for row, chance in asked[:100]:
        named = model.probable(row, chance)
        every = sorted((model.chance_of(r, row, chance) for r in model.base), reverse=True)
        assert [issue.probability for issue in named] == pytest.approx(every[:3])
        assert all(model.chance_of(i.reason, row, chance) == i.probability for i in named)


def test_a_likelier_repeat_makes_its_own_reason_likelier(model, asked):
    """The own reason rises with the chance of a repeat."""
    row = next(row for row, _ in asked if row["reason"] is not None)
    low, high = (model.chance_of(row["reason"], row, chance) for chance in (0.05, 0.6))
    assert high > 1.5 * low


def test_it_is_kept_with_the_model(learnt, model, tmp_path):
    """Saved and loaded it is the same, in plain values."""
    again = NextReasons.from_json(json.loads(json.dumps(model.as_json(), allow_nan=False)))
    assert again == model
    learnt.bundles["repeated"].save(tmp_path)
    assert Bundle.load(tmp_path).next_issues == model


def test_small_tables_by_hand():
    """Where only one source says anything, shares are its counts, filled up by the program's."""
    alone = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    model = NextReasons(
        base={"pay": 0.6, "bill > late": 0.4},
        after_own={"bill > late": {"pay": 10}},
        after_general={"bill": {"pay": 5, "bill > late": 5}},
        program={},
        after_last={},
        sizes={"after_own": {"bill > late": 10}, "after_general": {"bill": 10}, "program": {},
               "after_last": {}},
        cuts=(),
        weights=(alone,) * 7,
    )  # fmt: skip
    row = dict.fromkeys(NEEDED) | {"reason": "bill > late"}
    general = {"pay": 5 / 20 + 0.5 * 0.6, "bill > late": 5 / 20 + 0.5 * 0.4}
    pay = 10 / 20 + 0.5 * general["pay"]
    assert model.chance_of("pay", row, 0.5) == pytest.approx(0.5 * pay)
    assert [i.reason for i in model.probable(row, 0.5)] == ["pay", "bill > late"]
    unknown = dict.fromkeys(NEEDED)
    assert model.chance_of("pay", unknown, 1.0) == pytest.approx(0.6)


def test_kinds_of_contacts():
    """What is known of the reason, of the last one and how recent, by how much repeats."""
    row = dict.fromkeys(NEEDED)
    day = 86_400.0
    found = [
        kind(row | {"reason": own, "last_reason": last, "since_last_s": since}, 0.5, (0.4, 0.6))
        for own, last, since in [
            (None, None, None), ("a", None, None), (None, "a", day), (None, "a", 9 * day),
            ("a", "a", day), ("a", "b", day), ("a", "b", 9 * day),
        ]
    ]  # fmt: skip
    assert found == [1, 4, 7, 10, 13, 16, 19]


def scorer(learnt, probes=DEFAULT, bundles=None):
    return Scorer(bundles or learnt.bundles, Figures.none(), NextIssues({}, {}), probes=probes)


def test_the_score_tells_them_with_a_question(learnt, model, simulated):
    """Live: the model's reasons from the live features, each with the question of its reason."""
    contact = simulated.filter(simulated["reason"].is_valid()).to_pylist()[-1]
    mine = scorer(learnt, Probes({"any": "About {reason}?"}))
    known = {n: v for n, v in contact.items() if n not in ("csat", "nps", "ces", "survey_resolved")}
    answer = mine.score(known, [], moment="wrapup", at=contact["ended_at"])
    row = mine.look(known, [], moment="wrapup", at=contact["ended_at"]).row
    expected = model.probable(row, answer["repeated"]["probability"])
    assert answer["next_issues"] == [
        {"reason": i.reason, "probability": i.probability, "probe": f"About {i.reason}?"}
        for i in expected
    ]
    assert len(expected) == 3


def test_rows_of_the_batch_give_what_the_live_row_gives(learnt, model, asked):
    """Every feature that it needs is among those that live is held to the batch in."""
    names = {feature.name for feature in learnt.bundles["repeated"].features}
    assert set(NEEDED) <= names
    row, chance = asked[0]
    assert model.probable({name: row[name] for name in NEEDED}, chance) == model.probable(
        row, chance
    )


def test_our_questions_are_those_of_the_file():
    """models/probes.yaml and the defaults are the same."""
    file = Path(__file__).parents[2] / "models" / "probes.yaml"
    assert read_probes(file).questions == QUESTIONS
    assert read_probes(None) is DEFAULT


def test_the_longest_run_of_levels_holds():
    """A question of a reason is for all below it; the closest one is asked."""
    probes = Probes({"any": "A {reason}", "bill": "B", "bill > late": "C {reason}"})
    said = [probes.question(r) for r in ("bill > late > fee", "bill > other", "billing", "bill")]
    assert said == ["C bill > late > fee", "B", "A billing", "B"]
    assert "order" in Probes({}).question("order")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("bill: Is it clear?\norder:\n", "line 2: 'order' has no question"),
        ("bill: {a: b}\n", "line 1: 'bill' has no question"),
        ("bill: 5\n", "line 1: 'bill' has no question but 5"),
        ('any: "More about {reasn}?"\n', "line 1: 'any' has {reasn} in it"),
        ('bill: Is it?\n"bill > ": Is it?\n', "line 2: 'bill' is there twice"),
        ("any: What?\n' > ': Is it?\n", "line 2: an empty reason"),
        ("- bill\n", "not a table"),
        ("bill: 'open\n", "not readable as YAML"),
        ("", "not a table"),
    ],
)
def test_a_wrong_table_is_named_by_file_line_and_reason(text, what, tmp_path):
    """The user sees where to mend."""
    file = tmp_path / "probes.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=what) as error:
        read_probes(file)
    assert str(file) in error.value.what
    with pytest.raises(UserError, match="not readable"):
        read_probes(tmp_path / "none.yaml")
