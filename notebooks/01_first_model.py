# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first model
#
# From the record of a contact centre to a model that tells, while a call is still going on,
# whether the customer will have to call again. Five steps: contacts, labels, what the labels
# say, a trained and tested model, and where it is kept.
#
# The contacts here are simulated, so the notebook runs anywhere. For your own, replace the
# first cell by `contacts = read_contacts("contacts.parquet")`; `recontact import` makes that
# file from an export. `RECONTACT_NOTEBOOK_CONTACTS` sets how many contacts are simulated.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from recontact import Policy, label
from recontact.clean import read_contacts
from recontact.simulate import simulate

work = Path(tempfile.mkdtemp(prefix="recontact-"))
simulate(
    contacts=int(os.environ.get("RECONTACT_NOTEBOOK_CONTACTS", "40000")),
    seed=1,
    out=work / "centre",
)
contacts = read_contacts(work / "centre" / "contacts.parquet")
shown = ["contact_id", "customer_id", "started_at", "channel", "queue", "agent_id", "reason"]
contacts.select(shown).to_pandas().head()

# %% [markdown]
# ## Labels
#
# A contact is resolved first time if the same customer made no related contact in the 48 hours
# before it, nor in the 48 hours after it, and it was not escalated. Window, relatedness and
# channels are your policy; its digest stands beside every figure made with it.

# %%
policy = Policy()
labels = label(contacts, policy)
print(policy.text())
labeled = contacts.to_pandas().merge(labels.to_pandas().drop(columns="escalated"), on="contact_id")
labeled["fcr"].value_counts(dropna=False).rename("contacts").to_frame()

# %% [markdown]
# `None` is honest: contacts that are not judged (chats, abandoned calls, anonymous callers),
# those whose 48 hours are not over yet, and those that were not a first contact.

# %%
from recontact.rates import rates

overall = rates(contacts, labels).to_pylist()[0]
for name in ("fcr", "repeat", "escalation"):
    low, high, of = (overall[f"{name}_{end}"] for end in ("low", "high", "of"))
    print(f"{name:<12}{overall[name]:6.1%}  (95 % interval {low:.1%} to {high:.1%}, of {of:,})")

# %%
by_reason = rates(contacts, labels, by="reason").to_pandas().dropna(subset=["group", "fcr"])
by_reason = by_reason.sort_values("fcr")
figure, axis = plt.subplots(figsize=(8, 5))
error = [by_reason["fcr"] - by_reason["fcr_low"], by_reason["fcr_high"] - by_reason["fcr"]]
axis.barh(by_reason["group"], by_reason["fcr"], xerr=error, color="#2a6f97", ecolor="#555")
axis.set(title="First call resolution by reason", xlabel="share resolved first time", xlim=(0, 1))
axis.axvline(overall["fcr"], color="#b5471b", linestyle="--", label="all contacts")
axis.legend(loc="lower right")
figure.tight_layout()

# %% [markdown]
# How long does it take until customers are back about the same issue? A policy with a wider
# window shows what 48 hours leave out.

# %%
wide = label(contacts, Policy.parse({"window": "14d"})).to_pandas()
days = wide.loc[wide["eligible"], "next_gap_s"].dropna() / 86_400
figure, axis = plt.subplots(figsize=(8, 3.5))
axis.hist(days, bins=range(15), color="#2a6f97", rwidth=0.9)
axis.axvspan(0, 2, color="#e9c46a", alpha=0.35, label="the 48 hours of the default policy")
axis.set(title="Time to the next related contact", xlabel="days", ylabel="contacts")
axis.legend()
figure.tight_layout()

# %% [markdown]
# ## Features, as they were known
#
# A score at the start of a call may see only what was known at that instant. `features` gives
# each eligible contact as it stood at a moment: nothing that came later is in it.

# %%
from recontact.dataset import features

start = features(contacts, labels, "start").to_pandas()
joined = start.merge(labeled[["contact_id", "repeated"]], on="contact_id").dropna(
    subset=["repeated"]
)
joined["repeated"] = joined["repeated"].astype(float)
same = joined.groupby(joined["same_issue_7d"].clip(upper=4))["repeated"].agg(["mean", "size"])
figure, axis = plt.subplots(figsize=(8, 3.5))
axis.bar(same.index, same["mean"], color="#2a6f97")
axis.set(
    title="Who called about this in the last 7 days will call about it again",
    xlabel="contacts about the same issue in the last 7 days (4: four or more)",
    ylabel="share repeated within 48 h",
)
figure.tight_layout()
same.rename(columns={"mean": "share repeated", "size": "contacts"})

# %% [markdown]
# ## Train, test, keep
#
# `train` does what `recontact train` does: labels, features at the start, during and at the end
# of a contact, a split by time with a gap, both models, figures beside the rule "contacts in the
# last 7 days" and a logistic regression, and a run in MLflow that holds it all.

# %%
from recontact.model import train

store = f"sqlite:///{work / 'mlflow.db'}"
trained = train(contacts, policy, tracking_uri=store, say=print)
trained.champions

# %%
table = pd.DataFrame(trained.evaluation["figures"])
overview = table[(table["target"] == "repeated") & (table["history"] == "all")]
overview.pivot_table(
    index="moment", columns="model", values=["roc_auc", "average_precision"]
).round(3)

# %% [markdown]
# The score has to be better for every kind of customer, not only for frequent callers: the same
# figure by how many contacts the customer had before.

# %%
wrapup = table[(table["target"] == "repeated") & (table["moment"] == "wrapup")]
by_history = wrapup.pivot_table(index="history", columns="model", values="roc_auc", sort=False)
colours = {"recontact": "#2a6f97", "logistic": "#e9c46a", "contacts_7d": "#8a8a8a"}
axis = by_history[list(colours)].plot.bar(figsize=(8, 3.8), rot=0, color=colours)
axis.set(title="ROC AUC by earlier contacts, scored at wrap-up", xlabel="", ylim=(0.45, 0.9))
axis.axhline(0.5, color="#555", linewidth=0.8)
axis.legend(title="", loc="upper left", ncols=3)
axis.figure.tight_layout()

# %% [markdown]
# ## The list of today
#
# Batch scores are what the service would have said: each contact sees only what was known at
# its own end. The worst first, that is the list to act on.

# %%
from recontact.model import score

last_day = contacts["started_at"].to_pandas().max() - pd.Timedelta(days=1)
scores = score(contacts, trained.bundles, moment="wrapup", since=int(last_day.timestamp() * 1e6))
worst = scores.to_pandas().sort_values("repeated_probability", ascending=False)
worst.merge(contacts.select(["contact_id", "queue", "agent_id", "reason"]).to_pandas()).head(10)

# %% [markdown]
# The run with its plots, the evaluation page and the model card is in the store:
# `mlflow server --backend-store-uri sqlite:///…/mlflow.db` opens it; `recontact serve` takes the
# champion from there.

# %%
print(f"run {trained.run_id}; versions {trained.versions}; store {store}")
