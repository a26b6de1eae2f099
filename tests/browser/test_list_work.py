"""A team's day with the list, in headless Chromium."""

import csv
import datetime as dt
import io
import re

import pytest
from playwright.sync_api import expect

from recontact_serving.storage.clock import now

pytestmark = pytest.mark.browser

ROWS = "table.list tr.row"


def row(page, contact_id: str):
    return page.locator(ROWS).filter(has_text=f"contact {contact_id}")


def looked(page) -> None:
    """Look for news now rather than within some seconds."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def ticked(page, contact_ids) -> None:
    for contact_id in contact_ids:
        page.get_by_label(f"Choose contact {contact_id}").check()


@pytest.fixture(scope="module")
def team(floor):
    """A lead, a colleague, and fourteen contacts, some of them in another queue."""
    floor.person("lea", "lead", "morning")
    floor.person("leo", "lead", "morning")
    return floor.scored("morning", 14) + floor.scored("morning", 2, queue="other")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_leads_morning(browser, floor, script):
    """Sign in, filter, claim ten at once, snooze, resolve, undo, take the list along: with and
    without a script."""
    team = f"day{int(script)}"
    name = floor.person(f"lead of {team}", "lead", team)
    mine = floor.scored(team, 12)
    floor.scored(team, 2, queue="other")
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(floor.address)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("correct horse battery")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()
    expect(page.locator(ROWS)).to_have_count(14)
    expect(page.locator(".today")).to_have_text("Today's capacity: 50 follow-ups, 0 done, 50 left")

    page.locator("summary").click()
    page.get_by_label("Queue").select_option("billing")
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    expect(page.locator(ROWS)).to_have_count(12)
    assert "queue=billing" in page.url

    ticked(page, mine[:10])
    with page.expect_navigation():
        page.locator("#bulk").get_by_role("button", name="Claim").click()
    assert "queue=billing" in page.url
    expect(page.get_by_role("status").first).to_contain_text("You have 10 contacts now.")
    expect(page.locator(ROWS).filter(has_text="You have it")).to_have_count(10)

    ticked(page, mine[:2])
    page.get_by_label("Snooze until").select_option("hour")
    with page.expect_navigation():
        page.locator("#bulk").get_by_role("button", name="Snooze").click()
    expect(page.locator(ROWS)).to_have_count(10)

    ticked(page, mine[2:3])
    page.get_by_label("Resolve as").select_option("solved")
    with page.expect_navigation():
        page.locator("#bulk").get_by_role("button", name="Resolve").click()
    expect(
        page.get_by_text(f"You resolved contact {mine[2]}: called back: solved.")
    ).to_be_visible()
    expect(page.locator(".today")).to_have_text("Today's capacity: 50 follow-ups, 1 done, 49 left")

    with page.expect_navigation():
        page.get_by_role("button", name="Undo").click()
    expect(row(page, mine[2])).to_contain_text("You have it")
    expect(page.locator(".today")).to_contain_text("0 done")

    link = page.get_by_role("link", name="Download as CSV").get_attribute("href")
    taken = page.request.get(floor.address + link)
    assert taken.headers["content-disposition"] == 'attachment; filename="at-risk.csv"'
    rows = list(csv.DictReader(io.StringIO(taken.text())))
    assert [one["contact_id"] for one in rows] == mine[2:]
    context.close()


def test_two_leads_race_for_one_row(seen_by, team):
    """One gets it; the other is told who has it, where the row is, without a reload."""
    lea, leo = seen_by("lea"), seen_by("leo")
    row(lea, team[0]).get_by_role("button", name="Claim").click()
    expect(row(lea, team[0])).to_contain_text("You have it")
    leo.evaluate("htmx.remove('#live')")  # no news: what follows is known from the click alone
    row(leo, team[0]).get_by_role("button", name="Claim").click()
    expect(row(leo, team[0])).to_contain_text("lea has it")
    expect(row(leo, team[0]).get_by_role("button", name="Claim")).to_have_count(0)
    expect(leo.locator("#messages")).to_contain_text(
        f"Contact {team[0]} is as it was: lea has it already."
    )


def test_a_lost_race_is_told_without_a_script_too(seen_by, floor, team):
    """Of those that were ticked, the free one is claimed and the other named with its owner."""
    page = seen_by("leo", java_script_enabled=False)
    floor.done("lea", team[1], "claim")
    ticked(page, team[1:3])
    with page.expect_navigation():
        page.locator("#bulk").get_by_role("button", name="Claim").click()
    told = page.locator("#messages")
    expect(told).to_contain_text(f"You have contact {team[2]} now.")
    expect(told).to_contain_text(f"Contact {team[1]} is as it was: lea has it already.")


def test_what_others_do_shows_by_itself(seen_by, floor):
    """A row's owner changes in place; a new contact is offered and not pushed in; a note that is
    being written stays."""
    for name in ("ivy", "ira"):
        floor.person(name, "lead", "live")
    there = floor.scored("live", 3)
    page = seen_by("ivy")
    row(page, there[1]).get_by_role("link", name="More to do").click()
    page.get_by_label("Note").fill("call her on")
    other = seen_by("ira")
    row(other, there[1]).get_by_role("button", name="Claim").click()
    expect(row(other, there[1])).to_contain_text("You have it")
    looked(page)
    expect(row(page, there[1])).to_contain_text("ira has it")
    expect(page.get_by_label("Note")).to_have_value("call her on")
    new = floor.scored("live", 1)
    news = page.locator("#news")
    looked(page)
    expect(news).to_contain_text("1 more contact belongs on this page")
    expect(page.locator(ROWS)).to_have_count(3)
    assert news.get_attribute("aria-live") == "polite"
    with page.expect_navigation():
        news.get_by_role("link", name="Show it").click()
    expect(row(page, new[0])).to_be_visible()


def test_a_customer_who_calls_again_shows_on_the_row(seen_by, floor):
    """The row says so by itself, while the new call is still going on."""
    floor.person("ana", "lead", "again")
    (contact_id,) = floor.scored("again", 1)
    page = seen_by("ana")
    later = floor.scored("again", 1, customer_id=f"customer {contact_id}", queue="late")
    looked(page)
    expect(row(page, contact_id).locator(".again")).to_contain_text("called again")
    assert later


def test_each_thing_can_be_done_on_the_row(seen_by, floor):
    """Snooze, assign, note, disagree and resolve stand in the row's forms, each with an undo."""
    for name in ("una", "uri"):
        floor.person(name, "lead", "forms")
    there = floor.scored("forms", 5)
    page = seen_by("una", timezone_id="Europe/Berlin")
    page.reload()

    def opened(contact_id: str):
        row(page, contact_id).get_by_role("link", name="More to do").click()
        found = row(page, contact_id).locator(".forms")
        expect(found.get_by_role("button", name="Resolve")).to_be_visible()
        return found

    forms = opened(there[0])
    forms.get_by_label("Snooze until").select_option("morning")
    forms.get_by_role("button", name="Snooze").click()
    expect(row(page, there[0])).to_contain_text("Snoozed until tomorrow 09:00")
    forms = opened(there[1])
    forms.get_by_label("Give to").fill("uri")
    forms.get_by_role("button", name="Assign").click()
    expect(row(page, there[1])).to_contain_text("uri has it")
    forms = opened(there[2])
    forms.get_by_label("Wrong flag, because").fill("a test call")
    forms.get_by_role("button", name="Disagree").click()
    expect(row(page, there[2])).to_contain_text("disputed")
    forms = opened(there[3])
    forms.get_by_label("Resolve as").select_option("coached")
    forms.get_by_role("button", name="Resolve").click()
    expect(row(page, there[3])).to_contain_text("Agent coached")
    with page.expect_navigation():
        page.get_by_role("button", name="Undo").click()
    expect(row(page, there[3])).to_contain_text("Nobody has it")
    forms = opened(there[4])
    forms.get_by_label("Note").fill("prefers <b>mornings</b>")
    forms.get_by_role("button", name="Add the note").click()
    expect(page.locator("#messages")).to_contain_text("is kept")
    page.goto(f"{floor.address}/contacts/{there[4]}")
    expect(page.locator(".log")).to_contain_text("una noted: “prefers <b>mornings</b>”")


def test_an_agent_disputes_and_the_lead_sees_it(seen_by, floor):
    """Agents see their own contacts alone; what one disputes is marked on the lead's list."""
    floor.person("ola", "lead", "dispute")
    floor.person("ag", "agent", agent_id="dispute-agent")
    own = floor.scored("dispute", 2)
    floor.scored("dispute", 1, agent_id="somebody else")
    page = seen_by("ag", "/")
    assert page.url == f"{floor.address}/mine"
    assert page.get_by_role("link", name="At risk").count() == 0
    expect(page.locator(".own > li")).to_have_count(2)
    first = page.locator(".own > li").filter(has_text=f"contact {own[0]}")
    first.get_by_label("Wrong flag, because").fill("it was a test")
    with page.expect_navigation():
        first.get_by_role("button", name="Disagree").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Undo").click()
    expect(page.locator("#messages")).to_contain_text("Undone: contact")
    expect(first).not_to_contain_text("disputed")
    first.get_by_label("Wrong flag, because").fill("it was a test")
    with page.expect_navigation():
        first.get_by_role("button", name="Disagree").click()
    expect(page.locator(".own > li").filter(has_text=own[0])).to_contain_text("disputed")
    lead = seen_by("ola")
    expect(row(lead, own[0])).to_contain_text("disputed")
    lead.goto(f"{floor.address}/contacts/{own[0]}")
    expect(lead.locator(".log")).to_contain_text("ag says that the flag is wrong: “it was a test”")
    answer = page.goto(f"{floor.address}/contacts/{own[0]}")
    assert answer.status == 403


def test_an_agent_without_a_number_is_told_what_to_do(seen_by, floor):
    """The page says whom to ask, and for what."""
    floor.person("new", "agent")
    page = seen_by("new", "/mine")
    expect(page.get_by_role("heading", level=2)).to_have_text(
        "Your account is not tied to an agent yet"
    )


def test_other_teams_are_out_of_reach_by_address(seen_by, floor):
    """Neither filters, pages nor forms lead to a row of another team; a page says so."""
    floor.person("max", "manager", "inside")
    floor.scored("inside", 1)
    (foreign,) = floor.scored("outside", 1)
    page = seen_by("max", "/?team=outside")
    expect(page.get_by_role("heading", name="No contact matches")).to_be_visible()
    assert foreign not in page.content()
    for path in (f"/contacts/{foreign}", f"/contacts/{foreign}/forms"):
        assert page.goto(floor.address + path).status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    page.goto(floor.address)
    token = page.locator("#act input[name=token]").get_attribute("value")
    page.locator("#act").evaluate(f"form => {{ form.action = '/contacts/{foreign}/claim'; }}")
    with page.expect_navigation() as led:
        page.locator("#act").evaluate("form => form.submit()")
    assert led.value.status == 404
    asked = {"token": token, "fresh": "0", "done": "0", "shown": f"x {foreign}"}
    assert page.request.post(f"{floor.address}/changes?team=outside", form=asked).status == 204


def test_a_contacts_page_shows_what_is_around_it(seen_by, floor):
    """The customer's contacts with the evidence of the policy, what was scored, and the work."""
    floor.person("pat", "lead", "around")
    (contact_id,) = floor.scored("around", 1)
    whose = f"customer {contact_id}"
    (again,) = floor.scored("around", 1, customer_id=whose)
    (foreign,) = floor.scored("elsewhere", 1, customer_id=whose, reason="secret")
    before = now() - dt.timedelta(days=5, hours=1)
    earlier = {"contact_id": "around-before", "customer_id": whose, "program": "acme"}
    times = {"started_at": before.isoformat(), "ended_at": before.isoformat()}
    said = {"team": "around", "reason": "billing > invoice"}
    floor.post("/v1/contacts", {"contacts": [{**earlier, **times, **said}]})
    page = seen_by("pat", f"/contacts/{contact_id}")
    contacts = page.locator(".timeline > li")
    expect(contacts).to_have_count(4)
    expect(contacts.filter(has_text="this contact")).to_have_count(1)
    old = contacts.filter(has_text="5 days before")
    expect(old).to_contain_text("Related: same reason, but 5 days before: beyond the look-back")
    expect(contacts.filter(has_text="Repeat: same reason, right after")).to_have_count(1)
    expect(contacts.filter(has_text="not of your teams")).to_have_count(1)
    expect(page.locator(".evidence")).to_have_count(2)
    assert foreign not in page.content()
    assert "secret" not in page.content()
    expect(page.locator(".score")).to_contain_text("At its wrap-up")
    with page.expect_navigation():
        page.get_by_role("button", name="Claim").click()
    assert page.url == f"{floor.address}/contacts/{contact_id}"
    expect(page.locator(".log")).to_contain_text("pat took it")
    expect(page.locator(".again")).to_contain_text("called again")
    with page.expect_navigation():
        contacts.filter(has_text="Repeat").get_by_role("link").click()
    assert page.url == f"{floor.address}/contacts/{again}"


def test_of_a_busy_customer_the_nearest_contacts_are_shown_first(seen_by, floor):
    """The others unfold by keyboard, and none is lost: what is further leads on."""
    floor.person("bo", "lead", "busy")
    scored = floor.scored("busy", 1)
    begun = now() - dt.timedelta(days=9)
    others = [
        {"contact_id": f"busy-{k:02d}", "customer_id": f"customer {scored[0]}", "program": "acme",
         "started_at": (begun + dt.timedelta(hours=k)).isoformat(), "team": "busy",
         "ended_at": (begun + dt.timedelta(hours=k)).isoformat(), "reason": "billing > invoice"}
        for k in range(70)
    ]  # fmt: skip
    floor.post("/v1/contacts", {"contacts": others})
    page = seen_by("bo", "/contacts/busy-60")
    shown = page.locator(".timeline > li:visible")
    expect(shown).to_have_count(11)
    expect(page.locator("summary")).to_have_text(
        ["5 later contacts, 5 related", "45 earlier contacts, 45 related"]
    )
    page.locator("summary").last.focus()
    page.keyboard.press("Enter")
    expect(shown).to_have_count(11 + 45)
    expect(page.get_by_text("There are more")).to_be_visible()
    with page.expect_navigation():
        shown.last.get_by_role("link").click()
    assert page.url.endswith("/contacts/busy-10")
    page.emulate_media(media="print")
    assert page.locator(".folded li").first.evaluate("one => one.offsetHeight") > 0


def test_views_are_kept_by_name(seen_by, floor):
    """Filters can be kept, chosen again and deleted; they are one's own."""
    for name in ("vera", "vic"):
        floor.person(name, "lead", "views")
    floor.scored("views", 2)
    page = seen_by("vera", "/?band=high&owner=vera")
    page.get_by_label("Keep these filters as").fill("my <high> ones")
    with page.expect_navigation():
        page.get_by_role("button", name="Save the view").click()
    assert page.url.endswith("/?band=high&owner=vera")
    page.goto(floor.address)
    page.locator("summary").click()
    with page.expect_navigation():
        page.get_by_role("link", name="my <high> ones").click()
    assert page.url.endswith("/?band=high&owner=vera")
    assert seen_by("vic").get_by_role("link", name="my <high> ones").count() == 0
    with page.expect_navigation():
        page.get_by_role("button", name="Delete the view my <high> ones").click()
    expect(page.get_by_role("link", name="my <high> ones")).to_have_count(0)


def test_times_are_those_of_the_viewer(seen_by, floor):
    """A browser's zone is told to the server, and said on the page; without a script it is UTC."""
    floor.person("zoe", "lead", "zones")
    floor.scored("zones", 1)
    page = seen_by("zoe", timezone_id="Asia/Tokyo")
    page.reload()
    expect(page.locator("footer")).to_have_text("Times are in Asia/Tokyo (UTC+09:00).")
    plain = seen_by("zoe", java_script_enabled=False, timezone_id="Asia/Tokyo")
    expect(plain.locator("footer")).to_have_text("Times are in UTC.")


def test_the_list_ends_where_the_day_does(seen_by, floor):
    """Rows beyond today's capacity are behind a line, with a way to all of them."""
    floor.person("cap", "lead", "capacity")
    there = floor.scored("capacity", 4)
    floor.done("cap", there[0], "resolve", outcome="solved")
    page = seen_by("cap", "/?team=capacity")
    page.get_by_label("Follow-ups that team capacity can do in a day").fill("3")
    with page.expect_navigation():
        page.get_by_role("button", name="Set").click()
    expect(page.locator(".today")).to_have_text("Today's capacity: 3 follow-ups, 1 done, 2 left")
    expect(page.locator(ROWS)).to_have_count(2)
    line = page.locator("tr.line")
    expect(line).to_contain_text("1 more contact is at risk")
    with page.expect_navigation():
        line.get_by_role("link", name="Show all").click()
    expect(page.locator(ROWS)).to_have_count(3)
    assert page.locator("table.list tbody tr").nth(2).get_attribute("class") == "line"


def test_it_can_be_worked_by_keyboard(seen_by, floor):
    """A row is claimed and given back without a pointer, and the focus stays where it was."""
    floor.person("kim", "lead", "keys")
    there = floor.scored("keys", 2)
    page = seen_by("kim")
    button = row(page, there[0]).get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    expect(row(page, there[0])).to_contain_text("You have it")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page, there[0])).to_contain_text("Nobody has it")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(row(page, there[0]).locator(".forms select").first).to_be_focused()


def test_a_session_that_is_over_leads_to_the_form(seen_by, floor):
    """A click on a page left open overnight asks for the password again, and leads back."""
    floor.person("sue", "lead", "over")
    there = floor.scored("over", 1)
    page = seen_by("sue", "/?queue=billing")
    page.context.clear_cookies()
    with page.expect_navigation(url=re.compile("/sign-in")):
        row(page, there[0]).get_by_role("button", name="Claim").click()
    assert "next=" in page.url
