"""In words: which uses a record supports, and what is missing for the others."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.doctor.finding import Finding
from recontact.model.gate import MIN_CONTACTS, MIN_OF_EACH
from recontact.report.standing import MIN_VOLUME

ENOUGH = 100  # judged contacts from which a rate says something: about 10 points either way
TRAINED = sum(MIN_OF_EACH.values())  # of either outcome, at the very least
WELL_TRAINED = 1_000  # from here on a model is more than a rule
FOLLOWED = 500  # repeats from which it shows which reason follows which


@dataclass(frozen=True)
class Support:
    """One use of the data.

    Attributes
    ----------
    use : str
        What for.
    can : {"yes", "weak", "no"}
        Whether the record supports it.
    text : str
        On what it rests, or what is missing.
    """

    use: str
    can: str
    text: str


def supports(contacts: pa.Table, labels: pa.Table, findings: list[Finding]) -> list[Support]:
    """Tell for each use of the data whether this record supports it.

    Parameters
    ----------
    contacts, labels : pyarrow.Table
        Canonical contacts and their labels, row for row.
    findings : list of Finding
        What was found about them: what is bad there rules out figures that rest on it.

    Returns
    -------
    list of Support
    """
    bad = {finding.name for finding in findings if finding.level == "bad"}
    return [
        _fcr(labels, bad),
        _model(labels, "repeated", bad),
        _model(labels, "escalation", bad),
        _next_issues(contacts, labels),
        _agents(contacts, labels),
        _surveys(contacts),
    ]


def _fcr(labels: pa.Table, bad: set[str]) -> Support:
    judged = len(labels) - labels["fcr"].null_count
    wrong = sorted(bad & {"anonymous", "linked", "placeholders", "reason", "issue", "reason codes"})
    if wrong:
        return Support("FCR and repeat rates", "no", f"see {', '.join(wrong)}")
    if judged < ENOUGH:
        text = f"only {judged:,} first contacts have a known outcome; {ENOUGH} are the least"
        return Support("FCR and repeat rates", "no", text)
    return Support("FCR and repeat rates", "yes", f"{judged:,} first contacts are judged")


def _model(labels: pa.Table, target: str, bad: set[str]) -> Support:
    name = "a model of repeats" if target == "repeated" else "a model of escalations"
    outcome = labels[target].drop_null()
    hits = int(pc.sum(outcome).as_py() or 0)
    fewer = min(hits, len(outcome) - hits)
    said = f"{hits:,} of {len(outcome):,} judged contacts are {_hit(target)}"
    if target == "repeated" and bad & {"anonymous", "linked", "placeholders"}:
        return Support(name, "no", "customers are not linked")
    if len(outcome) < MIN_CONTACTS or fewer < TRAINED:
        return Support(name, "no", f"{said}; at least {TRAINED} of either outcome are needed")
    if fewer < WELL_TRAINED:
        return Support(name, "weak", f"{said}; from {WELL_TRAINED:,} on it beats simple rules")
    return Support(name, "yes", said)


def _hit(target: str) -> str:
    return "followed by a repeat" if target == "repeated" else "escalated, or what followed was"


def _next_issues(contacts: pa.Table, labels: pa.Table) -> Support:
    repeated = pc.fill_null(labels["repeated"], fill_value=False)
    known = pc.and_(repeated, pc.is_valid(contacts["reason"]))
    count = int(pc.sum(known).as_py() or 0)
    text = f"{count:,} repeats of a contact with a known reason"
    can = "yes" if count >= FOLLOWED else "weak" if count >= ENOUGH else "no"
    return Support("next issues", can, text)


def _agents(contacts: pa.Table, labels: pa.Table) -> Support:
    judged = contacts["agent_id"].filter(pc.is_valid(labels["fcr"]))
    if judged.null_count == len(judged):
        return Support("rates by agent", "no", "no judged contact names its agent (agent_id)")
    counts = np.asarray(
        pa.table({"a": judged.drop_null()})
        .group_by("a")
        .aggregate([([], "count_all")])["count_all"]
    )
    enough = int((counts >= MIN_VOLUME).sum())
    text = f"{enough:,} of {len(counts):,} agents have {MIN_VOLUME} judged contacts or more"
    can = "yes" if enough >= len(counts) / 2 else "weak" if enough else "no"
    return Support("rates by agent", can, text)


def _surveys(contacts: pa.Table) -> Support:
    counts = {
        name: len(contacts) - contacts[name].null_count
        for name in ("csat", "nps", "ces", "survey_resolved")
    }
    said = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
    most = max(counts.values())
    can = "yes" if most >= ENOUGH else "weak" if most else "no"
    return Support("the customers' own answers", can, said or "no survey answers")
