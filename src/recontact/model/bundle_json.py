"""What a bundle keeps beside its trees, as plain values and back."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recontact.features.declarations import parse_features, plain
from recontact.model.calibration import Calibrator, Cuts
from recontact.model.encoding import Encoding
from recontact.model.expected import Expected
from recontact.model.next_reasons import NextReasons
from recontact.model.seen import Seen
from recontact.model.when import When

if TYPE_CHECKING:
    from recontact.model.bundle import Bundle

FORMAT = 3
FACTS_FILE = "recontact.json"


def as_json(bundle: "Bundle") -> dict[str, Any]:
    """Give all of a bundle but its trees."""
    return {
        "format": FORMAT,
        "target": bundle.target,
        "sha256": bundle.sha256,
        "features": list(bundle.encoding.features),
        "categories": {k: list(v) for k, v in bundle.encoding.categories.items()},
        "calibrators": {
            moment: {"raw": list(c.raw), "true": list(c.true)}
            for moment, c in bundle.calibrators.items()
        },
        "cuts": {"medium": bundle.cuts.medium, "high": bundle.cuts.high},
        "policy": bundle.policy,
        "policy_digest": bundle.policy_digest,
        "known_from": bundle.known_from,
        "wrapup_delay_s": bundle.wrapup_delay_s,
        "yours": plain(bundle.yours),
        "facts": bundle.facts,
        "when": bundle.when and bundle.when.as_json(),
        "next_issues": bundle.next_issues and bundle.next_issues.as_json(),
        "expected": bundle.expected and bundle.expected.as_json(),
        "seen": bundle.seen and bundle.seen.as_json(),
    }


def from_json(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a bundle is made of but its trees, from what `as_json` gave.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError, recontact.errors.UserError
        Something is missing or of another kind.
    """
    as_they_are = ("target", "policy", "policy_digest", "known_from", "wrapup_delay_s", "facts")
    names = kept["categories"]
    return {
        **{name: kept[name] for name in as_they_are},
        "encoding": Encoding(tuple(kept["features"]), {k: tuple(names[k]) for k in names}),
        "calibrators": {
            moment: Calibrator(tuple(knots["raw"]), tuple(knots["true"]))
            for moment, knots in kept["calibrators"].items()
        },
        "cuts": Cuts(**kept["cuts"]),
        "yours": parse_features(kept["yours"], FACTS_FILE),
        "when": kept["when"] and When.from_json(kept["when"]),
        "next_issues": kept["next_issues"] and NextReasons.from_json(kept["next_issues"]),
        "expected": Expected.from_json(kept["expected"]) if kept.get("expected") else None,
        "seen": Seen.from_json(kept["seen"]) if kept.get("seen") else None,
    }
