"""Write docs/features.md from the declarations; `make docs` runs it, and a test compares."""

import re
import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from string import Template
from typing import get_args

from recontact.features.daily import PRIOR, RECENT
from recontact.features.declarations import WAYS
from recontact.features.declared import FAMILIES, FEATURES, Feature
from recontact.features.loads import WEEKS
from recontact.features.measures import What
from recontact.features.moments import KNOWN_FROM, MOMENTS
from recontact.features.shapes import DISTINCT_LIMIT, HISTORY_LIMIT

TEXT = Path(__file__).with_name("features.txt")
PAGE = Path(__file__).parents[1] / "docs" / "features.md"
MEASURES = {
    "past": "what is seen looking back over the customer's contacts: below",
    "rate": "smoothed share of an entity's settled contacts",
    "judged": "how many settled contacts an entity has",
    "volume": f"inbound contacts of an entity in the last {RECENT} full days",
    "typical": "smoothed mean of a number over an entity's contacts; `duration_s`: their length",
    "load": "contacts of an entity in the last whole minutes",
    "surge": "the load against the usual one: 1 is usual",
    "beyond": "a number of the contact itself, or `elapsed_s`, less what is typical of an entity",
    "has": "1 where a column of the contact itself holds something",
    "words": "how many words fall into each of so many buckets, by a hash: as many features",
}
PAST = {
    "count": "how many",
    "sum": "the sum of `column`",
    "mean": "the mean of `column`",
    "most": "the greatest of `column`; `duration_s` is from start to end",
    "distinct": f"how many different values of `column`, at most {DISTINCT_LIMIT}",
    "since": "seconds since the last began",
    "since_end": "seconds since the last ended",
    "last": "`column` of the last, a number",
    "last_text": "`column` of the last, a text",
    "last_same": "whether the last is the same in `same`",
    "repeats": "how many of them the next contact repeated",
    "position": "place in the chain of related contacts",
    "mean_gap": "mean seconds between them",
    "gap_spread": "deviation of the gaps, in mean gaps",
}
VALUE = {"what": "one of those below", "label": "`repeated` or `escalation`", "of": "its column"}


def page() -> str:
    """Render the page.

    Returns
    -------
    str
        Markdown.
    """
    families = {slug(name): _features(features) for name, features in FAMILIES.items()}
    return Template(TEXT.read_text(encoding="utf-8")).substitute(
        count=len(FEATURES),
        prior=round(PRIOR),
        recent=RECENT,
        weeks=WEEKS,
        history_limit=HISTORY_LIMIT,
        distinct_limit=DISTINCT_LIMIT,
        known_from=_table(("moment", "columns"), map(_known_from, MOMENTS)),
        ways=_table(("key", "its value", "other keys", "measures"), map(_way, WAYS)),
        past=_table(("`past`", "gives"), ((f"`{w}`", PAST[w]) for w in get_args(What))),
        **families,
    )


def slug(family: str) -> str:
    """Give the name under which the text refers to a family's table."""
    return re.sub(r"\W+", "_", family.lower())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _known_from(moment: str) -> tuple[str, str]:
    names = (f"`{name}`" for name, since in KNOWN_FROM.items() if since == moment)
    return f"`{moment}`", ", ".join(names)


def _features(features: tuple[Feature, ...]) -> str:
    return _table(("feature", "since", "what it measures", "unit", "null means"),
                  map(_feature, features))  # fmt: skip


def _feature(feature: Feature) -> tuple[str, ...]:
    unit = feature.unit or ("category" if feature.kind == "category" else "")
    return f"`{feature.name}`", f"`{feature.known_from}`", feature.meaning, unit, feature.null


def _way(way: str) -> tuple[str, ...]:
    kind, main = WAYS[way]
    others = (field.name for field in fields(kind) if field.name not in {main, "bucket"})
    return (
        f"`{way}`",
        VALUE.get(main, "a column"),
        ", ".join(f"`{name}`" for name in others),
        MEASURES[way],
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"written: {PAGE.name}\n")
