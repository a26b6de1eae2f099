"""The model card: every heading filled, the same text for the same model, and the form in step."""

import re
from pathlib import Path

import pytest

from recontact import Policy
from recontact.evaluation.card import FORM, SECTIONS, card, template

MODELS = Path(__file__).parents[3] / "models"
CARDS = sorted((MODELS / "cards").glob("*.md"))


@pytest.fixture(scope="module")
def text(learnt):
    """The card of a model."""
    return card(learnt.bundles["repeated"], learnt.evaluation)


def headings(text):
    return re.findall(r"^## (.*)$", text, flags=re.MULTILINE)


def test_every_section_is_filled(text):
    """In the order of the form, none of them empty."""
    assert tuple(headings(text)) == SECTIONS
    assert all(part.strip() for part in re.split(r"^## .*$", text, flags=re.MULTILINE))


def test_it_tells_what_the_model_is(text, learnt):
    """Counts, digests, figures with intervals, the policy as it can be read again."""
    evaluation, facts = learnt.evaluation, learnt.bundles["repeated"].facts
    assert f"{facts['training_rows']:,} rows over the moments" in text
    assert evaluation["data_digest"] in text
    (yaml,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    assert Policy.from_text(yaml).digest == evaluation["policy_digest"]
    (row,) = [
        r
        for r in evaluation["figures"]
        if (r["target"], r["moment"], r["history"], r["model"])
        == ("repeated", "wrapup", "all", "recontact")
    ]
    low, high = row["intervals"]["roc_auc"]
    assert f"| wrapup | recontact | {row['rows']:,} | {row['positives']:,} |" in text
    assert f"{row['roc_auc']:.3f} [{low:.3f}, {high:.3f}]" in text
    assert f"- `wrapup`: {row['calibration_error']:.4f}" in text
    assert "not a judgement of a person" in text


def test_each_feature_stands_under_the_moment_it_is_known_from(text, learnt):
    """Once each; the talk time from wrap-up, the queue from the start."""
    lines = dict(re.findall(r"^- known from `(\w+)`: (.*)$", text, flags=re.MULTILINE))
    listed = [name for line in lines.values() for name in re.findall(r"`([^`]+)`", line)]
    features = set(learnt.bundles["repeated"].encoding.features) - {"moment"}
    assert sorted(listed) == sorted(features)
    assert "`talk_s`" in lines["wrapup"]
    assert "`queue`" in lines["start"]


def test_the_same_issue_is_known_as_soon_as_the_reason_is(learnt):
    """Where a source knows the reason from the start, so is what is counted by it."""
    import dataclasses

    bundle = learnt.bundles["repeated"]
    for moment in ("start", "wrapup"):
        known = bundle.known_from | {"reason": moment}
        told = card(dataclasses.replace(bundle, known_from=known), learnt.evaluation)
        (line,) = re.findall(rf"^- known from `{moment}`: (.*)$", told, flags=re.MULTILINE)
        assert "`same_issue_7d`" in line


def test_the_time_of_a_score_is_told_only_where_it_was_measured(text, learnt):
    """It differs from machine to machine; what an explanation walks through does not."""
    assert "Measured when it was trained" not in text
    latency = {"repeated": {"median_ms": 1.25}}
    told = card(learnt.bundles["repeated"], learnt.evaluation | {"latency": latency})
    assert "Measured when it was trained: 1.25 ms at the median." in told


def test_the_form_that_is_kept_is_the_one_that_is_filled():
    """models/model_card.md is written by the same code: make cards."""
    assert (MODELS / "model_card.md").read_text(encoding="utf-8") == template()
    assert tuple(FORM) == SECTIONS


def test_the_demos_models_have_their_cards():
    """Both models of both demonstrations."""
    names = [
        f"{data}_{t}" for data in ("servicenow", "simulated") for t in ("escalation", "repeated")
    ]
    assert [path.stem for path in CARDS] == names


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_kept_card_is_in_step_with_the_form(path):
    """The sections of today, and the digest of the policy that it quotes: else make cards."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# Model card: recontact-{path.stem.partition('_')[2]}\n")
    assert tuple(headings(text)) == SECTIONS
    (yaml,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    assert f"Digest `{Policy.from_text(yaml).digest}`" in text
