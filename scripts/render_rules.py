"""Write docs/rules.md from the rules that the tests hold; `make docs` runs it, a test compares."""

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the rules lie among the tests

from tests.spec.label_rules import BOOK  # noqa: E402
from tests.spec.rule import Chapter, Row, Rule, as_table  # noqa: E402

from recontact import Policy, label  # noqa: E402 - as above
from recontact.durations import SECOND, format_duration  # noqa: E402
from recontact.rates import RATES  # noqa: E402

PAGE = ROOT / "docs" / "rules.md"
EVIDENCE = ("previous_contact_id", "previous_gap_s", "next_contact_id", "next_gap_s")
HEAD = """# The rule book

Made by `make docs` from the rules in `tests/spec`. Each table is a test: the labels on its right
follow from the contacts on its left, in the package and in a second labeler that was written for
nothing but comparison.

How to read it: the first columns are contacts as the contacts table holds them, in January; an
empty cell is unknown. A contact ends as it starts where no end is shown, and is inbound, handled
and on `voice` where nothing else is said. The columns in **bold** are the labels. The last two
are the evidence behind them: **before** is the earlier related contact that counts and lies
within the look-back, with the gap between both, and **after** the first later one, if it lies
within the contact's window. They are `previous_contact_id`, `previous_gap_s`, `next_contact_id`
and `next_gap_s` of the labels table.

The policy is the default one but for the keys shown. But for the edges of the record and the
rates, two contacts of strangers, one long before and one long after, belong to each table and are
not shown: they keep look-backs known and let labels mature. What the keys and the labels mean as
a whole is told in [labels, rates and the policy](labels.md).
"""


def page() -> str:
    """Render the page.

    Returns
    -------
    str
        Markdown.
    """
    contents = [f"- [{chapter.title}](#{_anchor(chapter.title)})" for chapter in BOOK]
    return "\n".join([HEAD, *contents, *map(_chapter, BOOK)]) + "\n"


def _anchor(title: str) -> str:
    return title.lower().replace(",", "").replace(" ", "-")


def _chapter(chapter: Chapter) -> str:
    rules = (_rule(rule) for rule in chapter.rules)
    return "\n".join([f"\n## {chapter.title}\n", chapter.text, *rules])


def _rule(rule: Rule) -> str:
    name = rule.name[0].upper() + rule.name[1:]
    policy = f"Policy: `{rule.policy.strip('{}')}`.\n" if rule.policy else "The default policy.\n"
    parts = [f"\n### {name}\n", rule.text + "\n", policy, _table(rule)]
    return "\n".join([*parts, *([_rates(rule)] if rule.rates else [])])


def _table(rule: Rule) -> str:
    left, right, rows = rule.cells
    labels = label(as_table(rule.read()[0]), Policy.from_text(rule.policy)).to_pylist()
    told = [name for name in right if name not in EVIDENCE]
    lines = []
    for row, found in zip(rows, labels, strict=False):
        said = dict(zip(right, row[len(left) :], strict=True))
        evidence = (_evidence(found, "previous"), _evidence(found, "next"))
        contact = map(_contact, left, row)
        lines.append([*contact, *(_said(said[name]) for name in told), *evidence])
    heads = [*left, *(f"**{name}**" for name in told), "**before**", "**after**"]
    return _markdown(heads, lines)


def _contact(name: str, text: str) -> str:
    if text == "-":
        return ""
    if name.endswith("_at"):
        day, time = text.split("T")
        return f"{int(day)} Jan {time}"
    return text.replace(">", " > ").strip() if name == "reason" else text


def _said(text: str) -> str:
    return "null" if text == "-" else text


def _evidence(found: Row, which: str) -> str:
    other: Any = found[f"{which}_contact_id"]
    if other is None:
        return ""
    return f"{other}, {format_duration(round(found[f'{which}_gap_s'] * SECOND))}"


def _rates(rule: Rule) -> str:
    rows = [[RATES[name], str(hits), str(of)] for name, (hits, of) in rule.shares().items()]
    return "\n" + _markdown(["rate", "true", "of"], rows)


def _markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"written: {PAGE.name}\n")
