"""The evaluation as it is opened from disk, in headless Chromium."""

import pytest

from recontact.evaluation.page import page as written

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 390])
def test_the_contents_are_not_cut_off(browser, learnt, tmp_path, width):
    """On a laptop every section's link can be seen; on a phone one line of them scrolls."""
    file = tmp_path / "evaluation.html"
    file.write_text(written(learnt.evaluation, {}))
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(file.as_uri())
    links = page.locator("nav ul").first
    hidden = links.evaluate("list => list.scrollWidth - list.clientWidth")
    assert hidden <= 0 if width == 1280 else hidden > 0
    assert page.locator("nav").bounding_box()["height"] < 90
    context.close()
