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
# # What each feature says
#
# A score may see only what was known at its instant. This notebook shows, by plots, what that is,
# what each family of features tells about repeats and escalations, and how to add one of your own.
#
# The records are real where they can be: the incidents of a ServiceNow log (24,918 tickets of one
# help desk, CC BY 4.0). `fetch_servicenow` looks in the folder that `RECONTACT_DATA_DIR` names,
# then at the public address. A ticket log has no calls, so what happens while a contact goes on
# comes from a small simulated centre; `RECONTACT_NOTEBOOK_CONTACTS` sets its size.

# %%
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

import recontact
from recontact.dataset import build, feature_columns
from recontact.features.declared import FAMILIES, FEATURES
from recontact.intervals import wilson
from recontact.sources.fetch import fetch_servicenow

BLUE, RED, SAND, GREY = "#2a6f97", "#b5471b", "#e9c46a", "#9a9a9a"


@alt.theme.register("recontact", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    text = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    axis = text | {"grid": False, "domainColor": "#999", "tickColor": "#999", "labelLimit": 420}
    title = {"anchor": "start", "fontSize": 14, "offset": 10}
    return {
        "config": {
            "view": {"stroke": None},
            "axis": axis,
            "title": title,
            "legend": text | {"orient": "top"},
            "header": text,
            "bar": {"color": BLUE},
        }
    }


alt.renderers.enable("png", ppi=144)  # plots need neither network nor browser
work = Path(tempfile.mkdtemp(prefix="recontact-"))

# %% [markdown]
# ## Records, labels, features
#
# Three calls. All channels are judged here, incidents are related by their category, and the
# record is taken as of 1 June 2016: only some strays in the log are later.

# %%
incidents = recontact.import_contacts("servicenow", fetch_servicenow()).contacts
rules = {
    "related_by": "reason",
    "reason_level": 1,
    "as_of": "2016-06-01T00:00:00Z",
    "index_channels": pc.unique(incidents["channel"].drop_null()).to_pylist(),
}
incidents = incidents.filter(pc.less(incidents["started_at"], pd.Timestamp(rules["as_of"])))
labels = recontact.label(incidents, rules)
data = build(incidents, labels, moments=("start", "wrapup"))


def at(table: pa.Table, moment: str) -> pd.DataFrame:
    """Give the judged contacts at a moment whose outcome was still open, by `contact_id`."""
    rows = table.to_pandas().set_index("contact_id")
    rows = rows[(rows["moment"] == moment) & rows["repeated"].notna()]
    return rows.assign(
        repeated=rows["repeated"].where(~rows["repeated_already"].eq(True)).astype(float),
        escalation=rows["escalation"].where(~rows["escalation_already"].eq(True)).astype(float),
    )


start = at(data, "start")
print(
    f"{len(start):,} incidents judged, {len(feature_columns(data))} features;",
    f"{start.repeated.mean():.1%} repeated, {start.escalation.mean():.1%} escalated",
)

# %% [markdown]
# ## What is known from when
#
# One incident and the caller's earlier ones. A dot is an arrival, which is known at once: when,
# how, to which queue and, of this source, about what. A line runs until the record stood as it
# does in the export, here when the ticket was last touched. What was not yet known at the rule
# is not seen: who solved it, how often it was passed on, whether it escalated.

# %%
shown = start.query("6 <= contacts_30d <= 10 and 2 <= same_issue_30d <= 5 and escalated_90d >= 2")
shown = shown[shown["since_last_s"].between(86_400, 4 * 86_400)].index.min()
everyone = incidents.to_pandas().set_index("contact_id")
one = everyone.loc[shown]
lives = everyone[everyone["customer_id"] == one["customer_id"]].reset_index()
month = one["started_at"] - pd.Timedelta("30D"), one["started_at"]
lives = lives[lives["started_at"].between(*month)]
span = [lives["started_at"].min() - pd.Timedelta("1D"), one["started_at"] + pd.Timedelta("6D")]
lives["issue"] = lives["reason"].str.split(" > ").str[0]
lives["about"] = np.where(lives["issue"] == one["reason"].split(" > ")[0], "same issue", "another")
lives["record"] = np.where(lives["known_at"] < one["started_at"], "was known", "not known yet")
lives["until"] = lives["known_at"].clip(upper=span[1])

time = alt.X(
    "started_at:T",
    title=None,
    scale=alt.Scale(type="utc", domain=span),
    axis=alt.Axis(format="%-d %b", tickCount=10),
)
row = alt.Y("contact_id:N", sort=alt.SortField("started_at"), title=None)
known = alt.Color(
    "record:N",
    title="its record",
    scale=alt.Scale(domain=["was known", "not known yet"], range=[BLUE, "#cfcfcf"]),
)
about = alt.Shape(
    "about:N",
    title="it is about",
    scale=alt.Scale(domain=["same issue", "another"], range=["circle", "cross"]),
)
records = alt.Chart(lives).mark_bar(height=4).encode(x=time, x2="until:T", y=row, color=known)
arrivals = (
    alt.Chart(lives)
    .mark_point(size=110, filled=True, opacity=1, color="#333")
    .encode(x=time, y=row, shape=about)
)
instant = alt.Chart(lives[lives["contact_id"] == shown]).mark_rule(color=RED, size=2).encode(x=time)
(records + arrivals + instant).properties(
    width=620, height=26 * len(lives), title=f"What a score of {shown} may see, at its start"
)

# %% [markdown]
# What the features make of it. `escalated_90d` counts those *known* to have escalated by then;
# `last_escalated` is unknown where the last ticket was still open.

# %%
names = ["contacts_7d", "contacts_30d", "same_issue_30d", "since_last_s", "same_queue_30d"]
names += ["escalated_90d", "last_escalated", "mean_gap_s", "gap_spread"]
pd.DataFrame(
    {
        "value": start.loc[shown, names],
        "meaning": {f.name: f.meaning for f in FEATURES if f.name in names},
    }
).loc[names]

# %% [markdown]
# ## The customer's history
#
# For each feature: the share that repeated within 48 hours, with its 95 % interval, and below how
# many incidents that is. The dashed line is all of them.


# %%
Cuts = dict[str, float] | list[float] | int
AGES, HOURS = ["< 1 h", "1 h", "6 h", "1 d", "3 d", "7 d", "14 d+"], [0, 1, 6, 24, 72, 168, 336]


def shares(rows: pd.DataFrame, feature: str, target: str, cuts: Cuts) -> pd.DataFrame:
    """Count an outcome by a feature: from each cut to the next, or in so many equal groups."""
    rows = rows.dropna(subset=[target])
    if isinstance(cuts, int):
        cuts = sorted({-np.inf, *rows[feature].quantile(np.arange(1, cuts) / cuts)})
        groups = pd.cut(
            rows[feature],
            [*cuts, np.inf],
            right=False,
            labels=[f"< {cut:.2g}" for cut in cuts[1:]] + [f"{cuts[-1]:.2g}+"],
        )
    else:
        named = cuts if isinstance(cuts, dict) else dict(zip(_names(cuts), cuts, strict=True))
        groups = pd.cut(rows[feature], [*named.values(), np.inf], right=False, labels=list(named))
    order = [*groups.cat.categories, "unknown"]
    found = rows.groupby(groups.astype(object).fillna("unknown"))[target].agg(["sum", "size"])
    low, high = wilson(found["sum"], found["size"])
    found = found.assign(share=found["sum"] / found["size"], low=low, high=high)
    found = found.rename_axis("value").reset_index().rename(columns={"size": "contacts"})
    return found.assign(place=found["value"].map(order.index), of_all=rows[target].mean())


def _names(cuts: list[float]) -> list[str]:
    return [
        f"{low:g}" if high - low == 1 else f"{low:g}-{high - 1:g}" for low, high in pairwise(cuts)
    ] + [f"{cuts[-1]:g}+"]


def by_value(
    rows: pd.DataFrame, target: str, features: dict[str, Cuts], said: str, columns: int = 2
) -> alt.ConcatChart:
    """Draw the share of an outcome by the values of some features, with intervals and counts."""
    plots = []
    for feature, cuts in features.items():
        found = shares(rows, feature, target, cuts)
        x = alt.X(
            "value:N",
            sort=alt.SortField("place"),
            title=None,
            axis=alt.Axis(labelAngle=0, labelOverlap=False),
        )
        y = alt.Y(
            "share:Q",
            title=said,
            axis=alt.Axis(format="%", tickCount=4),
            scale=alt.Scale(domainMin=0, nice=True),
        )
        base = alt.Chart(found, width=330)
        line = base.mark_rule(color=GREY, strokeDash=[4, 3]).encode(y="mean(of_all):Q")
        error = base.mark_rule(color=BLUE, size=2).encode(x=x, y="low:Q", y2="high:Q")
        point = base.mark_circle(color=BLUE, size=60, opacity=1).encode(x=x, y=y)
        count = base.mark_bar(color="#d5d5d5").encode(
            x=x.axis(None),
            y=alt.Y("contacts:Q", title=None, axis=alt.Axis(format="~s", tickCount=2)),
        )
        top = (line + error + point).properties(height=130, title=feature)
        plots.append(alt.vconcat(top, count.properties(height=34), spacing=2))
    return alt.concat(*plots, columns=columns, spacing=24)


by_value(
    start,
    "repeated",
    {
        "same_issue_30d": [0, 1, 2, 3, 5, 10, 30],
        "contacts_7d": [0, 1, 2, 3, 5, 10, 30],
        "since_same_issue_s": dict(zip(AGES, np.array(HOURS) * 3_600, strict=True)),
        "episode_position": [1, 2, 3, 4, 6, 11],
    },
    "repeated",
)

# %% [markdown]
# **Habit.** Some callers come every day whatever happens. `mean_gap_s` is how often a customer
# comes, `gap_spread` how irregularly: 0 is clockwork, 1 is chance, above it come bursts and long
# silences. Bursts are what repeats look like.

# %%
habit = start.dropna(subset=["mean_gap_s", "gap_spread", "repeated"])
often = pd.cut(
    habit["mean_gap_s"] / 86_400,
    [0, 0.5, 1, 2, 4, 8, 16, 100],
    labels=["< 1/2", "1/2-1", "1-2", "2-4", "4-8", "8-16", "> 16"],
)
even = pd.cut(
    habit["gap_spread"],
    [-1, 0.4, 0.8, 1.2, 1.6, 2.4, 20],
    labels=["< 0.4", "0.4-0.8", "0.8-1.2", "1.2-1.6", "1.6-2.4", "> 2.4"],
)
cells = habit.groupby([often, even], observed=True)["repeated"].agg(["mean", "size"])
cells = cells.rename(columns={"mean": "share"}).rename_axis(["often", "even"]).reset_index()
cells = cells[cells["size"] >= 20].astype({"often": str, "even": str})
grid = alt.Chart(cells).encode(
    x=alt.X(
        "often:O",
        sort=list(often.cat.categories),
        title="mean gap, days",
        axis=alt.Axis(labelAngle=0),
    ),
    y=alt.Y("even:O", sort=list(even.cat.categories)[::-1], title="spread of the gaps"),
)
colour = alt.Color(
    "share:Q", title="repeated", scale=alt.Scale(scheme="blues"), legend=alt.Legend(format="%")
)
number = grid.mark_text(fontSize=11).encode(
    text=alt.Text("share:Q", format=".0%"),
    color=alt.condition("datum.share > 0.5", alt.value("white"), alt.value("#333")),
)
(grid.mark_rect().encode(color=colour) + number).properties(
    width=460, height=220, title="Share repeated by habit (cells of 20 incidents or more)"
)

# %% [markdown]
# ## What is usual for agent, queue, reason ...
#
# A rate of few is mostly chance, so each is drawn towards that of all: it starts out as 20
# contacts like all others. A label counts from the midnight (UTC) after all that it rests on was
# known, so a rate never contains the outcome it is to foretell.
#
# To see what the drawing is worth it is undone here: a reason without any settled incident has
# the rate of all, and from that the raw rate follows.

# %%
rate = start[["at", "reason_repeat_rate", "reason_judged", "repeated"]].dropna()
rate = rate.sort_values("at", kind="stable")
rate["day"] = rate["at"].dt.floor("D")
new = rate[rate["reason_judged"] == 0].groupby("day")["reason_repeat_rate"].first()
rate["of_all"] = rate["day"].map(new)
rate = rate[(rate["reason_judged"] > 0) & rate["of_all"].notna()]
raw = rate["reason_repeat_rate"] * (rate["reason_judged"] + 20) - 20 * rate["of_all"]
rate["raw"] = (raw / rate["reason_judged"]).clip(0, 1)

drawn = rate.rename(columns={"reason_repeat_rate": "drawn towards all"})
drawn = drawn.melt(["reason_judged"], ["raw", "drawn towards all"], "rate", "value")
thinned = drawn.drop_duplicates().sample(3_000, random_state=1)
kind = alt.Color(
    "rate:N",
    title=None,
    sort=["raw", "drawn towards all"],
    scale=alt.Scale(domain=["raw", "drawn towards all"], range=[SAND, BLUE]),
)
funnel = (
    alt.Chart(thinned, title="The rate of a reason, by how many it rests on")
    .mark_circle(size=14, opacity=0.5)
    .encode(
        x=alt.X(
            "reason_judged:Q",
            scale=alt.Scale(type="log", nice=False),
            title="settled incidents of the reason",
        ),
        y=alt.Y("value:Q", title="repeat rate", axis=alt.Axis(format="%")),
        color=kind,
    )
    .properties(width=300, height=240)
)


def what_came(column: str, said: str) -> pd.DataFrame:
    """Compare a rate, in ten groups, with what then came."""
    groups = pd.qcut(rate[column].rank(method="first"), 10, labels=False)
    found = rate.groupby(groups).agg(said=(column, "mean"), came=("repeated", "mean"))
    return found.assign(rate=said)


came = pd.concat([what_came("raw", "raw"), what_came("reason_repeat_rate", "drawn towards all")])
diagonal = (
    alt.Chart(pd.DataFrame({"x": [0, 0.4], "y": [0, 0.4]}))
    .mark_line(color=GREY, strokeDash=[4, 3], size=1)
    .encode(x="x", y="y")
)
held = (
    alt.Chart(came, title="Does it hold for the next incident?")
    .mark_line(point=alt.OverlayMarkDef(filled=True, size=50))
    .encode(
        x=alt.X("said:Q", title="rate, as known at the start", axis=alt.Axis(format="%")),
        y=alt.Y("came:Q", title="share that did repeat", axis=alt.Axis(format="%")),
        color=kind,
    )
    .properties(width=300, height=240)
)
error = {
    name: ((rate[column] - rate["repeated"]) ** 2).mean()
    for name, column in [("raw", "raw"), ("drawn", "reason_repeat_rate")]
}
print(f"mean squared error: raw {error['raw']:.4f}, drawn towards all {error['drawn']:.4f}")
funnel | (diagonal + held)

# %% [markdown]
# Where incidents go first, and what they are about, tells whether they will be passed on.


# %%
def by_group(rows: pd.DataFrame, feature: str, target: str, most: int = 12) -> alt.LayerChart:
    """Draw the share of an outcome in the largest groups of a category."""
    found = rows.dropna(subset=[target]).groupby(feature)[target].agg(["sum", "size"])
    found = found.nlargest(most, "size").rename_axis("group").reset_index()
    low, high = wilson(found["sum"], found["size"])
    found = found.assign(share=found["sum"] / found["size"], low=low, high=high)
    found["group"] += found["size"].map("  ({:,})".format)
    y = alt.Y("group:N", sort=alt.EncodingSortField("share", order="descending"), title=None)
    base = alt.Chart(found, title=feature, width=230, height=22 * most)
    line = (
        alt.Chart(pd.DataFrame({"share": [rows[target].mean()]}))
        .mark_rule(color=GREY, strokeDash=[4, 3])
        .encode(x="share:Q")
    )
    x = alt.X(
        "share:Q", title="escalated", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])
    )
    point = base.mark_circle(size=70, color=RED, opacity=1).encode(x=x, y=y)
    return line + base.mark_rule(size=2, color=RED).encode(x="low:Q", x2="high:Q", y=y) + point


by_group(start, "queue", "escalation") | by_group(start, "reason_1", "escalation")

# %% [markdown]
# ## How busy it is now
#
# `queue_load_1h` counts the queue's contacts in the last 60 whole minutes, this one left out;
# `queue_surge_1h` holds it against the same hour of the week over 8 weeks,
# (load + 1) / (usual + 1).
# Two busy days: the largest queue's, and the one furthest above the usual anywhere. Each dot is
# what one incident saw as it was opened; the area is the usual.

# %%
busy = start[start["at"] > start["at"].min() + pd.Timedelta("28D")].dropna(
    subset=["queue_surge_1h"]
)
above = busy["queue_load_1h"] * np.log(busy["queue_surge_1h"])
largest = busy["queue"] == busy["queue"].mode()[0]


def around(peak: str) -> alt.LayerChart:
    """Draw a queue's load and the usual, the day before to the day after."""
    queue, day = busy.loc[peak, "queue"], busy.loc[peak, "at"].floor("D")
    near = busy["at"].between(day - pd.Timedelta("1D"), day + pd.Timedelta("2D"))
    seen = busy.loc[near & (busy["queue"] == queue), ["at", "queue_load_1h", "queue_surge_1h"]]
    seen["usual"] = (seen["queue_load_1h"] + 1) / seen["queue_surge_1h"] - 1
    seen["hour"] = seen["at"].dt.floor("h")  # within which what is usual is the same
    seen["next"] = seen["hour"] + pd.Timedelta("1h")
    x = alt.X(
        "at:T",
        title=None,
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(format="%-d %b %H:%M", tickCount=6),
    )
    y = alt.Y("queue_load_1h:Q", title="incidents in the hour before")
    plot = alt.Chart(seen, width=640, height=150, title=f"{queue}, around {day:%-d %B %Y}")
    usual = alt.Chart(seen.drop_duplicates("hour")).mark_rect(color=SAND, opacity=0.6)
    load = plot.mark_circle(size=30, color=BLUE, opacity=1).encode(x=x, y=y)
    return usual.encode(x="hour:T", x2="next:T", y="usual:Q", y2=alt.datum(0)) + load


around(above[largest].idxmax()) & around(above.idxmax())

# %% [markdown]
# The second is worth a look behind the plot: who opened those incidents?

# %%
peak = busy.loc[above.idxmax()]
hour = everyone["started_at"].between(peak["at"] - pd.Timedelta("1h"), peak["at"])
listed = everyone[hour & (everyone["queue"] == peak["queue"])]
print(
    f"{len(listed)} incidents of {listed['customer_id'].nunique()} callers in an hour,",
    f"opened by {listed['opened_by'].nunique()} person",
)

# %% [markdown]
# No outage: somebody typed in a list. A surge says that many come at once, not why; repeats
# follow either way.

# %%
by_value(
    start,
    "repeated",
    {
        "queue_surge_1h": [0, 1, 2, 3, 5, 8],
        "reason_surge_1h": [0, 1, 2, 3, 5, 8],
    },
    "repeated",
)

# %% [markdown]
# Nothing is known in the first week of a record (`unknown`): there is no week before.
#
# ## While it goes on
#
# From here on, simulated calls with their events: answered, hold, resume, transfer. For training,
# each contact is asked about once at `live`, after a time drawn from those at which something
# happened in contacts, whatever its own length. Those that were over by then have no such row.

# %%
from recontact.simulate import simulate
from recontact.tables import read_table

simulate(
    contacts=int(os.environ.get("RECONTACT_NOTEBOOK_CONTACTS", "40000")),
    seed=1,
    out=work / "centre",
)
calls = recontact.read_contacts(work / "centre" / "contacts.parquet")
events = read_table(work / "centre" / "events.parquet")
call_labels = recontact.label(calls)
call_data = build(calls, call_labels, events=events)
live = at(call_data, "live")
lasted = (live["ended_at"] - live["started_at"]).dt.total_seconds()
times = pd.concat(
    [
        pd.DataFrame({"s": live["elapsed_s"], "what": "asked after"}),
        pd.DataFrame({"s": lasted, "what": "lasted"}),
    ]
)
steps = np.arange(0, 1_800, 60)
bars = times.groupby(
    ["what", pd.cut(times["s"], [*steps, 1_800], labels=steps)], observed=True
).size()
bars = bars.rename_axis(["what", "s"]).rename("contacts").reset_index().astype({"s": int})
alt.Chart(bars, width=300, height=150).mark_bar().encode(
    x=alt.X("s:Q", bin=alt.Bin(binned=True, step=60), title="seconds", axis=alt.Axis(tickCount=6)),
    x2=alt.X2("end:Q"),
    y=alt.Y("contacts:Q", title="contacts"),
    column=alt.Column("what:N", title=None, sort=["asked after", "lasted"]),
).transform_calculate(end="datum.s + 60")

# %% [markdown]
# Why not simply half-way through? Because then the time asked after is half the length, and the
# model reads from its own question how the contact will end. Below, the share that escalates by
# the time asked after: drawn as we do (what a live score meets), and half-way (a leak).

# %%
halves = live.assign(elapsed_s=lasted / 2)
asked = pd.concat(
    [
        shares(live, "elapsed_s", "escalation", [0, 60, 120, 240, 480]).assign(how="drawn"),
        shares(halves, "elapsed_s", "escalation", [0, 60, 120, 240, 480]).assign(how="half-way"),
    ]
)
x = alt.X(
    "value:N",
    sort=alt.SortField("place"),
    title="seconds since the start",
    axis=alt.Axis(labelAngle=0),
)
how = alt.Color("how:N", title="asked after", scale=alt.Scale(range=[BLUE, RED]))
base = alt.Chart(asked, width=420, height=180, title="Escalated, by the time asked after")
base.mark_line(point=alt.OverlayMarkDef(filled=True, size=50)).encode(
    x=x, y=alt.Y("share:Q", title="escalated", axis=alt.Axis(format="%")), color=how
) + base.mark_rule().encode(x=x, y="low:Q", y2="high:Q", color=how)

# %% [markdown]
# What has happened *so far* is unknown until the first event of the contact. Mind the last plot:
# holds so far are compared with what whole contacts of the reason have, so most values are below
# zero, and a value says first of all which reason it is. A model reads it beside the other three.

# %%
by_value(
    live,
    "escalation",
    {
        "transfer_count": [0, 1],
        "hold_count": [0, 1, 2],
        "reason_escalation_rate": 6,
        "hold_beyond_reason_s": 6,
    },
    "escalated",
)

# %% [markdown]
# ## How well each feature tells the outcome alone
#
# ROC AUC of the best score that one feature makes by itself (0.5 is a coin), over contacts whose
# outcome was open, of a third of the customers. Not what it adds to a model: `contacts_7d` and
# `contacts_30d` say much the same. Of a ticket, which has no end, only the start is looked at.

# %%
from recontact.evaluation.alone import auc_alone

FAMILY = {f.name: family for family, group in FAMILIES.items() for f in group}


def alone(table: pa.Table, moment: str, source: str) -> pd.DataFrame:
    """Give the AUC of every feature alone, for both outcomes."""
    rows, found = at(table, moment), []
    for target in ("repeated", "escalation"):
        judged = rows[rows["customer"] % 6 < 2].dropna(subset=[target])
        hits, second = judged[target].to_numpy(bool), judged["customer"].to_numpy() % 2 == 1
        for name in feature_columns(table):
            column = pa.chunked_array([pa.array(judged[name], from_pandas=True)])
            auc = 0.5 if column.null_count == len(column) else auc_alone(column, hits, second)
            found.append((source, moment, target, name, FAMILY.get(name, "Of the source"), auc))
    return pd.DataFrame(found, columns=["source", "moment", "target", "feature", "family", "auc"])


every = pd.concat(
    [
        alone(data, "start", "ServiceNow"),
        *(alone(call_data, m, "simulated") for m in ("start", "live", "wrapup")),
    ]
)


def best(source: str, target: str, most: int = 14) -> alt.Chart:
    """Draw the features that tell most, by moment."""
    rows = every[(every["source"] == source) & (every["target"] == target)]
    chosen = rows.groupby("feature")["auc"].max().nlargest(most).index
    rows = rows[rows["feature"].isin(chosen)]
    order = ["start", "live", "wrapup"]
    return (
        alt.Chart(
            rows,
            title=f"{source}: {target}",
            width=230,
            height=most * (14 if source == "ServiceNow" else 24),
        )
        .mark_bar()
        .encode(
            x=alt.X(
                "auc:Q",
                title="AUC alone",
                scale=alt.Scale(domain=[0.5, 0.8], clamp=True),
                axis=alt.Axis(values=[0.5, 0.6, 0.7, 0.8]),
            ),
            y=alt.Y("feature:N", sort=list(chosen), title=None),
            yOffset=alt.YOffset("moment:N", sort=order),
            color=alt.Color(
                "moment:N",
                sort=order,
                scale=alt.Scale(domain=order, range=["#a9cbe0", "#5f9dc2", BLUE]),
            ),
        )
    )


alt.concat(
    *(
        best(source, target)
        for source in ("ServiceNow", "simulated")
        for target in ("repeated", "escalation")
    ),
    columns=2,
)

# %% [markdown]
# Which families say anything here? Each tick is a feature.

# %%
alt.Chart(every).mark_tick(thickness=2, opacity=0.6, color=BLUE).encode(
    x=alt.X("auc:Q", title="AUC alone", scale=alt.Scale(domain=[0.5, 0.8])),
    y=alt.Y("family:N", title=None, sort=[*FAMILIES, "Of the source"]),
    column=alt.Column("group:N", title=None),
).transform_calculate(group="datum.source + ': ' + datum.target").properties(width=135, height=170)

# %% [markdown]
# What a source does not record stays unknown, and costs nothing. Of the incidents:

# %%
silent = [name for name in feature_columns(data) if len(start[name].unique()) == 1]
empty = [name for name in silent if start[name].isna().all()]
print(
    f"{len(empty)} features are unknown at the start, {len(silent) - len(empty)} always the same:",
    ", ".join(name for name in silent if name not in empty),
)
lacking = pd.Series(empty).map(FAMILY).value_counts()
lacking.rename("unknown throughout").to_frame().assign(of=pd.Series(FAMILY).value_counts())

# %% [markdown]
# ## What the firewall says
#
# `recontact leak-check` deletes the future, shuffles rows, delivers records twice, and asks of
# each feature whether it tells the outcome too well to have been known. Here on the first month,
# into which somebody joined the time to the caller's next incident, saying that it is known from
# the start:

# %%
from recontact import leaks
from recontact.features.known import known_from
from recontact.features.table import Source
from recontact.labels.table import policy_of

month = incidents.filter(pc.less(incidents["started_at"], pd.Timestamp("2016-04-01", tz="UTC")))
begun = everyone.sort_values("started_at").groupby("customer_id")["started_at"]
until_next = -begun.diff(-1).dt.total_seconds()  # which nobody can know at the start
joined = month.append_column(
    "next_in_s",
    pa.array(until_next[month["contact_id"].to_numpy()], pa.float64(), from_pandas=True),
)
source = Source(joined, policy_of(labels), known_from(joined, {"next_in_s": "start"}))
for said in leaks.check(source, moments=("start",), sample=4):
    print("LEAK " if said.leaks else "  ok ", f"{said.name:<11}", said.text)

# %% [markdown]
# ## One of your own
#
# A declaration says what is measured, not how: the same lines are computed in batch, by a cluster
# and in the live service, and are kept with the model. `location` is a column of this source: is
# there more going on at the caller's place than is usual at this hour? And how many of the
# caller's earlier incidents were urgent?

# %%
from recontact.features.yours import read_features

(work / "features.yaml").write_text("""
- name: location_surge_1h
  meaning: incidents at the same location in the last hour, against the usual
  surge: location
  within: 1h

- name: urgent_90d
  meaning: the caller's urgent incidents in the last 90 days
  past: count
  within: 90d
  where: {priority: ["1 - Critical", "2 - High"]}

- name: location_repeat_rate
  meaning: share of the location's settled incidents that repeated
  rate: repeated
  of: location
""")
mine = read_features(work / "features.yaml")
own = recontact.features_at(incidents, labels, "start", features=mine).to_pandas()
own = own.set_index("contact_id").join(start[["repeated", "escalation"]], how="inner")
own[[f.name for f in mine]].describe().loc[["count", "mean", "min", "50%", "max"]].round(3)

# %%
by_value(
    own,
    "repeated",
    {
        "location_surge_1h": [0, 1, 2, 3, 5],
        "urgent_90d": [0, 1, 2, 3],
        "location_repeat_rate": 6,
    },
    "repeated",
    columns=3,
)

# %% [markdown]
# `recontact train contacts.parquet --features features.yaml` learns with them, and keeps them with
# the model; the service then computes them for each live contact. All keys are in
# [docs/features.md](../docs/features.md).
