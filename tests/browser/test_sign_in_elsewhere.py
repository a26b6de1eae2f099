"""Sign-in by an identity provider, clicked through in headless Chromium."""

import pytest
from playwright.sync_api import expect
from tests.browser.desks import Desk
from tests.serving import identity_provider, people
from tests.serving.test_oidc import NORTH, ROLES

from recontact_serving.settings import Settings

pytestmark = pytest.mark.browser


@pytest.fixture
def provider():
    with identity_provider.running(NORTH) as found:
        yield found


@pytest.fixture
def desk(tmp_path, provider):
    """A service that leads to the provider."""
    url = f"sqlite:///{tmp_path}/recontact.db"
    people.add(url)
    elsewhere = identity_provider.settings_of(provider, ROLES)
    started = Desk(Settings(url, oidc=elsewhere))
    identity_provider.leads_back(elsewhere, started.address)
    yield started
    started.stop()


def test_a_click_leads_to_the_provider_and_back_signed_in(browser, desk, provider):
    """To the page that was wanted, under the name that the provider gave; and out again."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{desk.address}/?team=north")
    page.get_by_role("link", name="Sign in with your organisation's account").click()
    page.wait_for_url(f"{desk.address}/?team=north")
    expect(page.get_by_role("link", name="nora")).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages")).not_to_contain_text("People")
    assert provider.asked.count("/authorize") == provider.asked.count("/token") == 1
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    provider.claims = NORTH | {"groups": ["strangers"]}
    page.get_by_role("link", name="Sign in with your organisation's account").click()
    expect(page.get_by_role("alert")).to_contain_text("none of your groups has a role here")
    context.close()
