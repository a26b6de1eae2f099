"""The FCR pages and the proof with all that they can show: for everybody, on paper, by address."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import insert
from tests.browser.desks import Desk
from tests.browser.test_pages_access import LONG, in_anybodys_way
from tests.serving.test_fcr import POLICY, made, record
from tests.serving.test_proof import ENDED, act, row

from recontact.features.moments import KNOWN_FROM
from recontact_serving.hourly import rates
from recontact_serving.settings import Settings
from recontact_serving.storage.database import put
from recontact_serving.storage.tables import actions, fcr_estimates, follow_ups

pytestmark = pytest.mark.browser

PAGES = ("/fcr?least=10", "/fcr?of=queue&name=care&step=day", "/proof", "/proof?repeat=12.5")


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """A service whose pages have something to show, with long names among them."""
    folder = tmp_path_factory.mktemp("figures")
    desk = Desk(Settings(f"sqlite:///{folder}/recontact.db", auth=False, holdout=0.4))
    database, lot = desk.service.database, desk.service.follow_ups.holdout
    renamed = {"south": LONG[:200], "care": "care", "cy": LONG[:190]}
    names = ("team", "queue", "agent_id")
    contacts = [one | {n: renamed.get(one[n], one[n]) for n in names} for one in made()]
    record(
        database,
        [one | {"reason": LONG if one["reason"] == "tech" else one["reason"]} for one in contacts],
    )
    rates.rebuild(database, POLICY, KNOWN_FROM)
    rows, acted = [], []
    for k in range(700):
        treated = not lot.draws("acme", f"u{k}", f"c{k}") and k % 2 == 0
        rows.append(row(k, repeated=not treated, outcome="solved" if treated else None))
        acted += [act(f"c{k}", "claim", ENDED + 1)] if treated else []
    newest = {"program": "acme", "team": "north", "contacts": 40, "settled": 30, "resolved": 31.5}
    span = {"since": ENDED - 7 * 86_400_000_000, "until": ENDED}
    draws = json.dumps([30 + k % 4 for k in range(100)])
    with database.write() as db:
        put(db, follow_ups, rows)
        db.execute(insert(actions), acted)
        put(db, fcr_estimates, [{**newest, **span, "draws": draws}])
    yield desk
    desk.stop()


@pytest.fixture
def opened(browser, figures):
    """A page of the service, without its policy, so that axe can be put into it."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    yield lambda path: (page.goto(figures.address + path), page)[1]
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_stands_in_anybodys_way(opened, path):
    """By day and by night, on a laptop and a phone, with long names: what WCAG 2.2 AA asks for."""
    page = opened(path)
    assert in_anybodys_way(page) == []


def test_a_plot_tells_its_figures_without_being_seen(opened):
    """Each has a text; what it draws is in a table as well."""
    page = opened("/fcr?least=10")
    curve = page.get_by_role("img", name="FCR rate, 2 Mar 2026 to")
    assert "lowest" in curve.get_attribute("aria-label")
    page.get_by_text("The curves as numbers").click()
    cells = page.get_by_role("table", name="Rates by week").get_by_role("rowheader")
    assert cells.first.inner_text() == "2026-03-02"


def test_filters_are_in_the_address_and_need_no_script(browser, figures):
    """A form is sent, and a name leads to its own curves."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{figures.address}/fcr")
    page.get_by_label("Team", exact=True).select_option("north")
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    assert parse_qs(urlsplit(page.url).query)["team"] == ["north"]
    assert "Team north." in page.locator(".heading").inner_text()
    with page.expect_navigation():
        page.get_by_role("link", name="billing").first.click()
    query = parse_qs(urlsplit(page.url).query)
    assert (query["of"], query["name"], query["team"]) == (["queue"], ["billing"], ["north"])
    assert "queue billing" in page.get_by_role("heading", level=1).inner_text()
    page.goto(f"{figures.address}/proof")
    page.get_by_label("Cost of a repeat").fill("100")
    before = page.get_by_text("Prevented, at these costs").locator("xpath=..").inner_text()
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    assert page.get_by_text("Prevented, at these costs").locator("xpath=..").inner_text() != before
    context.close()


def test_on_paper_there_are_figures_and_no_controls(opened):
    """Forms and ways to other pages are left out; tables, plots and the policy are there."""
    page = opened("/fcr?least=10")
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Show").is_visible()
    assert page.get_by_role("img", name="FCR rate, ").is_visible()
    assert page.get_by_text(POLICY.digest).first.is_visible()
    assert page.get_by_role("table", name="Rates by queue").is_visible()
    page.goto(page.url.partition("/fcr")[0] + "/proof")
    page.emulate_media(media="print")
    for name in ("What came of contacts at risk", "Prevented by", "What that is worth in "):
        assert page.get_by_role("img", name=name).is_visible()


def test_they_run_under_their_policy(browser, figures):
    """With the policy in force the browser has nothing to complain about, and asks nobody else."""
    context = browser.new_context()
    page = context.new_page()
    complaints, asked = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        page.goto(figures.address + path)
    context.close()
    assert complaints == []
    assert all(url.startswith(figures.address) for url in asked)
