"""The page on features is the declarations, and the declarations are the features."""

import re
import runpy
from pathlib import Path

import yaml

import recontact
from recontact import label
from recontact.dataset import build, feature_columns
from recontact.features import FEATURES
from recontact.features.declarations import WAYS, parse_features
from recontact.features.declared import FAMILIES
from recontact.features.yours import installed, read_features

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
YOURS = PAGE[PAGE.index("## Your own") :]


def block(kind: str, k: int = 0) -> str:
    """Give the page's k-th block of a language, of those in "Your own"."""
    return re.findall(rf"```{kind}\n(.*?)```", YOURS, re.DOTALL)[k]


def test_the_page_is_rendered_from_the_declarations():
    """docs/features.md is what `make docs` writes."""
    rendered = runpy.run_path(str(ROOT / "scripts" / "render_features.py"))["page"]()
    assert rendered == PAGE


def test_the_readme_says_how_many_there_are():
    """Its number of features is the number of declarations."""
    assert f"[{len(FEATURES)} features]" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_family_has_its_heading_and_table():
    """Each family is a section that opens with its table, in the order of the declarations."""
    for family, features in FAMILIES.items():
        section = PAGE[PAGE.index(f"\n## {family}\n") :].split("\n## ")[1]
        rows = re.findall(r"^\| `(\w+)` \| `\w+` \|", section, re.MULTILINE)
        assert rows == [feature.name for feature in features]


def test_the_example_declares_one_of_each_way(tmp_path):
    """The YAML of "Your own" is read, and shows every key that names a way."""
    path = tmp_path / "features.yaml"
    path.write_text(block("yaml"), encoding="utf-8")
    assert len(read_features(path)) == len(yaml.safe_load(block("yaml"))) + 15  # 16 buckets
    assert {way for given in yaml.safe_load(block("yaml")) for way in given} >= WAYS.keys()


def test_the_example_is_computed(simulated, tmp_path, monkeypatch):
    """The Python of "Your own" runs; each feature of its YAML holds values, where any can be."""
    monkeypatch.chdir(tmp_path)
    Path("features.yaml").write_text(block("yaml"), encoding="utf-8")
    told = {"recontact": recontact, "contacts": simulated, "labels": label(simulated)}
    example = block("python").replace(
        "\nrecontact.features_at(", "\nfound = recontact.features_at("
    )
    exec(example, told)  # noqa: S102 - it is our own page
    found = told["found"]
    mine = [feature.name for feature in read_features("features.yaml")]
    assert set(mine) <= set(feature_columns(found))
    silent = {name for name in mine if found[name].null_count == len(found)}
    assert silent <= {name for name in mine if name.startswith("said_")}  # no notes in this record
    among = found["chats_7d"].to_pylist()
    everything = found["contacts_7d"].to_pylist()
    assert 0 < sum(among) < sum(everything)


def test_the_example_package_offers_its_features(tmp_path, monkeypatch):
    """The entry point of "Your own", in an installed package, is found and read."""
    folder = tmp_path / "acme_features-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-features\nVersion: 1.0\n")
    group = re.search(r'entry-points\."(.*)"', block("toml"))[1]
    point = block("toml").strip().splitlines()[-1].replace('"', "")
    (folder / "entry_points.txt").write_text(f"[{group}]\n{point}\n")
    (tmp_path / "acme_features.py").write_text(block("python", 1))
    monkeypatch.syspath_prepend(str(tmp_path))
    (mine,) = installed()
    (declared,) = runpy.run_path(str(tmp_path / "acme_features.py"))["FEATURES"]
    assert (mine,) == parse_features([declared], "")


def test_every_declared_feature_is_computed_in_its_kind(simulated):
    """The dataset holds the declared features in their order; text is a category, else a number."""
    table = build(simulated, label(simulated), moments=("start",))
    assert feature_columns(table) == [feature.name for feature in FEATURES]
    kinds = {feature.name: feature.kind for feature in FEATURES}
    computed = {
        field.name: "category" if str(field.type) == "string" else "number"
        for field in table.schema
        if field.name in kinds
    }
    assert computed == kinds


def test_what_is_not_known_at_a_moment_is_null(simulated):
    """A feature declared from a later moment is null before it, and some value is there after."""
    labels = label(simulated)
    since = {"reason": "wrapup"}
    moments = ("start", "live", "wrapup")
    tables = [build(simulated, labels, moments=(m,), known=since) for m in moments]
    empty = [{f.name for f in FEATURES if t[f.name].null_count == len(t)} for t in tables]
    for k, moment in enumerate(moments):
        early = {f.name for f in FEATURES if moments.index(f.known_from) > k}
        assert early <= empty[k], moment
    assert not empty[2]
