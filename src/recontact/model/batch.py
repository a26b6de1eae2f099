"""Score contacts in a batch, each seeing only what was known at its own instant."""

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from recontact import dataset
from recontact.contacts import canonical, instants
from recontact.errors import UserError
from recontact.labels.table import label
from recontact.model.bundle import Bundle
from recontact.policy import Policy


def score(
    contacts: pa.Table,
    bundles: Mapping[str, Bundle],
    moment: str,
    *,
    since: int | None = None,
    elapsed_s: float | None = None,
    events: pa.Table | None = None,
) -> pa.Table:
    """Score every eligible contact by both models.

    Parameters
    ----------
    contacts : pyarrow.Table
        Clean contacts; all of them are history, whatever `since` says.
    bundles : mapping of str to Bundle
        The models by target, of one policy.
    moment : {"start", "live", "wrapup"}
        When the score is asked for.
    since : int, optional
        Microseconds since 1970: only contacts that started at or after it are scored.
    elapsed_s : float, optional
        Seconds since the start, needed at `live`.
    events : pyarrow.Table, optional
        What happened during the contacts; tells holds and transfers so far at `live`.

    Returns
    -------
    pyarrow.Table
        `contact_id`, `moment`, `at`, `repeated_probability`, `escalation_probability`,
        `repeated_band`, `escalation_band`, `model_version`.

    Raises
    ------
    UserError
        Models of different policies, no contact to score, or features that are missing.
    """
    policy = shared_policy(bundles)
    seen = canonical(contacts)
    first = bundles["repeated"]
    rows = dataset.features(
        seen,
        # how old the data of training was says nothing about these
        label(seen, replace(policy, as_of=None)),
        moment,
        known=first.known_from,
        elapsed_s=elapsed_s,
        delay_s=first.wrapup_delay_s,
        events=events,
        features=first.features,
    )
    rows = _since(rows, seen, since)
    if not len(rows):
        raise UserError(
            "no contact to score" + ("" if since is None else " since then"),
            mend="recontact label shows which contacts are not judged, and why",
        )
    return scored(rows, bundles)


def scored(rows: pa.Table, bundles: Mapping[str, Bundle]) -> pa.Table:
    """Give the scores table of a features table."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: rows[name] for name in ("contact_id", "moment", "at")
    }
    probabilities = {target: bundle.predict(rows) for target, bundle in bundles.items()}
    for target in ("repeated", "escalation"):
        columns[f"{target}_probability"] = pa.array(probabilities[target])
    for target in ("repeated", "escalation"):
        bundle = bundles[target]
        bands = bundle.bands(probabilities[target], bundle.already(rows))
        columns[f"{target}_band"] = pa.array(bands, pa.string())
    version = version_of(bundles)
    columns["model_version"] = pa.array([version] * len(rows), pa.string())
    return pa.table(columns)


def version_of(bundles: Mapping[str, Bundle]) -> str:
    """Name the version of both models, once where it is the same.

    Both numbers, that of `repeated` first, where the registry counts them differently.
    """
    return "/".join(dict.fromkeys(bundles[t].version for t in ("repeated", "escalation")))


def shared_policy(bundles: Mapping[str, Bundle]) -> Policy:
    """Give the policy that both models follow."""
    digests = {bundle.policy_digest for bundle in bundles.values()}
    if len(digests) > 1:
        raise UserError(
            f"the models follow different policies: {', '.join(sorted(digests))}",
            mend="score with two models of one training: recontact models",
        )
    return Policy.from_text(bundles["repeated"].policy)


def _since(rows: pa.Table, contacts: pa.Table, since: int | None) -> pa.Table:
    if since is None:
        return rows
    recent = contacts["contact_id"].filter(pa.array(instants(contacts["started_at"]) >= since))
    return rows.filter(pc.is_in(rows["contact_id"], value_set=recent.combine_chunks()))
