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
# # What if the policy were another?
#
# "Resolved first time" is what a policy says: no related contact within a window, and no
# escalation. Another window or another idea of "related" gives another figure, another model and
# another order of agents, though nobody worked any better. This notebook shows how much hangs on
# it, and how to choose.
#
# The centre is simulated, so the truth is known: which contacts were really about one issue, and
# how good each agent really is. No policy sees that. For contacts of your own, leave out the cells
# that read `truth`. `RECONTACT_NOTEBOOK_CONTACTS` sets how many contacts are simulated.

# %%
import os
import tempfile
from pathlib import Path

import altair as alt
import pandas as pd

import recontact
from recontact.simulate import simulate

BLUE, RED, SAND, GREEN, GREY = "#2a6f97", "#b5471b", "#d9a520", "#5b8c5a", "#9a9a9a"


@alt.theme.register("recontact", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    text = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    axis = text | {"grid": False, "domainColor": "#999", "tickColor": "#999", "labelLimit": 420}
    title = {"anchor": "start", "fontSize": 14, "offset": 10}
    legend = text | {"orient": "top"}
    view = {"stroke": None}
    return {"config": {"view": view, "axis": axis, "title": title, "legend": legend}}


alt.renderers.enable("png", ppi=144)  # plots need neither network nor browser
centre = Path(tempfile.mkdtemp(prefix="recontact-")) / "centre"
simulate(
    contacts=int(os.environ.get("RECONTACT_NOTEBOOK_CONTACTS", "40000")),
    seed=1,
    out=centre,
)
contacts = recontact.read_contacts(centre / "contacts.parquet")
policy = recontact.Policy()  # 48 hours, the same reason, an escalation breaks it
policy

# %% [markdown]
# ## The same work, twenty figures
#
# One report tries all windows and ways of relating. The bars are 95 % intervals: how far the
# figure may be off by chance.
#
# **What to look for:** the intervals are small beside the distances between the rules. Two centres
# with different policies can not be compared, however many contacts they have.

# %%
labels = recontact.label(contacts, policy)
report = recontact.report_on(contacts, labels, by="agent_id", sensitivity=True)

WINDOWS = ["24h", "48h", "7d", "14d"]
COLOURS = {
    "any issue": RED,
    "same reason, level 1": SAND,
    "same reason": BLUE,
    "same case": GREEN,
}
tried = pd.DataFrame(report.sensitivity).query("not abandoned and window in @WINDOWS")

window = alt.X("window:O", sort=WINDOWS, title="window", axis=alt.Axis(labelAngle=0))
related = alt.Color(
    "related:N",
    title="related by",
    sort=list(COLOURS),
    scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
)


def by_window(table: pd.DataFrame, value: str, said: str, title: str) -> alt.LayerChart:
    """Draw a rate by window, a line for each way of relating."""
    y = alt.Y(f"{value}:Q", title=said, axis=alt.Axis(format="%"), scale=alt.Scale(zero=False))
    base = alt.Chart(table, title=title, width=300, height=250).encode(x=window, color=related)
    error = base.mark_rule(size=2).encode(y=f"{value}_low:Q", y2=f"{value}_high:Q")
    return base.mark_line(point=alt.OverlayMarkDef(size=50, filled=True)).encode(y=y) + error


by_window(tried, "fcr", "resolved first time", "FCR rate by policy").properties(width=440)

# %% [markdown]
# ## Does an escalation break it?
#
# Who is passed on to the second line and never calls again: resolved or not? And does somebody who
# hangs up in the queue count as a further contact? Each answer moves the figure, too.
#
# **What to look for:** the escalation rule moves the figure by several points, abandoned calls
# hardly at all. That rule is no detail; it says what the figure is *for*. Where an escalation
# costs nothing, passing a customer on is the quickest way to a good rate.

# %%
answers = []
for breaks in (True, False):
    for abandoned in (False, True):
        rules = {"escalation_breaks_fcr": breaks, "count_unhandled": abandoned}
        row = recontact.rates_of(contacts, recontact.label(contacts, rules)).to_pandas().iloc[0]
        escalated = "breaks it" if breaks else "does not matter"
        attempts = "abandoned calls count, too" if abandoned else "only handled contacts count"
        answers.append({"an escalation": escalated, "attempts": attempts, **row})
y = alt.Y("attempts:N", title=None)
shape = alt.Color("an escalation:N", scale=alt.Scale(range=[BLUE, SAND]))
x = alt.X("fcr:Q", title="resolved first time", axis=alt.Axis(format="%", tickCount=5))
base = alt.Chart(pd.DataFrame(answers), width=440, height=90).encode(y=y, color=shape)
base.mark_circle(size=90, opacity=1).encode(x=x.scale(zero=False)) + base.mark_rule(size=2).encode(
    x="fcr_low:Q", x2="fcr_high:Q"
)

# %% [markdown]
# ## When do they come back?
#
# The share of contacts that were followed by another one, by the time since their end. Contacts of
# the last days count as long as they could be watched (Kaplan and Meier, 1958).
#
# **What to look for:** where the line of the same reason goes flat. A window that ends before it
# calls contacts resolved whose customers are on their way back; one that goes on far behind it
# collects new issues. The line of any issue never goes flat: people simply have lives.

# %%
curve = pd.DataFrame(report.time_to_repeat).assign(days=lambda rows: rows["hours"] / 24)
curve = curve[curve["days"] <= 21]
followed = pd.concat(
    [
        curve[["days", way, f"{way}_low", f"{way}_high"]]
        .set_axis(["days", "share", "low", "high"], axis=1)
        .assign(related=said)
        for way, said in (("any", "any issue"), ("same", "same reason"))
    ]
)
days = alt.X("days:Q", title="days since the end", axis=alt.Axis(values=[1, 2, 7, 14, 21]))
base = alt.Chart(followed, width=520, height=240, title="Followed by a further contact")
cuts = alt.Chart(pd.DataFrame({"days": [1, 2, 7, 14]})).mark_rule(color="#ddd").encode(x="days:Q")
share = alt.Y("low:Q", title="share", axis=alt.Axis(format="%"))
two = related.scale(domain=["any issue", "same reason"], range=[RED, BLUE]).legend(symbolOpacity=1)
band = base.mark_area(opacity=0.25).encode(x=days, y=share, y2="high:Q", color=two)
cuts + band + base.mark_line().encode(x=days, y="share:Q", color=two)

# %% [markdown]
# ## Which policy finds the true issue?
#
# The simulator knows which contacts were about one issue. `links` holds a policy's repeats against
# that: *precision* is the share of its repeats that really were the same issue, *recall* the share
# of the true repeats within the window that it finds.

# %%
from recontact.evaluation.truth import links
from recontact.tables import read_table

WAYS = {
    "any issue": {"related_by": "any"},
    "same reason, level 1": {"related_by": "reason", "reason_level": 1},
    "same reason": {"related_by": "reason"},
    "same case": {"related_by": "case"},
}


def rules_of(way: str, window: str) -> recontact.Policy:
    """Give the policy of a way of relating and a window."""
    return recontact.Policy.parse({**WAYS[way], "window": window})


truth = read_table(centre / "truth" / "issues.parquet")
found = pd.DataFrame(
    {"related": way, "window": length, **links(contacts, truth, rules_of(way, length))}
    for way in WAYS
    for length in WINDOWS
)
found["of_all"] = found["recall"] * found["true_rate"] / found["true_rate"].max()
found["place"] = found["window"].map(WINDOWS.index)

# %% [markdown]
# **What to look for:** up and to the right is better. "Any" finds all, but up to nearly half of
# what it finds are other issues. The case number is never wrong, but most contacts have none, and
# what has none is not judged. The reason lies between; its first level gives away much precision
# for little recall. Along a line the window grows: precision rises up to 7 days, within which the
# customers of this centre come back, and falls behind them, where only new issues are left.

# %%
percent = alt.Axis(format="%")
weigh = alt.Chart(found, title="Repeats held against the truth", width=300, height=270).encode(
    x=alt.X("recall:Q", title="recall", axis=percent, scale=alt.Scale(domain=[0.3, 1.02])),
    y=alt.Y("precision:Q", title="precision", axis=percent, scale=alt.Scale(zero=False)),
    color=related,
)
order = alt.Order("place:Q")
path = weigh.mark_line(point=alt.OverlayMarkDef(size=50, filled=True)).encode(order=order)
named = weigh.mark_text(dx=-16, fontSize=11).encode(text="window:N")
last = weigh.mark_text(dx=4, dy=13, fontSize=11).encode(text="window:N")
caught = (
    alt.Chart(found, title="Of all true repeats of 14 days, found", width=240, height=270)
    .mark_line(point=alt.OverlayMarkDef(size=50, filled=True))
    .encode(x=window, y=alt.Y("of_all:Q", title="share", axis=percent), color=related)
)
ours = "datum.related == 'same reason' && datum.window"
(
    path + named.transform_filter(ours + " != '14d'") + last.transform_filter(ours + " == '14d'")
) | caught

# %% [markdown]
# **What to look for on the right:** 48 hours see fewer than half of those who come back about
# their issue; 7 days see nearly all that 14 days see. What speaks for 48 hours is not truth but
# speed: a figure that is known the day after tomorrow.
#
# ## What it means for the model
#
# One model a policy, of the same contacts at wrap-up, tested on the last fifth. The base rate says
# how often a repeat comes at all; the ROC AUC how well the score ranks (0.5 is a coin); the
# workload what share of the contacts has to be looked at to meet half of the repeats.

# %%
from recontact.evaluation.bootstrap import Draws
from recontact.evaluation.figures import figures, find
from recontact.model import fit
from recontact.model.backtest import trials
from recontact.model.rows import Recipe, labeled_rows
from recontact.model.split import greatest_window, split

QUICK = {"learning_rate": 0.1}  # a third of the trees: enough to compare policies


def learnt(rules: recontact.Policy) -> dict[str, float]:
    """Train by a policy, and measure on the latest contacts."""
    rows = labeled_rows(contacts, rules, Recipe(moments=("wrapup",)))
    parts = split(rows, greatest_window(rules))
    model = fit(rows.filter(parts.earlier), "repeated", rules, params=QUICK)
    tested = trials(model, rows.filter(parts.later))
    table = figures(tested, Draws.of(tested[0].customers))
    ours, rule = (find(table, history="all", model=name) for name in ("recontact", "contacts_7d"))
    low, high = ours["intervals"]["roc_auc"]
    half = next(row["share"] for row in ours["to_reach"] if row["recall"] == 0.5)
    return {
        "repeat": ours["base_rate"],
        "auc": ours["roc_auc"],
        "low": low,
        "high": high,
        "rule": rule["roc_auc"],
        "workload": half,
    }


looked_at = [("same reason", length) for length in WINDOWS]
looked_at += [(way, "48h") for way in WAYS if way != "same reason"]
models = pd.DataFrame(
    {"policy": f"{way}, {length}", "related": way, **learnt(rules_of(way, length))}
    for way, length in looked_at
)

# %% [markdown]
# **What to look for:** the grey dash is the rule "contacts in the last 7 days"; its distance from
# the dot is what the model adds. A wider window is easier to foretell: *whether* a customer comes
# back can be known better than whether it will be by tomorrow. On the right, light is how many
# contacts have to be looked at, dark how many of these do come back: about the same effort, spent
# on more certain cases. But a high AUC is no reason to choose a policy. It says how well a
# question can be answered, not whether it is the right one: "any issue" does well, since frequent
# callers call.

# %%
policies = alt.Y("policy:N", sort=models["policy"].tolist(), title=None)
silent = policies.axis(labels=False, ticks=False, domain=False)
hue = related.legend(None)
models["half"] = models["repeat"] / 2


def panel(title: str) -> alt.Chart:
    """Begin one figure of every model."""
    return alt.Chart(models, title=title, width=190, height=200)


few = alt.Axis(format="%", tickCount=3)
often = panel("Base rate").mark_circle(size=90, opacity=1)
often = often.encode(x=alt.X("repeat:Q", title=None, axis=few), y=policies, color=hue)
auc = alt.X("auc:Q", title=None, axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=False))
ranks = panel("ROC AUC, 95 % interval")
ranks = (
    ranks.mark_tick(color=GREY, thickness=2, size=16).encode(x="rule:Q", y=silent)
    + ranks.mark_rule(size=2).encode(x="low:Q", x2="high:Q", y=silent, color=hue)
    + ranks.mark_circle(size=90, opacity=1).encode(x=auc, y=silent, color=hue)
)
hands = panel("Looked at, for half of them")
hands = hands.mark_bar(size=14, opacity=0.35).encode(
    x=alt.X("workload:Q", title=None, axis=few), y=silent, color=hue
) + hands.mark_bar(size=14).encode(x="half:Q", y=silent, color=hue)
alt.hconcat(often, ranks, hands, spacing=14)

# %% [markdown]
# ## A week is long to wait
#
# What speaks against 7 days is that Monday's contacts are judged a week later. `fcr_today` need
# not wait: it takes what came so far, and what the model foretells for the rest of each window.
# Here it is put to the test: a model of the time to Easter is asked on ten Mondays about the week
# before, seeing nothing that came later. The cross is what the week came to in the end.
#
# **What to look for:** crosses inside the intervals. The grey ring is the rate if nobody called
# any more, which is what a dashboard without a model shows: always too good.

# %%
import pyarrow as pa
import pyarrow.compute as pc

from recontact.evaluation.plan import Plan
from recontact.model import learn
from recontact.model.rows import before

week = rules_of("same reason", "7d")
plan = Plan(shuffled=False, replicates=0)  # only the model is wanted, no evaluation of it


def instant(day: pd.Timestamp | str) -> int:
    """Give the beginning of a day in microseconds."""
    return int(pd.Timestamp(day, tz="UTC").timestamp() * 1e6)


known = learn(
    contacts, week, until=instant("2026-04-06"), moments=("wrapup",), params=QUICK, plan=plan
)
final = recontact.label(contacts, week)
outcome = final.to_pandas().set_index("contact_id")["fcr"]
mondays = []
for monday in pd.date_range("2026-04-13", periods=10, freq="7D"):
    there = before(contacts, instant(monday))
    told = recontact.fcr_today(there, recontact.label(there, week), known.bundles["repeated"])
    since = pa.scalar(pd.Timestamp(told.since_us, unit="us", tz="UTC"))
    asked = there.filter(pc.greater_equal(there["started_at"], since))
    came = outcome[asked["contact_id"].to_pylist()].dropna().astype(float).mean()
    mondays.append({"monday": monday, **vars(told), "came": came})
mondays = pd.DataFrame(mondays)

base = alt.Chart(mondays, width=520, height=240, title="FCR today, and what it came to")
base = base.encode(
    x=alt.X(
        "monday:T",
        title=None,
        axis=alt.Axis(format="%-d %b", values=mondays["monday"].dt.strftime("%Y-%m-%d").tolist()),
        scale=alt.Scale(type="utc", padding=20),
    )
)
marks = (
    ("rate", "foretold", "circle"),
    ("came", "came in the end", "cross"),
    ("so_far", "so far", "circle"),
)
shades = alt.Color(
    "what:N",
    title=None,
    scale=alt.Scale(domain=[said for _, said, _ in marks], range=[BLUE, RED, GREY]),
)
y = alt.Y("low:Q", title="share, of the week before", axis=percent, scale=alt.Scale(zero=False))
plot = base.mark_rule(color=BLUE, size=2).encode(y=y, y2="high:Q")
for value, said, shape in marks:
    points = base.transform_calculate(what=f"'{said}'").mark_point(
        shape=shape, size=70, filled=value != "so_far", opacity=1
    )
    plot += points.encode(y=f"{value}:Q", color=shades)
plot

# %% [markdown]
# ## What it does to people
#
# Now the agents: ranked by how often their customers came back, against what their contacts let
# one expect (`case_mix` of the report: reason, queue, hour, history). The last column is the truth
# of the simulator: how often they leave an issue open.
#
# **What to look for:** where lines cross between two policies, the place of a person depends on a
# word in the rules. Filled dots stand out by more than chance; the others are not told apart, and
# their places mean little. Shown are the fifteen agents with the most judged contacts.

# %%
RANKED = ["same reason, 24h", "same reason, 48h", "same reason, 7d", "any issue, 48h"]
really = pd.read_parquet(centre / "truth" / "agents.parquet").set_index("agent_id")
really = really["unresolved_factor"]


def agents(rules: recontact.Policy) -> pd.DataFrame:
    """Give each agent's repeats over those expected, and the verdict."""
    told = recontact.report_on(contacts, recontact.label(contacts, rules), by="agent_id")
    rows = pd.DataFrame(told.case_mix["agent_id"]).query("outcome == 'repeat'")
    return rows.set_index("group")


judged = {name: agents(rules_of(*name.rsplit(", ", 1))) for name in RANKED}
shown = judged["same reason, 48h"]["of"].nlargest(15).index
ranked = pd.concat(
    [
        pd.DataFrame(
            {
                "policy": name,
                "rank": rows["ratio"].reindex(shown).rank(method="first"),
                "stands out": rows["verdict"].reindex(shown).isin(["better", "worse"]),
            }
        )
        for name, rows in judged.items()
    ]
    + [pd.DataFrame({"policy": "the truth", "rank": really[shown].rank(), "stands out": True})]
)
ranked = ranked.rename_axis("agent").reset_index()
place = ranked.pivot_table(index="agent", columns="policy", values="rank")
moved = (place[RANKED].max(axis=1) - place[RANKED].min(axis=1)).nlargest(3).index
ranked["who"] = ranked["agent"].where(ranked["agent"].isin(moved), "another")

columns = alt.X("policy:N", sort=[*RANKED, "the truth"], title=None, axis=alt.Axis(labelAngle=0))
rank = alt.Y("rank:Q", title="rank, 1 is best", scale=alt.Scale(reverse=True, domain=[0.5, 15.5]))
who = alt.Color(
    "who:N",
    title="moves most",
    scale=alt.Scale(domain=[*moved, "another"], range=[RED, SAND, GREEN, "#b9ccd8"]),
)
slopes = alt.Chart(ranked, width=620, height=360, title="Agents by policy")
slopes = slopes.encode(x=columns, y=rank)
hollow = slopes.mark_point(size=80, filled=True, opacity=1, color="white")
rings = slopes.mark_point(size=80, opacity=1).encode(color=who)
dots = slopes.transform_filter("datum['stands out']").mark_circle(size=80, opacity=1)
lines = slopes.mark_line(size=2).encode(color=who, detail="agent:N")
lines + hollow + rings + dots.encode(color=who)

# %% [markdown]
# Which policy ranks *all* agents nearest to the truth? The rank correlation with what the
# simulator knows: 1 is the same order, 0 is any order. The plain FCR rate, without a look at what
# was brought to whom, stands beside the ratios.
#
# **What to look for:** at the same policy, the adjusted order is nearer to the truth than the
# plain rate. A window of 24 hours sees too few of the returns to tell agents apart; 7 days see
# most of them. None comes near 1: some contacts' luck is always in it, and no order is a verdict
# on a person.

# %%
plain = recontact.rates_of(contacts, labels, by="agent_id").to_pandas().set_index("group")
near = [("plain FCR rate, same reason, 48h", -plain.loc[plain["fcr_of"] >= 30, "fcr"])]
near += [(name, rows.loc[rows["of"] >= 30, "ratio"]) for name, rows in judged.items()]
alike = pd.DataFrame(
    {"policy": name, "correlation": values.corr(really[values.index], method="spearman")}
    for name, values in near
)
bars = alt.Chart(alike, width=420, height=150, title="Order of agents, against the truth")
length = alt.X("correlation:Q", title="rank correlation", scale=alt.Scale(domain=[0, 1]))
names = alt.Y("policy:N", sort=alike["policy"].tolist(), title=None)
bars.mark_bar(color=BLUE).encode(x=length, y=names) + bars.mark_text(dx=18).encode(
    x=length, y=names, text=alt.Text("correlation:Q", format=".2f")
)

# %% [markdown]
# ## How to choose
#
# 1. **Relate by what is recorded well.** `recontact doctor` says how many contacts have a reason
#    and a case. The full reason where the codes are kept well; a case number where nearly all have
#    one; "any issue" only where no reason can be trusted, and then say so.
# 2. **End the window where the line goes flat** for the same reason (here 7 days). `fcr_today`
#    makes up for the wait. 48 hours are a fair early sign, if all know that they see less than
#    half.
# 3. **Let an escalation break it**, unless passing on is what the first line is for.
# 4. **Choose once, then keep it.** The digest of the policy stands beside every figure: figures of
#    two digests are never compared. A better rate after a change of policy is no better work.
# 5. **Compare people with care**: adjusted, with enough contacts, and only where a difference is
#    more than chance.
#
# The same choice in a file, for all commands:

# %%
print(rules_of("same reason", "7d").text())
