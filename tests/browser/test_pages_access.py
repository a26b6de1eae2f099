"""Every page for everybody: axe-core finds nothing to mend, and nothing scrolls sideways."""

import datetime as dt
import json
from pathlib import Path

import pytest

from recontact_serving.storage.clock import now

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
LONG = "an-uncommonly-long-name-without-a-place-to-break-" * 3
WIDTHS = {1280: 800, 375: 812, 320: 640}


@pytest.fixture(scope="module")
def shown(floor):
    """Pages with all that they can show, long texts among it; the one who sees them all."""
    floor.person("eve", "admin", agent_id="pages-agent")
    names = floor.scored("pages", 7)
    floor.scored("pages", 1, customer_id=LONG, queue=LONG, agent_id=LONG, reason=LONG)
    floor.scored("pages", 1, customer_id=f"customer {names[0]}")
    floor.post("/v1/contacts", {"contacts": [_earlier(names[0])]})
    floor.done("eve", names[1], "claim")
    floor.done("eve", names[2], "snooze", until=now() + dt.timedelta(hours=1))
    floor.done("eve", names[3], "resolve", outcome="solved")
    floor.done("eve", names[4], "disagree", reason=LONG)
    floor.done("eve", names[0], "note", text=LONG)
    floor.done("eve", names[0], "assign", to="admin")
    return {
        "list": "/?team=pages",
        "snoozed": "/?team=pages&state=snoozed",
        "contact": f"/contacts/{names[0]}",
        "mine": "/mine",
        "nothing": "/?team=nowhere",
        "password": "/password",
        "people": "/people",
        "fcr": "/fcr",
        "proof": "/proof",
        "missing": "/contacts/nowhere",
    }


def _earlier(contact_id: str) -> dict:
    at = now() - dt.timedelta(hours=30)
    end = at + dt.timedelta(minutes=4)
    whose = {"customer_id": f"customer {contact_id}", "program": "acme", "team": "pages"}
    said = {"reason": "billing > invoice", "notes": LONG}
    times = {"started_at": at.isoformat(), "ended_at": end.isoformat()}
    return {"contact_id": f"{contact_id}-before", **whose, **said, **times}


@pytest.mark.parametrize(
    "name",
    [
        *("list", "snoozed", "contact", "mine", "nothing", "missing"),
        *("password", "people", "fcr", "proof"),
    ],
)
def test_nothing_stands_in_anybodys_way(seen_by, shown, name):
    """By day and by night, on a laptop and a phone: what WCAG 2.2 AA asks for, as axe tells it."""
    page = seen_by("eve", shown[name], bypass_csp=True)
    assert in_anybodys_way(page) == []


def test_the_forms_of_a_row_are_for_everybody_too(seen_by, shown):
    """What opens in a row, and what is told after an action, are as good as the page."""
    page = seen_by("eve", shown["list"], bypass_csp=True)
    page.add_script_tag(content=AXE)
    page.get_by_role("link", name="More to do").first.click()
    page.locator(".forms form").first.wait_for()
    page.get_by_role("button", name="Claim").nth(1).click()
    page.locator("#messages form").wait_for()
    assert told(page, "forms") == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_form_to_sign_in_is_for_everybody(browser, floor):
    """Before anybody has signed in, too."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{floor.address}/sign-in")
    page.add_script_tag(content=AXE)
    assert told(page, "sign in") == []
    context.close()


def test_pages_run_under_their_policy(seen_by, shown, floor):
    """With the policy in force the browser has nothing to complain about, and asks nobody else."""
    page = seen_by("eve", "/mine")
    complaints, asked = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    for name in ("list", "contact", "mine"):
        page.goto(floor.address + shown[name])
    page.goto(floor.address + shown["list"])
    page.get_by_role("link", name="More to do").first.click()
    page.locator(".forms form").first.wait_for()
    with page.expect_response("**/changes*") as answer:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert answer.value.status == 204
    assert "x-recontact-by-itself" in answer.value.request.headers  # it keeps no session alive
    assert complaints == []
    assert all(url.startswith(floor.address) for url in asked)


def in_anybodys_way(page) -> list[str]:
    """Tell what axe finds, by day and by night, at each width; none may scroll sideways."""
    page.add_script_tag(content=AXE)
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true; }")
    found = []
    for colours in ("light", "dark"):
        page.emulate_media(color_scheme=colours)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if width > 320:
                found += told(page, f"{colours} {width}")
    return found


def told(page, where: str) -> list[str]:
    """Give what axe finds, each with its first place."""
    rules = json.dumps({"runOnly": list(RULES), "resultTypes": ["violations"]})
    found = page.evaluate(f"axe.run(document, {rules}).then(found => found.violations)")
    return [
        f"{where}: {one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary']}"
        for one in found
    ]
