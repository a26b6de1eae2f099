"""The list as a manager meets it, in headless Chromium."""

import re

import pytest

pytestmark = pytest.mark.browser

ROWS = "table.list tr.row"


def cost(score: dict) -> float:
    outcomes = ((score["repeated"], 8.0), (score["escalation"], 25.0))
    return sum(0.4 * price * o["probability"] for o, price in outcomes if o["band"] != "already")


def contact_ids(page) -> list[str]:
    page.wait_for_load_state()  # a row may be there before the last one is
    return [re.search(r"contact (c\d+)", text)[1] for text in page.locator(ROWS).all_inner_texts()]


def test_signing_in_leads_to_the_list(browser, service, signing_in):
    """A wrong password stays at the form and says so; the right one leads where one wanted."""
    context = browser.new_context()
    page = context.new_page()
    signing_in(page, service.address, "wrong", "/?band=high")
    assert "do not belong together" in page.get_by_role("alert").inner_text()
    signing_in(page, service.address, path="/?band=high")
    assert page.url == f"{service.address}/?band=high"
    assert page.get_by_role("heading", level=1).inner_text() == "At-risk contacts"
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    page.goto(service.address)
    assert page.get_by_role("heading", level=1).inner_text() == "Sign in"
    context.close()


def test_the_worst_come_first_with_their_reasons(page, service, tmp_path):
    """Rows are those of the scores at wrap-up, by cost; each says both risks, why, who, when."""
    worst = sorted(service.scores, key=lambda s: (cost(s), s["contact_id"]), reverse=True)
    assert contact_ids(page) == [score["contact_id"] for score in worst[:50]]
    first = page.locator(ROWS).first.inner_text()
    told = [r["text"] for r in worst[0]["reasons"] if r["outcome"] == "repeated"]
    assert told[0].lower() in first.lower()
    assert f"{worst[0]['repeated']['probability']:.0%}" in first
    assert f"{worst[0]['history']['contacts_30d']} contact" in first
    assert page.locator(f"{ROWS} time").first.get_attribute("datetime")
    page.screenshot(path=tmp_path / "list.png")


def test_pages_follow_each_other(page, service):
    """The next page holds the rest, and one way back leads to the worst."""
    above = contact_ids(page)
    with page.expect_navigation():
        page.get_by_role("link", name="Next 50").click()
    below = contact_ids(page)
    assert sorted(above + below) == sorted(score["contact_id"] for score in service.scores)
    assert page.get_by_role("link", name=re.compile("Next")).count() == 0
    with page.expect_navigation():
        page.get_by_role("link", name="Back to the worst").click()
    assert contact_ids(page) == above


def test_filters_are_chosen_and_stay_in_the_address(page):
    """Choosing a queue and a risk leaves the rows that fit, without a script."""
    total = int(page.locator(".summary strong").inner_text())
    page.locator("summary").click()
    queue = page.get_by_label("Queue").locator("option").nth(1).inner_text()
    page.get_by_label("Queue").select_option(queue)
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    rows = page.locator(ROWS).all_inner_texts()
    assert 0 < len(rows) < total
    assert all(queue in text for text in rows)
    assert f"queue={queue}" in page.url
    page.get_by_label("Risk").select_option("low")
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    assert all("● low" in text for text in page.locator(ROWS).all_inner_texts())
    assert page.get_by_label("Queue").input_value() == queue
    with page.expect_navigation():
        page.get_by_role("link", name="Show all").click()
    assert int(page.locator(".summary strong").inner_text()) == total


def test_no_row_matches(page, service):
    """A filter that nothing fits says so and leads back."""
    page.goto(f"{service.address}/?queue=nowhere")
    assert page.get_by_role("heading", name="No contact matches").is_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="show all contacts").click()
    assert page.locator(ROWS).count() == 50


def test_an_empty_list_says_what_to_do(browser, empty):
    """Before the first score the page tells how contacts get there; no sign-in where none is."""
    page = browser.new_page()
    page.goto(empty)
    assert page.get_by_role("heading", level=2).inner_text() == "No contact has been scored yet"
    assert "/v1/score" in page.locator("pre").inner_text()
    page.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 820, 1280])
def test_it_is_readable_at_every_width(page, width, colours, tmp_path):
    """Nothing scrolls sideways, on a phone or a desk, by day or by night; no text is cut off."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=colours)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cells = page.locator(f"{ROWS} :is(td, th)")
    cut = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth + 1).length"
    assert cells.evaluate_all(cut) == 0
    page.screenshot(path=tmp_path / f"{width}-{colours}.png")


def test_it_can_be_used_by_keyboard(page):
    """The first stop leads past the header; every filter and button can be reached and seen."""
    page.reload()  # a page that a click led to may begin its tab order where the pointer is
    page.keyboard.press("Tab")
    page.wait_for_function("document.activeElement !== document.body")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = []
    page.locator("summary").click()
    page.locator("summary").focus()
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.type"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    filters = ["team", "queue", "program", "band", "state", "owner"]
    filters += ["agent_id", "customer_id", "sort"]
    assert reached == [*filters, "submit"]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_text_stands_out_from_its_ground(page, colours):
    """Every text has a contrast of at least 4.5 to 1 with what is behind it."""
    page.emulate_media(color_scheme=colours)
    assert page.evaluate(CONTRAST) == []


def test_what_is_shown_is_also_told(page):
    """Every control has a name, the table a caption and headed columns; signs are not read out."""
    assert page.locator("table.list caption").inner_text() != ""
    assert page.get_by_role("columnheader").count() == 5
    assert page.get_by_role("rowheader").count() == 50
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.get_by_role("rowheader").count() == 50
    assert page.locator("table.list svg:not([aria-hidden=true])").count() == 0
    assert page.locator("html[lang=en]").count() == 1


def test_nothing_is_loaded_from_elsewhere(browser, service, signing_in):
    """The pages need this service alone, and the browser finds nothing to complain about."""
    context = browser.new_context()
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    signing_in(page, service.address)
    assert page.locator(ROWS).count() == 50
    assert all(url.startswith(service.address) for url in asked)
    assert complaints == []
    context.close()


CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const found = rgba(getComputedStyle(e).backgroundColor);
      if (found[3] === 255) return found;
    }
    return rgba(getComputedStyle(document.body).backgroundColor);
  };
  const light = ([r, g, b]) => {
    const part = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.closest(".skip")) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(element.textContent.trim() + " " + contrast.toFixed(2));
  }
  return [...new Set(faint)];
}
"""
