"""Headlines and charts: what they say follows from the figures, and nothing is drawn of nothing."""

import re
from dataclasses import replace
from html import escape

import pytest

from recontact import label
from recontact.report import charts
from recontact.report.collect import collect
from recontact.report.headlines import headlines
from recontact.report.page import page
from recontact.report.svg import Scale


@pytest.fixture(scope="module")
def report(simulated):
    return collect(simulated, label(simulated), sensitivity=True)


def said(report, start):
    return [line for line in headlines(report) if start in line]


def test_queues_that_are_worse_are_named_with_their_distance(report):
    """As many are named as stand out, the worst first, each with its points below all."""
    rows = report.groups["queue"]
    worse = [row for row in rows if row["verdict"] == "worse"]
    (line,) = said(report, "queues")
    assert line.startswith(f"{len(worse)} of {sum(row['verdict'] is not None for row in rows)}")
    points = 100 * (worse[0]["fcr"] - report.overall["fcr"])
    assert f": {worse[0]['group']} ({points:+.1f} points)" in line


def test_where_nothing_stands_out_that_is_said(report):
    """No group is named for being last alone."""
    rows = [
        {**row, "verdict": row["verdict"] and "not told apart"} for row in report.groups["queue"]
    ]
    even = replace(report, groups={"queue": rows})
    assert said(even, "queue") == ["No queue is worse than the rest by more than chance."]


def weeks(*hits):
    return [
        {"group": f"2026-01-{k + 1:02}", "fcr": h / 200, "fcr_of": 200, "small": False}
        for k, h in enumerate(hits)
    ]


@pytest.mark.parametrize(
    ("hits", "words"),
    [
        ((150, 150, 150, 150, 120, 120, 120, 120), "worse than the 4 before: 60.0 %, -15.0 points"),
        ((120, 120, 120, 120, 150, 150, 150, 150), "better than the 4 before: 75.0 %, +15.0"),
        ((150, 140, 150, 140, 150, 140, 145, 145), "differ no more"),
    ],
)
def test_the_trend_is_told_only_where_it_is_more_than_chance(report, hits, words):
    """The last four weeks against the four before."""
    (line,) = said(replace(report, groups={"week": weeks(*hits)}), "The 4 weeks from 2026-01-05")
    assert words in line


def test_too_few_weeks_have_no_trend(report):
    """Seven weeks are no two times four."""
    assert said(replace(report, groups={"week": weeks(*[150] * 7)}), " weeks from") == []


def test_who_came_back_is_split_by_issue(report):
    """Same and other issue add up to any issue, also in words."""
    (line,) = said(report, "came back:")
    either, same, other = (float(text) for text in re.findall(r"([\d.]+) %", line))
    assert either == pytest.approx(same + other, abs=0.11)
    assert either == round(100 * report.overall["any_issue"], 1)


def test_half_of_the_repeats_are_those_of_the_fewest_reasons(report):
    """So many reasons are named as it takes for half of all repeats, and no more."""
    (line,) = said(report, "of all repeats")
    half = int(line.split()[0])
    shares = [row["share"] for row in report.repeats_caused]
    assert sum(shares[: half - 1]) < 0.5 <= sum(shares[:half])


def test_the_span_of_rules_is_that_of_the_table(report):
    """The least and the greatest FCR of all rules are named."""
    known = [row["fcr"] for row in report.sensitivity if row["fcr_of"]]
    (line,) = said(report, "The rules alone")
    found = [float(text) for text in re.findall(r"([\d.]+) %", line)]
    assert found == [round(100 * min(known), 1), round(100 * max(known), 1)]


def test_every_chart_is_drawn_and_told_in_words(report):
    """Each drawing has words for those who do not see it; there is one for each part."""
    html = page(report)
    drawn = re.findall(r'<svg [^>]*role="img"[^>]*>', html)
    assert all(re.search(r'aria-label="[^"]{5,}"', tag) for tag in drawn)
    assert html.count("<figure>") == 1 + 2 * 4 + 3  # trend, funnels, pareto, curve, windows
    assert html.count("<h1>") == 1
    assert (
        len(re.findall(r'<div class="wide" role="region" aria-label="[^"]+" tabindex="0">', html))
        > 9
    )


def test_what_the_data_supports_stands_on_the_page(report):
    """Each use of the data is told, and what limits the figures stands before what is fine."""
    html = page(report)
    assert report.supports
    assert all(escape(use.text) in html for use in report.supports)
    worse = [finding for finding in report.findings if finding.level != "good"]
    folded = html.index("found nothing to mind")
    assert all(html.index(escape(finding.text)) < folded for finding in worse)


def test_nothing_is_drawn_of_nothing(report):
    """Charts without a figure are left out."""
    assert charts.trend([], "fcr", None) == ""
    assert charts.funnel([], 0.5) == ""
    assert charts.pareto([]) == ""
    assert charts.curve([], 48.0) == ""
    assert charts.windows([]) == ""
    empty = replace(report, next_issues=[], agreement=[], time_to_repeat=[], repeats_caused=[])
    html = page(replace(empty, groups={}, case_mix={}, sensitivity=[]))
    assert "<figure" not in html
    assert 'id="next"' not in html


def test_ticks_are_round_and_inside():
    """Ticks are multiples of 1, 2, 2.5 or 5 tens and never beyond the axis."""
    assert Scale(0.31, 0.92, 0, 1).ticks() == [0.4, 0.6, 0.8]
    assert Scale(3, 1_200, 0, 1).ticks(4) == [500.0, 1000.0]
    assert Scale(5, 5, 0, 1).ticks() == [5]
