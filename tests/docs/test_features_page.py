"""The page on features is the declarations, and the declarations are the features."""

import runpy
from pathlib import Path

from recontact import label
from recontact.dataset import build, feature_columns
from recontact.features import FEATURES

ROOT = Path(__file__).parents[2]


def test_the_page_is_rendered_from_the_declarations():
    """docs/features.md is what `make docs` writes."""
    rendered = runpy.run_path(str(ROOT / "scripts" / "render_features.py"))["page"]()
    assert (ROOT / "docs" / "features.md").read_text(encoding="utf-8") == rendered


def test_every_declared_feature_is_computed_in_its_kind(simulated):
    """The dataset holds the declared features in their order; text is a category, else a number."""
    table = build(simulated, label(simulated), moments=("start",))
    assert feature_columns(table) == [feature.name for feature in FEATURES]
    kinds = {feature.name: feature.kind for feature in FEATURES}
    computed = {
        field.name: "category" if str(field.type) == "string" else "number"
        for field in table.schema
        if field.name in kinds
    }
    assert computed == kinds


def test_what_is_not_known_at_a_moment_is_null(simulated):
    """A feature declared from a later moment is null before it, and some value is there after."""
    labels = label(simulated)
    since = {"reason": "wrapup"}
    moments = ("start", "live", "wrapup")
    tables = [build(simulated, labels, moments=(m,), known=since) for m in moments]
    empty = [{f.name for f in FEATURES if t[f.name].null_count == len(t)} for t in tables]
    for k, moment in enumerate(moments):
        early = {f.name for f in FEATURES if moments.index(f.known_from) > k}
        assert early <= empty[k], moment
    assert not empty[2]
