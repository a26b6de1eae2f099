"""Write models/cards: the model cards of what `make demo` trains, in both its forms.

The same seed and data give the same bytes; `make cards` runs it (minutes). Real records are
fetched, or found where RECONTACT_DATA_DIR says.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from recontact.contacts import instants
from recontact.evaluation.card import card, template
from recontact.labels.table import label
from recontact.model import learn
from recontact.model.registered import leak_check
from recontact.model.rows import Recipe
from recontact_pipelines import demo
from recontact_pipelines.output import note

MODELS = Path(__file__).parents[1] / "models"
CONTACTS, SEED = 40_000, 1  # the defaults of `recontact demo`


def main() -> None:
    """Train what the demonstrations train, and write the cards and their form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="*", default=["simulated", "servicenow"])
    chosen = parser.parse_args().data
    (MODELS / "model_card.md").write_text(template(), encoding="utf-8")
    (MODELS / "cards").mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        for data in chosen:
            written(data, made(data, Path(folder)))


def made(data: str, folder: Path) -> demo.Centre:
    """Make the contacts of a demonstration."""
    if data == "simulated":
        return demo.simulated(folder, CONTACTS, SEED)
    return demo.servicenow(folder)


def written(data: str, centre: demo.Centre) -> None:
    """Train as the demonstration does, on all but the contacts that it plays live."""
    labels = label(centre.contacts, centre.policy)
    until = int(instants(demo.last_contacts(centre.contacts, labels)["started_at"]).min())
    learnt = learn(centre.contacts, centre.policy, until=until, say=note)
    leaks = leak_check(centre.contacts, centre.policy, Recipe(until))
    for target, bundle in learnt.bundles.items():
        file = MODELS / "cards" / f"{data}_{target}.md"
        text = card(bundle, learnt.evaluation | {"leak_check": leaks})
        file.write_text(text, encoding="utf-8")
        note(f"written: {file.relative_to(MODELS.parent)}")


if __name__ == "__main__":
    main()
