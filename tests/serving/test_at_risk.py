"""`GET /v1/at-risk`, its CSV and the page: order, filters, paging."""

import csv
import io
from typing import Any

import pytest

from recontact_serving.schemas import AtRiskList


def score(client, name: str, repeated: float, escalation: float = 0.0, **columns: Any) -> None:
    chances = {"repeated": repeated, "escalation": escalation}
    asked = {
        "contact_id": name,
        "moment": "wrapup",
        "started_at": "2026-03-01T10:00:00Z",
        "at": "2026-03-01T10:10:00Z",
        **columns,
        "attributes": chances,
    }
    assert client.post("/v1/score", json=asked).status_code == 200


def names(client, **query: Any) -> list[str]:
    answer = client.get("/v1/at-risk", params=query)
    assert answer.status_code == 200
    AtRiskList.model_validate_json(answer.content)
    return [item["contact_id"] for item in answer.json()["items"]]


def test_worst_comes_first(client):
    """Sorted by the greater probability of what can still be averted."""
    score(client, "low", 0.1)
    score(client, "escalates", 0.2, 0.7)
    score(client, "repeats", 0.6, 0.1)
    score(client, "escalated already", 0.3, 1.0)
    assert names(client) == ["escalates", "repeats", "escalated already", "low"]


def test_only_the_latest_score_at_wrapup_counts(client):
    """A score at the start is not on the list; a second one at wrap-up replaces the first."""
    score(client, "a", 0.9)
    score(client, "a", 0.2)
    score(client, "b", 0.5)
    score(client, "never ended", 0.9, moment="start")
    assert names(client) == ["b", "a"]


def test_filters_cut_the_list(client):
    """Team, queue, program and band each leave the rows that fit; together, those that fit all."""
    score(client, "a", 0.5, team="red", queue="billing", program="acme")
    score(client, "b", 0.3, team="red", queue="sales")
    score(client, "c", 0.1, 0.9, team="blue", queue="billing")
    assert names(client, team="red") == ["a", "b"]
    assert names(client, queue="billing") == ["c", "a"]
    assert names(client, program="acme") == ["a"]
    assert names(client, band="high") == ["c", "a"]
    assert names(client, band="low") == ["c", "a", "b"]
    assert names(client, team="red", band="medium") == ["b"]
    assert names(client, team="green") == []


def test_pages_follow_each_other_without_gap_or_double(client):
    """The cursor leads through equal risks too; every contact comes once, the last page ends."""
    expected = []
    for i in range(7):
        score(client, f"c{i}", 0.5 if i < 4 else 0.3)
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        answer = client.get(
            "/v1/at-risk", params={"limit": 2, **({"cursor": cursor} if cursor else {})}
        )
        found += [item["contact_id"] for item in answer.json()["items"]]
        cursor, pages = answer.json()["cursor"], pages + 1
    expected = names(client)
    assert found == expected
    assert (len(found), pages) == (7, 4)


@pytest.mark.parametrize(
    "query",
    [{"cursor": "x"}, {"cursor": "W10"}, {"limit": 0}, {"limit": 1001}, {"band": "bad"}, {"x": 1}],
)
def test_a_bad_parameter_is_named(client, query):
    """What can't be asked is refused, and the parameter is named."""
    answer = client.get("/v1/at-risk", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == next(iter(query))


def test_the_csv_can_be_opened_in_a_spreadsheet(client):
    """No cell begins like a formula, and every row of the list is there."""
    score(client, "=1+1", 0.5, agent_id="@me", queue="-1", team="+2", customer_id="\tx")
    answer = client.get("/v1/at-risk.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["contact_id"], row["agent_id"], row["queue"]) == ("'=1+1", "'@me", "'-1")
    assert (row["team"], row["customer_id"]) == ("'+2", "'\tx")
    assert row["repeated_probability"] == "0.5"
    assert row["reasons"] == "on hold for 1 min"


def test_the_page_shows_what_the_list_holds(client):
    """Same order, reasons in words, both risks; what the data says is text, never markup."""
    score(client, "second", 0.3, agent_id="<b>ann</b>")
    score(client, "first", 0.62, 1.0, customer_id="u1")
    page = client.get("/").text
    assert page.index("contact first") < page.index("contact second")
    assert "62%" in page
    assert "already<" in page
    assert "on hold for 1 min" in page
    assert "&lt;b&gt;ann&lt;/b&gt;" in page
    assert "<b>ann" not in page


def test_an_empty_page_says_what_to_do(client):
    """Without a score the page tells how to get one; without a match, how to see all."""
    assert "No contact has been scored yet" in client.get("/").text
    score(client, "a", 0.5, team="red")
    empty = client.get("/", params={"team": "blue"}).text
    assert "No contact matches" in empty
    assert "contact a" in client.get("/", params={"team": "red", "band": "nonsense"}).text
