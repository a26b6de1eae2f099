"""One training as an MLflow run with two registered versions."""

import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from recontact.evaluation.card import card
from recontact.evaluation.page import page
from recontact.leaks.brief import LEAKS
from recontact.model.bundle import Bundle
from recontact.model.expected import Expected
from recontact.model.training import Learnt
from recontact.tracking import flavor, log
from recontact.tracking.metrics import in_parts, metrics
from recontact.tracking.promotion import above_rule
from recontact.tracking.registry import NAMES, Version, champion, crown, resolve
from recontact.tracking.store import Store, experiment, speaking
from recontact.tracking.tested import of_target, scores_of, write
from recontact.tracking.version_tags import gate_tags, tags


def record(
    store: Store, learnt: Learnt, beside: Mapping[str, str]
) -> tuple[str, dict[str, Version]]:
    """Log a training and register its models.

    Parameters
    ----------
    store : Store
        Where to.
    learnt : Learnt
        The models and their figures.
    beside : mapping of str to str
        By target, the version of the champion that was tested beside.

    Returns
    -------
    tuple
        The run's id and the new versions by target.
    """
    with speaking(store.uri):
        import mlflow  # noqa: PLC0415 - takes seconds, and open_store has it imported by now

        evaluation = learnt.evaluation
        with mlflow.start_run(experiment_id=experiment(store)) as run:
            run_id = str(run.info.run_id)
            mlflow.set_tags({k: evaluation[k] for k in ("policy_digest", "data_digest")})
            mlflow.log_params(_params(learnt))
            _log_data(mlflow, evaluation)
            scores = scores_of(learnt)
            for target, learned in learnt.bundles.items():
                bundle = replace(learned, expected=Expected.of(learned))
                told = tags(learnt, bundle, beside.get(target))
                rows = of_target(scores, target)
                _register(store, run_id, bundle, told | gate_tags(rows, told, beside.get(target)))
            for part in in_parts(metrics(evaluation)):
                mlflow.log_metrics(part)
            _log_files(mlflow, learnt, scores)
    return run_id, {t: resolve(store, NAMES[t], run_id) for t in learnt.bundles}


def set_champions(store: Store, new: Mapping[str, Version]) -> dict[str, str]:
    """Give the champion alias to new versions where it is free for their policy.

    It is free where nobody holds it, or where its holder follows another policy. A new model
    takes it if it beats the one-line rule; from a holder with another policy only together
    with the other target's, since both must follow one policy.

    Returns
    -------
    dict of str to str
        By target what was done, in words.
    """
    holders = {target: champion(store, NAMES[target]) for target in new}
    fit = {target: _fit(version, new) for target, version in new.items()}
    moved = any(h and h.policy_digest != new[t].policy_digest for t, h in holders.items())
    said, at = {}, log.instant()
    for target, version in new.items():
        holder = holders[target]
        if holder and holder.policy_digest == version.policy_digest:
            said[target] = (
                f"champion stays version {holder.version}; "
                f"to change: recontact promote {new['repeated'].version}"
            )
        elif version.tags.get("leak_check", "").startswith(LEAKS):
            what = version.tags["leak_check"].partition(": ")[2]
            said[target] = f"no champion: its data leaks: {what}"
        elif not fit[target]:
            said[target] = "no champion: it does not beat the one-line rule"
        elif moved and not all(fit.values()):
            said[target] = "no champion: the other model does not beat the one-line rule"
        else:
            said[target] = _crowned(store, version, holder, at)
    return said


def objections(store: Store, new: Mapping[str, Version]) -> dict[str, list[str]]:
    """Give what the gate would say against new versions that became champion, by target.

    The first champion of a policy has to beat the one-line rule only; see `set_champions`.
    """
    found = {}
    for target, version in new.items():
        holder = champion(store, version.name)
        if holder and holder.version == version.version:
            told = [text for tag, text in sorted(version.tags.items()) if tag.startswith("gate_")]
            found[target] = [f"it {text[4:]}" for text in told if text.startswith("no: ")]
    return {target: texts for target, texts in found.items() if texts}


def _fit(version: Version, new: Mapping[str, Version]) -> bool:
    """Tell whether a model may be the first; where nothing was learnt, the others decide."""
    learnt = [v for v in new.values() if not v.tags.get("constant")]
    if version.tags.get("constant"):
        return bool(learnt) and all(above_rule(v.tags) for v in learnt)
    return above_rule(version.tags)


def _crowned(store: Store, version: Version, holder: Version | None, at: datetime) -> str:
    why = "first of its policy that beats the one-line rule"
    crown(store, version, why)
    before = holder.version if holder else None
    compared = [version.tags[tag] for tag in sorted(version.tags) if tag.startswith("gate_")]
    log.note(store, version.name, "first", version.version, before, why, at=at, compared=compared)
    if holder is None:
        return f"version {version.version} is champion"
    return (
        f"version {version.version} is champion, in place of version {holder.version} with "
        f"policy {holder.policy_digest}; to go back: recontact rollback"
    )


def _params(learnt: Learnt) -> dict[str, Any]:
    evaluation = learnt.evaluation
    first = next(iter(learnt.bundles.values()))
    own = {f"{t}.trees": bundle.facts["trees"] for t, bundle in learnt.bundles.items()}
    origin = {k: evaluation[k] for k in ("until", "gap_s", "contacts")}
    spans = {
        f"{part}.{k}": evaluation[part][k]
        for part in ("training", "test")
        for k in ("contacts", "from", "to")
    }
    return {**first.facts["params"], "seed": first.facts["seed"], **own, **origin, **spans}


def _log_data(mlflow: ModuleType, evaluation: Mapping[str, Any]) -> None:
    from mlflow.data.code_dataset_source import CodeDatasetSource  # noqa: PLC0415 - takes seconds
    from mlflow.data.meta_dataset import MetaDataset  # noqa: PLC0415

    # MLflow keeps 36 characters of a data set's digest; the whole one is a tag of the run
    facts = {"name": "contacts", "digest": evaluation["data_digest"][:36]}
    data = MetaDataset(CodeDatasetSource(tags={}), **facts)  # type: ignore[abstract] # theirs: it runs
    mlflow.log_input(data, context="training")


def _register(store: Store, run_id: str, bundle: Bundle, version_tags: dict[str, str]) -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - takes seconds
    from mlflow.models import Model  # noqa: PLC0415

    name = NAMES[bundle.target]
    logged = Model.log(
        artifact_path=None, name=name, flavor=flavor, flavor_name="lightgbm", bundle=bundle
    )
    # not by registered_model_name: that prints
    with suppress(MlflowException):  # it is there
        store.client.create_registered_model(name)
    store.client.create_model_version(
        name, logged.model_uri, run_id, version_tags, model_id=logged.model_id
    )


def _log_files(mlflow: ModuleType, learnt: Learnt, scores: pa.Table) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), learnt)
        write(scores, Path(folder))
        mlflow.log_artifacts(folder)


def write_files(folder: Path, learnt: Learnt) -> None:
    """Write the evaluation as JSON and as a page, the plots, the cards and the policy."""
    evaluation = learnt.evaluation
    text = json.dumps(evaluation, indent=1, allow_nan=False)
    (folder / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    (folder / "evaluation.html").write_text(page(evaluation, learnt.images), encoding="utf-8")
    (folder / "policy.yaml").write_text(evaluation["policy"], encoding="utf-8")
    write_cards(folder, learnt)
    (folder / "plots").mkdir()
    for name, image in learnt.images.items():
        (folder / "plots" / f"{name}.png").write_bytes(image)


def write_cards(folder: Path, learnt: Learnt) -> list[Path]:
    """Write the card of each model; give the files."""
    files = []
    for target, bundle in learnt.bundles.items():
        files.append(folder / f"model_card_{target}.md")
        files[-1].write_text(card(bundle, learnt.evaluation), encoding="utf-8")
    return files
