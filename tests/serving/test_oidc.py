"""Sign-in by an identity provider: one that speaks HTTP, and does right or wrong as it is told."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from tests.serving import identity_provider, people
from tests.serving.conftest import NO_TLS

from recontact.errors import UserError
from recontact_serving.people import accounts, oidc
from recontact_serving.people.oidc_settings import Mapped, OidcSettings
from recontact_serving.people.security import check_settings
from recontact_serving.settings import Settings
from recontact_serving.storage.database import Database

ROLES = """
agent_id: employee
roles:
  - {group: bosses, role: admin}
  - {group: north, role: lead, programs: [acme], teams: [north]}
  - {group: desk, role: agent}
"""
NORTH = {"groups": ["staff", "north"], "preferred_username": "nora", "sub": "s-7"}


@pytest.fixture
def provider():
    with identity_provider.running(NORTH) as found:
        yield found


@pytest.fixture
def client(guarded, start, models, provider) -> httpx.Client:
    people.add(guarded.database_url)
    elsewhere = identity_provider.settings_of(provider, ROLES)
    running = start(replace(guarded, oidc=elsewhere), models)
    identity_provider.leads_back(elsewhere, running.address)
    return running.client


@pytest.fixture
def person(guarded):
    def found(name: str) -> accounts.Person:
        with Database(guarded.database_url).read() as db:
            return accounts.find_user(db, name)

    return found


def led_away(browser: httpx.Client, next_page: str = "/") -> str:
    """Follow the link to the provider; return the address of the callback."""
    page = browser.get("/sign-in", params={"next": next_page}).text
    href = page.split('href="/sign-in/oidc')[1].split('"')[0]
    away = browser.get(f"/sign-in/oidc{href}")
    assert away.status_code == 303
    back = httpx.get(away.headers["location"], verify=NO_TLS)
    assert back.status_code == 303
    return str(back.headers["location"])


def come_back(browser: httpx.Client, callback: str, **changed: str) -> httpx.Response:
    parts = urlsplit(callback)
    return browser.get(parts.path, params=dict(parse_qsl(parts.query)) | changed)


def sign_in(browser: httpx.Client) -> httpx.Response:
    return come_back(browser, led_away(browser))


def refused(answer: httpx.Response, words: str, status: int = 403) -> None:
    assert answer.status_code == status
    assert words in answer.text
    assert "recontact_session" not in str(answer.headers)
    assert 'name="password"' in answer.text  # with another way in


def test_who_is_in_a_group_with_a_role_is_let_in(client, person):
    """With its role, programs and teams, and led to where they wanted to go."""
    answer = come_back(client, led_away(client, "/?team=north"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/?team=north")
    nora = person("nora")
    assert (nora.role, nora.programs, nora.teams) == ("lead", ("acme",), ("north",))
    assert not nora.local
    assert client.get("/").status_code == 200
    assert "nora" in client.get("/").text
    assert client.get("/people").status_code == 403


def test_local_accounts_go_on_beside_it(client):
    """The form is on the same page; nobody signs in by it who has no password here."""
    assert sign_in(client).status_code == 303
    for name, status in (("ada", 303), ("nora", 401)):
        with people.browser(client) as other:
            assert people.sign_in(other, name).status_code == status


def test_groups_are_read_anew_at_each_sign_in(client, provider, person):
    """The person is the same by the subject, whatever the name is then; another role counts."""
    sign_in(client)
    with people.browser(client) as other:
        provider.claims = NORTH | {"groups": "desk", "preferred_username": "n", "employee": "a-7"}
        assert sign_in(other).status_code == 303
        assert (person("nora").role, person("nora").agent_id) == ("agent", "a-7")
        assert person("nora").teams is None
        assert client.get("/").status_code == 303  # the session of before is over
        assert other.get("/").headers["location"] == "/mine"


@pytest.mark.parametrize("groups", [["strangers"], [], None, 7, [{"name": "leads"}]])
def test_who_has_no_role_is_told_so(client, provider, groups):
    """In words; and who has none any more is out in every browser."""
    sign_in(client)
    provider.claims = NORTH | {"groups": groups}
    with people.browser(client) as other:
        refused(sign_in(other), "none of your groups has a role here")
    assert client.get("/").status_code == 303


def test_nobody_takes_over_a_local_account(client, provider, person):
    """A name that is taken is refused, whatever the provider says."""
    provider.claims = NORTH | {"preferred_username": "ada"}
    refused(sign_in(client), "There is a user named &#39;ada&#39; already")
    assert person("ada").local


def test_only_the_browser_that_began_comes_back(client, provider):
    """Another one, or another state, is refused; so nobody is signed in as somebody else."""
    callback = led_away(client)
    with people.browser(client) as other:
        refused(come_back(other, callback), "begun in another browser")
    refused(come_back(client, callback, state="x"), "begun in another browser")
    refused(come_back(client, callback), "begun in another browser")  # it had one try
    assert "/token" not in provider.asked


def test_a_code_is_good_once(client, provider):
    """Who sends the callback again, with the cookie of then too, is refused by the provider."""
    callback = led_away(client)
    crumb = {"Cookie": f"recontact_oidc={client.cookies['recontact_oidc']}"}
    assert come_back(client, callback).status_code == 303
    with people.browser(client, **crumb) as other:
        refused(come_back(other, callback), "Begin again")
    assert provider.asked.count("/token") == 2


TOKENS_ALONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@TOKENS_ALONE
@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"aud": "another-service"},
        {"aud": [identity_provider.CLIENT, "another-service"]},  # and no azp
        {"aud": "another-service", "azp": identity_provider.CLIENT},
        {"azp": "another-service"},
        {"iss": "https://another.example"},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
        {"at_hash": "of-another-token"},
    ],
    ids="-".join,  # the values hang on when they were collected, which each worker does by itself
)
def test_a_token_that_shows_something_else_is_refused(client, provider, changed):
    """Of another sign-in, service, issuer or time; the log says which."""
    provider.changed = changed
    refused(sign_in(client), "can&#39;t be used")
    assert client.get("/").status_code == 303


@TOKENS_ALONE
@pytest.mark.parametrize(("claim", "off_s"), [("exp", -20), ("iat", 20)])
def test_clocks_may_differ_a_little(client, provider, claim, off_s):
    """By less than a minute."""
    provider.changed = {claim: int(time.time()) + off_s}
    assert sign_in(client).status_code == 303


@TOKENS_ALONE
@pytest.mark.parametrize("wrong", [{"unsigned": True}, {"key": identity_provider.STRANGER}])
def test_a_token_that_the_provider_did_not_sign_is_refused(client, provider, wrong):
    """Nor is one without a signature taken, even where the provider says that it gives such."""
    for name, value in wrong.items():
        setattr(provider, name, value)
    refused(sign_in(client), "can&#39;t be used")


@TOKENS_ALONE
def test_the_secret_is_sent_as_the_provider_wants_it(client, provider):
    """In the form, where it does not take the header."""
    provider.methods = ("client_secret_post",)
    assert sign_in(client).status_code == 303


@TOKENS_ALONE
def test_what_the_provider_says_against_it_is_shown(client):
    """Only its kind, nothing that somebody could have put into the address."""
    callback = led_away(client)
    answer = come_back(client, callback, error="access_denied", error_description="<b>call 555")
    refused(answer, "access_denied")
    assert "555" not in answer.text


@TOKENS_ALONE
def test_another_issuer_in_the_answer_is_refused(client, provider):
    """So two providers can't be mixed up."""
    refused(come_back(client, led_away(client), iss="https://another.example"), "can&#39;t be used")
    assert "/token" not in provider.asked


def test_a_provider_that_is_down_is_told_and_asked_again(client, provider, monkeypatch):
    """The form stays; who has a password here signs in."""
    provider.fails = 503
    refused(client.get("/sign-in/oidc"), "does not answer", 503)
    asked = len(provider.asked)
    refused(client.get("/sign-in/oidc"), "does not answer", 503)
    assert len(provider.asked) == asked  # not at each click
    assert people.sign_in(client).status_code == 303
    provider.fails = 0
    monkeypatch.setattr(oidc, "TROUBLE_S", 0.0)
    assert client.get("/sign-in/oidc").status_code == 303


def test_a_provider_that_goes_down_meanwhile_is_told(client, provider):
    """Nobody is signed in by half an answer."""
    callback = led_away(client)
    provider.fails = 500
    refused(come_back(client, callback), "does not answer")


@TOKENS_ALONE
def test_a_provider_of_another_issuer_is_not_believed(client, provider):
    """What stands at the address must be of the issuer that is set."""
    provider.issuer = "https://another.example"
    refused(client.get("/sign-in/oidc"), "can&#39;t be used", 503)


def test_the_cookie_of_a_sign_in_is_kept_from_scripts(client):
    """And is over when the browser is back."""
    callback = led_away(client)
    cookie = client.get("/sign-in/oidc").headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Max-Age=600"} <= set(cookie.split("; "))
    assert "recontact_oidc" in come_back(client, callback).headers["set-cookie"]
    assert "recontact_oidc" not in client.cookies


SET = {
    "RECONTACT_OIDC_ISSUER": "https://id.example",
    "RECONTACT_OIDC_CLIENT_ID": "recontact",
    "RECONTACT_OIDC_CLIENT_SECRET": "s",
    "RECONTACT_PUBLIC_URL": "https://recontact.example/",
}


@pytest.fixture
def roles(tmp_path) -> Path:
    file = tmp_path / "roles.yaml"
    file.write_text(ROLES)
    return file


def test_settings_are_read(roles):
    """The callback's address follows from the public one; the secret is in no printout."""
    found = Settings.read(SET | {"RECONTACT_OIDC_ROLES": str(roles)}).oidc
    assert found is not None
    assert found.redirect_uri == "https://recontact.example/sign-in/callback"
    assert "'s'" not in repr(found)
    assert Settings.read({"RECONTACT_PUBLIC_URL": "https://recontact.example"}).oidc is None


@pytest.mark.parametrize("name", [*SET, "RECONTACT_OIDC_ROLES"])
def test_a_setting_that_is_missing_is_named(roles, name):
    """At the start, not at the first sign-in."""
    given = SET | {"RECONTACT_OIDC_ROLES": str(roles)}
    del given[name]
    with pytest.raises(UserError, match=f"{name} is not set"):
        Settings.read(given)


@pytest.mark.parametrize("name", ["RECONTACT_OIDC_ISSUER", "RECONTACT_PUBLIC_URL"])
@pytest.mark.parametrize(
    "url", ["id.example", "http://id.example", "https://a@id.example", "https://id.example?a=b"]
)
def test_an_address_that_could_be_read_on_the_way_is_refused(roles, name, url):
    """Http is for this machine alone."""
    with pytest.raises(UserError, match=name):
        Settings.read(SET | {"RECONTACT_OIDC_ROLES": str(roles), name: url})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("roles: {}", "no list `roles`"),
        ("role: []\nroles: []", "'role' is unknown"),
        ("roles: [{group: a}]", "needs `group` and `role`"),
        ("roles: [{group: a, role: owner}]", "'owner' is no role"),
        ("roles: [{group: a, role: lead, team: b}]", "'team' is unknown"),
        ("roles: [{group: a, role: lead, teams: b}]", "teams is 'b'"),
        ("roles: [{group: a, role: lead, teams: []}]", "teams is"),
        ("roles: [{group: a, role: admin, teams: [b]}]", "admin sees every"),
        ("roles: [{group: 7, role: lead}]", "group is 7"),
        ("claim: ''\nroles: []", "claim is ''"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused_by_its_key(text, told):
    """Rather than letting somebody see too much."""
    with pytest.raises(UserError, match=told):
        Mapped.parse(text)


def test_without_authlib_the_service_says_what_to_install(monkeypatch):
    """At the start, before the port is taken."""
    elsewhere = OidcSettings("https://id.example", "c", "s", "https://a.example", Mapped(()))
    monkeypatch.setitem(sys.modules, "authlib.oidc.core", None)
    with pytest.raises(UserError, match="needs authlib") as caught:
        check_settings(Settings(oidc=elsewhere), None)
    assert "recontact[serve,oidc]" in caught.value.mend
