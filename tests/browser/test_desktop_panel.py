"""The agents' panel as it is used: beside a call, in an iframe, as an element, in Chromium."""

import datetime as dt
import json

import httpx
import pytest
from sqlalchemy import select
from tests.browser.test_at_risk_page import CONTRAST

from recontact_serving.storage.tables import agent_actions

pytestmark = pytest.mark.browser

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
AGENT = "a-7"


def ago(**span) -> str:
    return (NOW - dt.timedelta(**span)).isoformat()


def call(desk, moment="start", contact_id="c-1", repeated=0.1, escalation=0.1, **more):
    """Score a call of the agent as its desktop would."""
    body = {
        "contact_id": contact_id,
        "customer_id": "u-1",
        "agent_id": AGENT,
        "queue": "billing",
        "started_at": ago(minutes=5),
        "at": ago(minutes={"start": 5, "live": 3, "wrapup": 1}[moment]),
        "moment": moment,
        "attributes": {"repeated": repeated, "escalation": escalation},
        **more,
    }
    httpx.post(f"{desk.address}/v1/score", json=body, headers=desk.bearer).raise_for_status()


@pytest.fixture
def complaints():
    """What browsers complained about; a test may clear it, else there must be none."""
    found = []
    yield found
    assert found == []


@pytest.fixture
def opened(browser, complaints):
    """Open pages whose complaints are gathered."""
    contexts = []

    def open_page(address, width=1280, colours="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=colours
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


def panel(page):
    return page.locator("recontact-panel")


def band(page, outcome):
    return panel(page).locator(f"article[data-outcome={outcome}] .band")


def told(page):
    """What a screen reader is told."""
    return panel(page).get_by_role("status")


def has(locator, text):
    from playwright.sync_api import expect

    expect(locator).to_contain_text(text)


def kept(desk, contact_id="c-1"):
    """What the database holds of the agent's actions."""
    with desk.service.database.read() as db:
        row = db.execute(select(agent_actions).where(agent_actions.c.contact_id == contact_id))
        return row.mappings().one_or_none()


def test_a_call_appears_by_itself(desk, opened):
    """Bands in word and shape, chances, reasons, history, probe and check, without a reload."""
    page = opened(f"{desk.address}/desktop?agent={AGENT}")
    has(panel(page), "waiting for a call")
    call(desk, "live", repeated=0.62, reason="billing > dispute")
    has(band(page, "repeated"), "▲ high")
    has(band(page, "escalation"), "● low")
    has(panel(page), "62%")
    has(panel(page), "on hold for 1 min")
    has(panel(page), "First contact that is known")
    has(panel(page), "Likely next: delivery (20%)")
    has(panel(page), "Is it there?")
    has(panel(page), "Nothing was promised".lower())
    has(panel(page), "on a call")
    has(told(page), "Comes back: high. Escalates: low.")
    call(desk, "wrapup", repeated=1, escalation=0.3)
    has(band(page, "repeated"), "✓ already")
    has(band(page, "escalation"), "◆ medium")
    has(panel(page), "call ended")
    call(desk, contact_id="c-2", queue="delivery")
    has(panel(page), "delivery")
    has(panel(page), "call begins")


def test_only_what_changed_is_told(desk, opened):
    """A screen reader hears of a band that changed, not of all of them again."""
    page = opened(f"{desk.address}/desktop?contact=c-1")
    call(desk, "start", repeated=0.1)
    has(told(page), "Comes back: low. Escalates: low.")
    call(desk, "live", repeated=0.9)
    has(told(page), "Comes back: high.")
    assert "Escalates" not in told(page).inner_text()


def test_the_question_asked_lands_in_the_database(desk, opened):
    """The button sends it, says so, ticks the check off, and takes it back when pressed again."""
    page = opened(f"{desk.address}/desktop?agent={AGENT}")
    call(desk, "live")
    button = panel(page).get_by_role("button", name="Asked")
    button.click()
    has(panel(page), "you asked about delivery")
    assert button.get_attribute("aria-pressed") == "true"
    assert kept(desk)["probed"] is True
    button.press("Enter")
    has(panel(page), "ask about delivery")
    assert kept(desk)["probed"] is None


def test_a_promise_is_kept_with_its_owner_and_date(desk, opened):
    """What is typed stays while scores come in; without a date the check asks for one."""
    page = opened(f"{desk.address}/desktop?agent={AGENT}")
    call(desk, "live")
    panel(page).get_by_text("Promise something").click()
    panel(page).get_by_label("What").fill("a refund")
    call(desk, "wrapup")
    has(panel(page), "call ended")
    assert panel(page).get_by_label("What").input_value() == "a refund"
    assert panel(page).get_by_label("Who keeps it").input_value() == AGENT
    panel(page).get_by_role("button", name="Keep").click()
    has(panel(page), "say until when")
    panel(page).get_by_label("Until").fill("2030-03-03T10:00")
    panel(page).get_by_role("button", name="Keep").click()
    has(panel(page), f"{AGENT} keeps it")
    promised = json.loads(kept(desk)["promised"])
    assert (promised["what"], promised["owner"]) == ("a refund", AGENT)
    assert promised["due_at"].startswith("2030-03-03T")
    panel(page).get_by_role("button", name="Nothing promised").click()
    has(panel(page), "nothing was promised")


def test_it_comes_back_after_a_restart(desk, opened, complaints):
    """It says that the service is gone, tries again by itself, and catches up."""
    page = opened(f"{desk.address}/desktop?agent={AGENT}")
    call(desk, "start")
    has(panel(page), "call begins")
    desk.stop()
    has(panel(page), "connection lost")
    assert band(page, "repeated").is_visible()
    desk.start()
    call(desk, "live", repeated=0.9)
    has(band(page, "repeated"), "high")
    has(panel(page), "on a call")
    assert all("ERR_" in said for said in complaints)
    complaints.clear()


def test_what_a_score_lacks_is_said(desk, opened):
    """A degraded score names what was missing."""
    desk.models.degraded = ["history: it could not be read in time"]
    page = opened(f"{desk.address}/desktop?agent={AGENT}")
    call(desk, "start")
    has(panel(page), "Scored with less than usual: history: it could not be read in time")


def test_a_listed_page_embeds_it_and_hands_the_token_over(guarded_desk, opened, outside):
    """The iframe asks for its token, gets it from the page around, and follows the call."""
    desk = guarded_desk
    page = opened(outside.iframe(desk, desk.token(agent_id=AGENT), agent=AGENT))
    frame = page.frame_locator("iframe")
    has(frame.locator("recontact-panel"), "waiting for a call")
    call(desk, "live", repeated=0.9)
    has(frame.locator("recontact-panel .outcome.high"), "90%")
    frame.get_by_role("button", name="Asked").click()
    has(frame.locator("recontact-panel"), "you asked")
    assert kept(desk)["probed"] is True
    assert desk.token(agent_id=AGENT)[-40:] not in page.content()


def test_another_page_can_not_embed_it(guarded_desk, opened, stranger, complaints):
    """The browser shows nothing of it in a page of an origin that is not listed."""
    page = opened(stranger.iframe(guarded_desk, "none", agent=AGENT))
    page.wait_for_timeout(500)
    assert page.frame_locator("iframe").locator("recontact-panel").count() == 0
    assert any("frame-ancestors" in said for said in complaints)
    complaints.clear()


def test_an_element_in_a_page_of_another_origin(guarded_desk, opened, outside):
    """The web component loads, follows and sends from a listed origin."""
    desk = guarded_desk
    page = opened(outside.element(desk, desk.token(agent_id=AGENT), agent=AGENT))
    has(panel(page), "waiting for a call")
    call(desk, "live", escalation=0.9)
    has(band(page, "escalation"), "high")
    panel(page).get_by_role("button", name="Asked").click()
    has(panel(page), "you asked")
    assert page.evaluate("getComputedStyle(document.querySelector('h2')).fontSize") == "24px"


def test_an_element_elsewhere_gets_nothing(guarded_desk, opened, stranger, complaints):
    """A page of an origin that is not listed can't even load the script."""
    page = opened(stranger.element(guarded_desk, "none", agent=AGENT))
    page.wait_for_timeout(500)
    assert panel(page).evaluate("element => element.shadowRoot === null")
    assert any("CORS policy" in said for said in complaints)
    complaints.clear()


def test_a_token_that_is_over_is_asked_for_again(guarded_desk, opened, outside, complaints):
    """The panel tells the page around, which gives a new one."""
    desk = guarded_desk
    page = opened(outside.element(desk, "rdt_over", agent=AGENT))
    has(panel(page), "waiting for permission")
    assert page.evaluate("window.asked") >= 1
    token = desk.token(agent_id=AGENT)
    panel(page).evaluate("(element, token) => { element.token = token; }", token)
    has(panel(page), "waiting for a call")
    assert all("401" in said for said in complaints)
    complaints.clear()


def test_a_message_from_elsewhere_is_not_heard(guarded_desk, opened):
    """Who is not the listed page around can't tell the panel what to follow."""
    page = opened(f"{guarded_desk.address}/desktop")
    has(panel(page), "waiting for permission")
    page.evaluate("postMessage({type: 'recontact:follow', agent: 'x', token: 'y'}, '*')")
    page.wait_for_timeout(200)
    assert panel(page).get_attribute("agent") is None


@pytest.mark.parametrize(
    ("width", "colours"), [(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")]
)
def test_it_is_readable_at_every_width(desk, opened, width, colours, tmp_path):
    """Nothing scrolls sideways or is cut off, with long words too, and every text stands out."""
    desk.models.degraded = ["queue: 'a-very-long-name-of-a-queue-without-any-space' was not seen"]
    for path in (f"/desktop?agent={AGENT}", "/desktop/day"):
        day = {"agent_id": AGENT, "customer_id": "u-1", "reason": "billing>" + "x" * 60}
        desk.sent({**day, "contact_id": "c-9", "started_at": ago(days=2), "ended_at": ago(days=1)})
        page = opened(desk.address + path, width, colours)
        has(panel(page), "waiting for a call")
        if path == "/desktop/day":
            page.get_by_role("button", name="Play").click()
            has(panel(page), "call begins")
            page.get_by_role("button", name="Pause").click()
        call(desk, "wrapup", repeated=0.9, escalation=0.3, reason="billing > " + "dispute" * 12)
        has(panel(page), "call ended")
        panel(page).locator("summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT) == []
        assert page.evaluate(FAINT) == []
        page.screenshot(path=tmp_path / f"{width}-{colours}.png", full_page=True)
        call(desk, "start", contact_id=f"c-{path}-next")


def test_it_can_be_used_by_keyboard(desk, opened):
    """Button, promise and its fields are reached in turn and can be seen to be."""
    page = opened(f"{desk.address}/desktop?agent={AGENT}")
    call(desk, "live")
    has(panel(page), "on a call")
    active = "document.querySelector('recontact-panel').shadowRoot.activeElement"
    reached = []
    for key in ("Tab", "Tab", "Enter", "Tab", "Tab"):
        page.keyboard.press(key)
        reached.append(page.evaluate(f"{active}.name || {active}.localName"))
        assert page.evaluate(f"getComputedStyle({active}).outlineStyle") == "solid"
    assert reached == ["button", "summary", "summary", "what", "owner"]


def test_what_is_shown_is_also_told(desk, opened):
    """Every control has a name, regions have labels, signs are not read out."""
    page = opened(f"{desk.address}/desktop?agent={AGENT}")
    call(desk, "live", repeated=0.9)
    has(panel(page), "on a call")
    panel(page).locator("summary").click()
    for name in ("What", "Who keeps it", "Until"):
        assert panel(page).get_by_label(name, exact=True).count() == 1
    regions = ["Call", "Likely next issue", "Promise", "Before you leave the call"]
    for name in regions:
        assert panel(page).get_by_role("region", name=name, exact=True).count() == 1
    assert panel(page).locator("svg:not([aria-hidden=true])").count() == 0
    assert panel(page).locator(".band > span:not([aria-hidden=true])").count() == 0
    assert page.get_by_role("heading", level=1).count() == 1


def test_a_day_is_played(desk, opened):
    """Play tells the service of each call, the panel follows; pause, next and keys work."""
    day = {"agent_id": AGENT, "customer_id": "u-1", "queue": "billing", "ended_at": ago(days=1)}
    for number in range(3):
        began = ago(days=1, minutes=30 - number)
        desk.sent({**day, "contact_id": f"d-{number}", "started_at": began, "reason": f"r{number}"})
    page = opened(f"{desk.address}/desktop/day")
    page.get_by_label("Speed").select_option("very fast")
    page.get_by_role("button", name="Play").click()
    has(page.locator("#title"), "Call 2 of 3: contact d-1")
    has(panel(page), "r1")
    page.get_by_role("button", name="Pause").click()
    page.get_by_label("Speed").select_option("usual")
    page.locator("h1").click()
    page.keyboard.press("n")
    has(page.locator("#title"), "Call 3 of 3: contact d-2")
    has(panel(page), "r2")
    has(panel(page), "call begins")
    page.keyboard.press("p")
    has(panel(page), "on a call")
    assert page.locator("#moments [aria-current]").inner_text() == "in the middle"


def test_before_the_day_begins_the_panel_is_empty(desk, opened):
    """A call that ended before is not shown there; a panel that does not wait shows it."""
    day = {"agent_id": AGENT, "customer_id": "u-1", "ended_at": ago(days=1)}
    desk.sent({**day, "contact_id": "d-1", "started_at": ago(days=1, minutes=9), "reason": "r1"})
    call(desk, "wrapup", "c-0", reason="over", ended_at=ago(seconds=1))
    page = opened(f"{desk.address}/desktop/day")
    has(panel(page), "No call yet")
    page.evaluate(BESIDE, AGENT)
    has(page.locator("recontact-panel:not([waiting])"), "call ended")
    has(page.locator("recontact-panel[waiting]"), "No call yet")
    page.evaluate('document.querySelector("recontact-panel:not([waiting])").remove()')
    page.get_by_role("button", name="Play").click()
    has(panel(page), "r1")


BESIDE = """
agent => {
  const other = document.createElement("recontact-panel");
  other.setAttribute("agent", agent);
  document.querySelector("main").append(other);
}
"""
CUT = """
() => {
  const shadow = document.querySelector("recontact-panel").shadowRoot;
  const all = [...shadow.querySelectorAll("*")].filter(e => !e.closest(".unseen, svg, input"));
  return all.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
    .map(e => e.localName + "." + e.className);
}
"""
WHOLE_PAGE = 'document.querySelectorAll("body *")'
IN_PANEL = 'document.querySelector("recontact-panel").shadowRoot.querySelectorAll("*")'
assert WHOLE_PAGE in CONTRAST
FAINT = CONTRAST.replace(WHOLE_PAGE, IN_PANEL)
