"""Two hundred damaged models: every one is refused, in little time and memory."""

import json
import os
import re
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from tests.serving.registered import files_of, register, store_in

from recontact.model.bundle import FACTS_FILE, MODEL_FILE, Bundle
from recontact.model.digest import digest_of_files, sha256
from recontact.model.expected import Expected
from recontact.tracking.loading import RefusedModelError
from recontact.tracking.registry import resolve
from recontact_serving.models.cache import Cache
from recontact_serving.models.fetching import fetch
from recontact_serving.models.self_testing import trouble

Files = dict[str, bytes]
NAME = "recontact-repeated"


@pytest.fixture(scope="module")
def sound(learnt) -> Bundle:
    bundle = learnt.bundles["repeated"]
    return replace(bundle, expected=Expected.of(bundle))


@pytest.fixture(scope="module")
def registered(learnt, empty_store, tmp_path_factory):
    """A registry with the model: the store and the version."""
    store = store_in(tmp_path_factory.mktemp("registry"), empty_store)
    return store, resolve(store, NAME, register(store, learnt.bundles)[NAME])


def changed_later(files: Files, other: Files) -> Iterator[tuple[str, Files]]:
    """Damage files after they were registered: the digest is still that of the sound ones."""
    rng = np.random.default_rng(1)
    for name in (MODEL_FILE, FACTS_FILE):
        held = files[name]
        for k in rng.integers(0, len(held), 30):
            flipped = bytearray(held)
            flipped[k] ^= 1 << int(rng.integers(8))
            yield f"a bit of {name} at {k}", {**files, name: bytes(flipped)}
        for k in rng.integers(0, len(held), 15):
            yield f"{name} cut at {k}", {**files, name: held[:k]}
        yield f"no {name}", {key: value for key, value in files.items() if key != name}
        yield f"{name} empty", {**files, name: b""}
        yield f"{name} of the other model", {**files, name: other[name]}
        yield f"{name} twice", {**files, name: held * 2}
        yield f"{name} with a byte behind", {**files, name: held + b"\n"}
    yield (
        "files that took each other's place",
        dict(zip(files, reversed(files.values()), strict=True)),
    )
    yield "the other model", other


def changed_before(files: Files) -> Iterator[tuple[str, Files]]:
    """Damage a model and make its digests again, as a writer with a fault would."""
    text, facts = files[MODEL_FILE].decode(), json.loads(files[FACTS_FILE])

    def trees(what: str, pattern: str, to: str | Callable[[re.Match[str]], str], count: int = 1):
        changed, found = re.subn(pattern, to, text, count=count)
        assert found, what
        return what, _again(changed, facts)

    def beside(what: str, **fields: object):
        return what, _again(text, {**facts, **fields})

    yield from (
        trees(f"{line} is {value!r}", f"\n{line}=[^\n]*", f"\n{line}={value}")
        for line in ("num_leaves", "split_feature", "threshold", "decision_type", "left_child",
                     "right_child", "leaf_value", "leaf_count", "internal_count")
        for value in ("", "nan", "-1", "1000000000000", "99999999999999999999999", "x", "1 2")
    )  # fmt: skip
    yield trees("no objective", "\nobjective=[^\n]*", "")
    yield trees("another objective", "\nobjective=[^\n]*", "\nobjective=regression")
    yield trees("no end", "\nend of trees", "")
    yield trees("fewer columns", r"max_feature_idx=\d+", "max_feature_idx=3")
    yield trees("columns beyond count", r"max_feature_idx=\d+", "max_feature_idx=99999999999")
    yield trees("lines in leaves", "\nis_linear=0", "\nis_linear=1")
    yield trees("an endless leaf", r"\nleaf_value=\S+", "\nleaf_value=inf")
    yield trees("leaves upside down", "\nleaf_value=([^\n]*)", _negated, 0)
    yield trees("leaves too large", "\nleaf_value=([^\n]*)", _tenfold, 0)
    yield trees("columns renamed", "feature_names=(\\S+) (\\S+)", r"feature_names=\2 \1")
    yield trees(
        "trees that turn back", "\nleft_child=[^\n]*", lambda m: re.sub("[0-9]+", "0", m[0])
    )
    ends = text[: text.index("\nTree=1")] + text[text.index("\nend of trees") :]
    yield "only the first tree", _again(ends, facts)
    features = facts["features"]
    yield beside(
        "two features in each other's place", features=[features[1], features[0], *features[2:]]
    )
    yield beside("a feature that nobody computes", features=["of_tomorrow", *features[1:]])
    yield beside("a feature too many", features=[*features, "more"])
    yield beside("no features", features=[])
    for moment in facts["calibrators"]:
        line = facts["calibrators"][moment]
        for what, wrong in (
            ("falls", {"raw": line["raw"], "true": line["true"][::-1]}),
            ("has one knot", {"raw": line["raw"][:1], "true": line["true"][:1]}),
            ("is moved", {"raw": line["raw"], "true": [v + 1 for v in line["true"]]}),
            ("has no number", {"raw": line["raw"], "true": [float("nan")] * len(line["true"])}),
            ("has no end", {"raw": line["raw"], "true": [0.0, float("inf")]}),
            ("has text", {"raw": line["raw"], "true": ["a", "b"]}),
        ):
            yield beside(
                f"the line of {moment} {what}", calibrators={**facts["calibrators"], moment: wrong}
            )
    yield beside("no calibration", calibrators={})
    for cuts in ({"medium": 0.9, "high": 0.1}, {"medium": 0.1}, {"medium": -1, "high": 2}):
        yield beside(f"cuts {cuts}", cuts=cuts)
    yield beside("another policy", policy="window: 90d\n")
    yield beside("a policy that is none", policy="window: [")
    yield beside("no expected numbers", expected=None)
    yield beside("expected numbers of others", expected={**facts["expected"], "raw": [0.0] * 48})
    yield beside(
        "expected rows of another width", expected={**facts["expected"], "rows": [[1.0]] * 48}
    )
    yield beside("own features of nobody", yours=[{"name": "x"}])
    yield beside("next issues that are none", next_issues={"base": 3})
    yield beside("another format", format=99)
    yield "facts that are a list", _again(text, [1])
    yield "facts without end", {**files, FACTS_FILE: b"[" * 500_000}
    yield "facts that are no text", {**files, FACTS_FILE: b"\xff\xfe" * 50}
    yield "trees that are no text", _again_bytes(b"\xff" * 5000, facts)
    yield (
        "junk",
        _again_bytes(bytes(np.random.default_rng(2).integers(0, 256, 3_000_000, np.uint8)), facts),
    )


def _again(text: str, facts: object) -> Files:
    return _again_bytes(text.encode(), facts)


def _again_bytes(model: bytes, facts: object) -> Files:
    told = {**facts, "sha256": sha256(model)} if isinstance(facts, dict) else facts
    return {MODEL_FILE: model, FACTS_FILE: json.dumps(told).encode()}


def _negated(found: re.Match[str]) -> str:
    return "\nleaf_value=" + " ".join(str(-float(v)) for v in found[1].split())


def _tenfold(found: re.Match[str]) -> str:
    return "\nleaf_value=" + " ".join(str(10 * float(v)) for v in found[1].split())


def test_two_hundred_damaged_models_are_refused(sound, learnt, registered, tmp_path):
    """Those changed after they were registered by digest, the others by what they hold and give."""
    assert not trouble({sound.digest: _written(tmp_path, sound.files())})
    later = list(changed_later(sound.files(), learnt.bundles["escalation"].files()))
    before = list(changed_before(sound.files()))
    assert len(later) + len(before) >= 200
    store, version = registered
    place, cache = files_of(store, NAME, version.version), Cache(tmp_path / "cache")
    taken = []
    for what, files in later:
        _replace(place, files)
        try:
            fetch(store, [version], cache)
        except RefusedModelError:
            continue
        taken.append(what)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for what, files in before:
        began = time.monotonic()
        if trouble({digest_of_files(files): _written(tmp_path, files)}) is None:
            taken.append(what)
        assert time.monotonic() - began < 20, what  # it does not hang
    assert taken == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 200 * 1024
    _replace(place, sound.files())
    assert fetch(store, [version], cache) == [sound.digest]


def test_a_gigabyte_of_junk_is_refused_by_its_size(registered, sound, tmp_path):
    """Not a byte of it is copied."""
    store, version = registered
    place = files_of(store, NAME, version.version)
    os.truncate(place / MODEL_FILE, 2**30)
    with pytest.raises(RefusedModelError, match="1,073,741,824 bytes, which no model has"):
        fetch(store, [version], Cache(tmp_path))
    assert not list(tmp_path.rglob(MODEL_FILE))
    _replace(place, sound.files())


def _written(folder, files: Files) -> str:
    place = folder / "model"
    place.mkdir(exist_ok=True)
    _replace(place, files)
    return str(place)


def _replace(place, files: Files) -> None:
    for name in (MODEL_FILE, FACTS_FILE):
        (place / name).unlink(missing_ok=True)
        if name in files:
            (place / name).write_bytes(files[name])
