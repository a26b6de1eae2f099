"""What a demonstration shows in the end, as figures and in plain words."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import pyarrow as pa

from recontact.evaluation.figures import OURS, RULE, find
from recontact.policy import Policy
from recontact.report.words import policy_line, share
from recontact_pipelines.replay import Played

OUTCOMES = ("repeated", "escalation")
Figures = Mapping[str, Any]


def against_the_rule(
    evaluation: Figures, ceiling: Mapping[str, Mapping[str, Figures]]
) -> list[dict[str, Any]]:
    """Put the ROC AUC of the models beside that of the one-line rule and the ceiling.

    Parameters
    ----------
    evaluation : mapping
        Of `recontact.model.train`.
    ceiling : mapping
        Of `recontact.simulate.simulate`; empty where the truth is not known.

    Returns
    -------
    list of dict
        `target`, `moment`, `recontact`, `rule` and `ceiling` (None where it is not known).
    """
    rows = []
    for of in evaluation["reliability"]:  # one an outcome and moment
        place = {"target": of["target"], "moment": of["moment"]}
        auc = {
            name: find(evaluation["figures"], **place, history="all", model=model)["roc_auc"]
            for name, model in (("recontact", OURS), ("rule", RULE))
        }
        best = ceiling.get(place["target"], {}).get(place["moment"], {}).get("auc")
        rows.append({**place, **auc, "ceiling": best})
    return rows


def caught(
    listed: Sequence[Figures], scores: Sequence[Figures], labels: pa.Table
) -> dict[str, Any]:
    """Count how many at the top of the at-risk list came back or escalated afterwards.

    Parameters
    ----------
    listed : sequence of mapping
        The top of the list.
    scores : sequence of mapping
        All answers of the service.
    labels : pyarrow.Table
        What came afterwards.

    Returns
    -------
    dict
        `listed`, `caught` (of those), `of` (contacts scored at wrap-up), `all` (of those), and
        `by_chance`: how many there would be among as many contacts taken blindly.
    """
    columns = labels.select(["contact_id", *OUTCOMES]).to_pylist()
    came = {row["contact_id"]: row for row in columns}

    def hit(score: Figures) -> bool:
        later = [o for o in OUTCOMES if score[o]["band"] != "already"]
        return any(came[score["contact_id"]][outcome] for outcome in later)

    finished = [score for score in scores if score["moment"] == "wrapup"]
    hits = sum(map(hit, finished))
    return {
        "listed": len(listed),
        "caught": sum(map(hit, listed)),
        "of": len(finished),
        "all": hits,
        "by_chance": hits * len(listed) / max(1, len(finished)),
    }


def live(played: Played) -> dict[str, Any]:
    """Tell how many scores the service gave, and how fast."""
    return {"scores": len(played.scores), "median_ms": 1000 * median(played.seconds)}


def words(board: Figures, overall: Figures, policy: Policy) -> str:
    """Say a demonstration's result in plain words.

    Parameters
    ----------
    board : mapping
        `auc` (of `against_the_rule`), `list` (of `caught`), `live`, `tested` and `address`.
    overall : mapping
        The one row of `recontact.rates.rates`.
    policy : Policy
        How contacts were judged.
    """
    top, service, address = board["list"], board["live"], board["address"]
    lines = [
        "",
        "What happened",
        f"  FCR: {share(overall, 'fcr')}",
        f"  {policy_line(policy)}",
        "",
        f"How good the scores are, on {board['tested']:,} later contacts that no model had seen",
        "  (ROC AUC: 0.5 is a coin, 1 never errs; the one-line rule: contacts in the last 7 days)",
        *map(_auc, board["auc"]),
        "",
        "Live, over HTTP",
        f"  {service['scores']:,} scores, half of them within {service['median_ms']:.0f} ms",
        f"  {top['listed']} at the top of the at-risk list: {top['caught']} came back or escalated",
        f"  any {top['listed']} of the {top['of']} contacts: {top['by_chance']:.1f}",
        "",
        "Open (on this machine only, RECONTACT_AUTH=off: the pages ask nobody to sign in)",
        f"  {address}/  the at-risk list: claim, follow up, resolve",
        f"  {address}/fcr  first call resolution over time, by queue, reason, team and agent",
        "    (of the last twelve weeks; the FCR above is of all contacts simulated or read)",
        f"  {address}/proof  whether follow-ups help, against contacts left untouched by lot",
        "    (days gone by: what came had come, so the follow-ups played there change nothing)",
        f"  {address}/desktop/day  an agent's day, call by call, with the panel beside",
        f"  {address}/openapi.json  what the service understands",
    ]
    return "\n".join(lines)


def _auc(row: Figures) -> str:
    best = "" if row["ceiling"] is None else f", the best possible {row['ceiling']:.2f}"
    what = f"{row['target']} at {row['moment']}"
    return f"  {what:<22} {row['recontact']:.2f}, the rule {row['rule']:.2f}{best}"
