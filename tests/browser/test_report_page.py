"""The report as a manager opens it from disk, in headless Chromium."""

import pytest

from recontact import label
from recontact.report.collect import collect
from recontact.report.page import page as written

pytestmark = pytest.mark.browser

WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
CUT = """[...document.querySelectorAll('.wide')]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth).length"""
COVERED = """[...document.querySelectorAll('figure svg text')].filter(text => {
  const own = text.getBoundingClientRect(), all = text.closest('svg').getBoundingClientRect();
  return own.left < all.left - 1 || own.right > all.right + 1 }).map(text => text.textContent)"""


@pytest.fixture(scope="module")
def file(simulated, tmp_path_factory):
    """A report with everything in it."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(written(collect(simulated, label(simulated), sensitivity=True)))
    return path.as_uri()


@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_fits_its_width_and_asks_for_nothing(browser, file, width):
    """Nothing sticks out, on a laptop no table must be scrolled, and nothing else is loaded."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file)
    assert asked == [file]
    assert not page.evaluate(WIDER)
    assert page.evaluate(COVERED) == []
    if width == 1200:
        assert page.evaluate(CUT) == 0
    context.close()


def test_the_keyboard_leads_past_the_contents_and_into_tables(browser, file):
    """The first stop skips to the report; folded rows open with Enter."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    summary = page.locator("details summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    context.close()


def test_dark_and_print_are_legible(browser, file):
    """Text and its ground differ as WCAG asks (4.5 : 1) in light, dark and print."""
    contrast = """() => {
      const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b };
      const ground = getComputedStyle(document.body).backgroundColor;
      return ['p', '.policy', 'nav a', 'small', 'figcaption', 'thead th', 'summary']
        .map(s => [light(getComputedStyle(document.querySelector(s)).color), light(ground)])
        .map(([a, b]) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)) }"""
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(file)
        assert min(page.evaluate(contrast)) >= 4.5
        page.emulate_media(media="print", color_scheme="light")
        assert not page.locator("nav").is_visible()
        context.close()
