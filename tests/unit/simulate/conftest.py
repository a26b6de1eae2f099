"""A simulated contact centre large enough to measure, with its labels and its truth."""

from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    """100,000 contacts: the folder and its tables as pandas frames, contacts with labels."""
    from recontact import label
    from recontact.clean import read_contacts
    from recontact.simulate import simulate

    folder = tmp_path_factory.mktemp("bench") / "centre"
    done = simulate(contacts=100_000, seed=11, out=folder)
    contacts = read_contacts([folder / "contacts.parquet"])
    frames = {
        name: pq.read_table(folder / "truth" / f"{name}.parquet").to_pandas()
        for name in ("issues", "probabilities", "customers", "agents", "outages")
    }
    frame = contacts.to_pandas()
    labels = label(contacts).to_pandas()
    for name in ("eligible", "matured", "repeated", "escalation", "fcr", "next_gap_s"):
        frame[name] = labels[name]
    return SimpleNamespace(folder=folder, done=done, contacts=frame, **frames)


@pytest.fixture(scope="session")
def judged(bench):
    """The judged contacts beside their issues, customers and chances of each moment."""
    frame = bench.contacts[bench.contacts["repeated"].notna()].merge(bench.issues, on="contact_id")
    for moment, chances in bench.probabilities.groupby("moment"):
        names = {f"{o}_probability": f"{o}_{moment}" for o in ("repeated", "escalation")}
        frame = frame.merge(
            chances[["contact_id", *names]].rename(columns=names), on="contact_id", how="left"
        )
    traits = bench.customers.drop_duplicates("customer_id").drop(columns="program")
    frame = frame.merge(traits, on="customer_id", how="left")
    outcomes = {"repeated": bool, "escalation": bool}
    return frame.astype(outcomes).assign(rate=np.log2(frame["issues_per_180_days"]).round())
