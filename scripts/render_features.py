"""Write docs/features.md from the declarations; `make docs` runs it, and a test compares."""

import sys
from pathlib import Path

from recontact.features.declared import FAMILIES, Feature
from recontact.features.moments import KNOWN_FROM, MOMENTS

PAGE = Path(__file__).parents[1] / "docs" / "features.md"
HEAD = """# Features

Made by `make docs` from `src/recontact/features/declared.py`.

A score at a moment sees only what was known by then: of the contact itself by the table below,
of every other contact its arrival facts from just after its start, its end and whether it was
handled from just after its end, and the rest from just after its `known_at`. Rates count a label
from the start of the UTC day after the latest of its maturity and the instants from which all
that it rests on was known. A customer's history is read back to the 500 latest contacts.

`since` is the first moment at which a feature is known by default. Where the source knows a
column earlier (`recontact.known_from` in the table's metadata, or `--known-from reason=start`),
what is built on it follows. A column of your own becomes a feature by being named there.
"""


def page() -> str:
    """Render the page.

    Returns
    -------
    str
        Markdown.
    """
    parts = [
        HEAD,
        "## Which column is known from which moment\n",
        "| moment | columns |",
        "|---|---|",
    ]
    for moment in MOMENTS:
        columns = (name for name, since in KNOWN_FROM.items() if since == moment)
        parts.append(f"| `{moment}` | {', '.join(f'`{name}`' for name in columns)} |")
    for family, features in FAMILIES.items():
        parts += [f"\n## {family}\n", "| feature | since | what it measures | unit | null means |"]
        parts += ["|---|---|---|---|---|", *map(_row, features)]
    return "\n".join(parts) + "\n"


def _row(feature: Feature) -> str:
    unit = feature.unit or ("category" if feature.kind == "category" else "")
    return (
        f"| `{feature.name}` | `{feature.known_from}` | {feature.meaning} | {unit} | "
        f"{feature.null} |"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"written: {PAGE.name}\n")
