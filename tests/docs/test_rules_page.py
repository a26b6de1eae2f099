"""The rule book is the rules, and the rules are tested."""

import runpy
from pathlib import Path

from tests.spec.label_rules import RULES

ROOT = Path(__file__).parents[2]


def test_the_page_is_rendered_from_the_rules():
    """docs/rules.md is what `make docs` writes, each rule with its sentence in it."""
    rendered = runpy.run_path(str(ROOT / "scripts" / "render_rules.py"))["page"]()
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == rendered
    assert all(rule.text in rendered for rule in RULES)
