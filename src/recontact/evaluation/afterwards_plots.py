"""Plots of what comes after a contact: when customers are back, and what about."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recontact.evaluation.drawing import figure, label, png
from recontact.evaluation.words import Row, after

OURS, CAME = "#0072B2", "#E69F00"  # Okabe and Ito (2008)
BAR = 0.4
WIDTH = 4.3  # inches: still read where it is as wide as a telephone


def plots(evaluation: Mapping[str, Any]) -> dict[str, bytes]:
    """Draw what there are figures of: `when`, `next_issues`; nothing of what was not learnt."""
    drawn = {}
    if evaluation.get("when"):
        drawn["when"] = _when(evaluation["when"])
    if evaluation.get("next_issues"):
        drawn["next_issues"] = _next_issues(evaluation["next_issues"])
    return drawn


def _when(rows: list[Row]) -> bytes:
    """Draw for each time two bars: what was predicted, and who was back."""
    sheet = figure(WIDTH, 3.2)
    axis = sheet.subplots()
    place = np.arange(len(rows))
    for move, key, name, colour, hatch in (
        (-BAR / 2, "probability", "predicted", OURS, ""),
        (BAR / 2, "back", "were back", CAME, "///"),
    ):
        height = [100 * row[key] for row in rows]
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0}
        bars = axis.bar(place + move, height, BAR, label=name, **look)
        axis.bar_label(bars, fmt="%.1f", fontsize=7.5, padding=2)
    label(axis, "Customers back", "after the end of the contact", "% of the contacts")
    axis.set_xticks(place, [after(row["hours"]) for row in rows])
    axis.grid(visible=False, axis="x")
    axis.margins(y=0.12)
    axis.legend(frameon=False, fontsize=9, loc="upper left")
    return png(sheet)


def _next_issues(found: Row) -> bytes:
    """Draw the log loss of the model and of the table; the whisker is that of the difference."""
    sheet = figure(WIDTH, 1.8)
    axis = sheet.subplots()
    loss = [found["log_loss"], found["log_loss_of_table"]]
    bars = axis.barh([0, 1], loss, 0.6, color=[OURS, CAME])
    bars[1].set_hatch("///")
    bars[1].set_edgecolor("white")
    down, up = found["gain_high"] - found["gain"], found["gain"] - found["gain_low"]
    reach = [[max(down, 0.0)], [max(up, 0.0)]]
    axis.errorbar(loss[:1], [0], xerr=reach, fmt="none", ecolor="#222222", capsize=4, linewidth=1.5)
    ends = (loss[0] + reach[1][0], loss[1])
    for k, (value, end) in enumerate(zip(loss, ends, strict=True)):
        axis.annotate(
            f"{value:.3f}", (end, k), (5, 0), textcoords="offset points", va="center", fontsize=9
        )
    label(axis, "Surprise at what came next", "log loss: further left is better", "")
    axis.set_yticks([0, 1], ["this model", "the reason's\nown table"], fontsize=9)
    axis.grid(visible=False, axis="y")
    axis.invert_yaxis()
    axis.margins(x=0.18)
    axis.set_xlim(left=0)
    return png(sheet)
