"""Everything that the simulated contact centre promises does happen, about as often as said."""

import numpy as np
import pandas as pd
import pytest

HOUR, DAY = pd.Timedelta("1h"), pd.Timedelta("1D")
SHARES = [0.28, 0.17, 0.13, 0.11, 0.11, 0.10, 0.10]


@pytest.fixture(scope="module")
def issues(bench):
    """Contacts beside their issue, in the order in which each issue lived them."""
    return bench.contacts.merge(bench.issues, on="contact_id").sort_values(
        ["issue_id", "started_at"], kind="stable"
    )


def follows(issues):
    """Whether the contact of the row above served the same issue."""
    return issues["issue_id"] == issues["issue_id"].shift()


def test_repeats_fall_off_over_a_week(issues):
    """Of the contacts that follow on one issue within 7 days, the days have their shares."""
    served = issues[issues["handled"] & (issues["direction"] == "inbound")]
    gap = (served["started_at"] - served["ended_at"].shift())[follows(served)]
    days = gap[gap < 7 * DAY] // DAY
    shares = days.clip(lower=0).value_counts(normalize=True).sort_index()
    assert np.abs(shares.to_numpy() - SHARES).max() < 0.012


def test_usual_rates(bench):
    """Base rates are those of an ordinary contact centre."""
    table = bench.contacts
    assert 0.70 < table["fcr"].dropna().astype(bool).mean() < 0.80
    assert 0.16 < table["repeated"].dropna().astype(bool).mean() < 0.24
    assert 0.08 < table["escalation"].dropna().astype(bool).mean() < 0.13
    assert 0.03 < table["customer_id"].isna().mean() < 0.05
    assert 0.03 < 1 - table["handled"].mean() < 0.07
    assert 0.005 < table["reason"].isna().mean() < 0.02
    shares = table["channel"].value_counts(normalize=True)
    assert shares["voice"] > 0.7
    assert set(shares.index) == {"voice", "chat", "email", "messaging"}


def test_customers_differ_and_some_call_all_the_time(bench):
    """Half of the customers with any contact have few, and one in a hundred has dozens."""
    counts = bench.contacts["customer_id"].value_counts()
    assert counts.median() <= 5
    assert counts.quantile(0.99) > 30


def test_every_program_has_its_own_staff_and_queues(bench):
    """Programs share no customer, queue or agent; each has several queues, teams and sites."""
    table = bench.contacts.dropna(subset=["agent_id"])
    for name in ("customer_id", "queue", "agent_id", "team"):
        assert table.groupby(name)["program"].nunique().max() == 1
    assert (table.groupby("program")["queue"].nunique() >= 6).all()
    assert (table.groupby("program")["team"].nunique() >= 4).all()
    assert table["site"].nunique() == 3


def test_lost_lines_are_redialled_within_minutes(issues):
    """Most dropped contacts are followed by another on the same issue within 10 minutes."""
    gap = issues["started_at"].shift(-1) - issues["ended_at"]
    soon = follows(issues).shift(-1, fill_value=False) & (gap < pd.Timedelta("10min"))
    dropped = issues["dropped"].fillna(value=False).astype(bool)
    assert dropped.sum() > 500
    assert soon[dropped].mean() > 0.7
    assert soon[issues["handled"] & ~dropped].mean() < 0.02


def test_who_gives_up_in_the_queue_tries_again(issues):
    """Abandoned contacts wait only, and most are followed by a retry within the hour."""
    gave_up = ~issues["handled"] & (issues["direction"] == "inbound")
    gap = issues["started_at"].shift(-1) - issues["ended_at"]
    retried = follows(issues).shift(-1, fill_value=False) & (gap <= HOUR)
    assert 0.6 < retried[gave_up].mean() < 0.95
    assert (issues.loc[gave_up, "disposition"] == "abandoned").all()


def test_promised_callbacks_come_as_outbound_contacts(issues):
    """A promised callback is followed within hours by an outbound contact on the issue."""
    outbound = issues["direction"] == "outbound"
    assert 0.02 < outbound.mean() < 0.08
    callback = issues["kind"] == "callback"
    assert outbound[callback].all()
    before = issues["disposition"].shift()[callback & follows(issues)]
    assert before.isin(["callback_promised", "escalated", "supervisor", "complaint"]).all()
    gap = (issues["started_at"] - issues["ended_at"].shift())[callback & follows(issues)]
    assert (gap <= 8.01 * HOUR).all()
    assert (outbound & (issues["kind"] == "outreach")).any()


def test_a_solved_issue_leads_to_the_next(issues):
    """Of customers whose dispute was solved, more come with a failed payment than of others."""
    known = issues.dropna(subset=["customer_id"])
    begun = known[known["position"] == 1]
    solved = known[(known["true_reason"] == "billing > dispute") & known["resolved"]]
    other = known[(known["true_reason"] == "order > status") & known["resolved"]]
    payments = begun[begun["true_reason"] == "payment > failed"]

    def share(ended):
        pairs = ended.merge(payments, on="customer_id", suffixes=("", "_next"))
        gap = pairs["started_at_next"] - pairs["ended_at"]
        near = pairs[(gap > 2 * DAY) & (gap < 21 * DAY)]
        return near["contact_id"].nunique() / len(ended)

    assert share(solved) > share(other) + 0.05


def test_outages_burst(bench):
    """During an outage its program gets several times the usual contacts about its reason."""
    table, ratios = bench.contacts, []
    for outage in bench.outages.itertuples():
        about = table[(table["program"] == outage.program) & (table["reason"] == outage.reason)]
        length = max(outage.ended_at - outage.started_at, HOUR)
        during = about["started_at"].between(outage.started_at, outage.started_at + length).sum()
        usual = len(about) * (length / (180 * DAY))
        if outage.started_at > table["started_at"].min():
            ratios.append(during / usual)
    assert np.median(ratios) > 5


def test_one_number_is_shared_by_hundreds(bench):
    """One customer number belongs to hundreds of persons and has by far the most contacts."""
    persons = bench.customers.groupby("customer_id").size()
    assert (persons > 1).sum() == 1
    assert persons.max() >= 100
    assert bench.contacts["customer_id"].value_counts().index[0] == persons.idxmax()


def test_some_reasons_are_recorded_wrongly(issues):
    """A few per cent of contacts carry another reason than the true one."""
    known = issues.dropna(subset=["reason"])
    assert 0.03 < (known["reason"] != known["true_reason"]).mean() < 0.05
    assert known["true_reason"].nunique() == known["reason"].nunique() == 16
    assert known["reason"].str.count(" > ").eq(1).all()


def test_few_answer_surveys_and_agents_flatter_themselves(issues):
    """Surveys are rare, unhappy when the issue is open; agents claim more than is true."""
    asked = issues["csat"].notna()
    assert 0.03 < asked.mean() < 0.12
    assert issues["csat"].dropna().between(1, 5).all()
    assert issues["nps"].dropna().between(0, 10).all()
    content = issues[asked].groupby("resolved")["csat"].mean()
    assert content[True] > content[False] + 0.5
    claimed = issues.dropna(subset=["agent_resolved"])
    said = claimed["agent_resolved"].astype(bool)
    assert 0.6 < len(claimed) / len(issues) < 0.75
    assert said[~claimed["resolved"]].mean() > 0.5
    assert said[claimed["resolved"]].mean() > 0.85


def test_escalations_are_of_three_kinds(bench):
    """Tier 2 means a transfer and an escalation; supervisors and complaints stay on tier 1."""
    table = bench.contacts
    second = table["tier"] == 2
    assert (table.loc[second, "escalated"] & (table.loc[second, "transfer_count"] >= 1)).all()
    kinds = table.loc[table["escalated"], "disposition"].value_counts(normalize=True)
    assert set(kinds.index) == {"escalated", "supervisor", "complaint"}
    assert kinds.min() > 0.1


def test_most_records_are_known_in_minutes_and_some_hours_late(bench):
    """`known_at` is within 15 minutes of the end for most contacts, hours later for a few."""
    late = bench.contacts["known_at"] - bench.contacts["ended_at"]
    assert 0.03 < (late > HOUR).mean() < 0.1
    assert (late < pd.Timedelta("15min")).mean() > 0.9


def test_some_have_a_case_and_keep_it(issues):
    """About a third of issues have a case, each its own, the same in all their contacts."""
    cases = issues.groupby("issue_id")["case_id"]
    assert cases.nunique().max() == 1
    assert 0.2 < cases.first().notna().mean() < 0.5
    known = issues.dropna(subset=["case_id"])
    assert known.groupby("case_id")["issue_id"].nunique().max() == 1


def test_notes_are_short_and_not_everywhere(bench):
    """Some served contacts have a short note; none tells whether the issue is solved."""
    notes = bench.contacts.loc[bench.contacts["handled"], "notes"]
    assert 0.4 < notes.notna().mean() < 0.7
    assert notes.dropna().str.len().max() < 150
    assert bench.contacts.loc[~bench.contacts["handled"], "notes"].isna().all()
