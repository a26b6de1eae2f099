"""Callers' numbers: one form for all writings, and nobody for what is no number."""

import random

import phonenumbers
import pyarrow as pa
import pytest

from recontact.errors import UserError
from recontact.sources.numbering import in_plan
from recontact.sources.numbers import check_region, read_number, read_numbers


@pytest.mark.parametrize(
    "written",
    [
        "+4930123456",
        "+49 30 12 34 56",
        "+49 (0)30 123456",
        "(+49) 30/123-456",
        "0049 30 123456",
        "030 123456",
        "030 12 34 56 ext. 7",
        "4930123456",
        "tel:+49-30-123456",
        "tel:030-123456;phone-context=+49",
        "sip:+4930123456@10.0.0.1",
        "sips:+4930123456;phone-context=x@pbx.example:5061;transport=tls",
        "sip:%2B4930123456@pbx.example",
        '"A. Caller" <sip:030123456@pbx.example;user=phone>',
    ],
)
def test_one_number_has_one_form_however_it_is_written(written):
    """National, international, tel: and sip: writings of a number give the same E.164."""
    assert read_number(written, "DE") == "+4930123456"


@pytest.mark.parametrize(
    "written",
    [
        "anonymous",
        "Anonymous",
        "Private Number",
        "WITHHELD",
        "unknown",
        "n/a",
        "No Caller ID",
        "sip:anonymous@anonymous.invalid",
        '"Anonymous" <sip:anonymous@10.1.1.1>',
        "sip:unavailable@unknown.invalid",
        "+266696687",  # ANONYMOUS on the keys of a telephone
        "+7378742833",  # RESTRICTED
        "+2562533",
        "+86282452253",
    ],
)
@pytest.mark.parametrize("region", [None, "DE", "US"])
def test_withheld_numbers_are_told_apart(written, region):
    """The words and digits by which systems say that the number was withheld are known."""
    assert read_number(written, region) == "withheld"


@pytest.mark.parametrize(
    "written",
    [
        *("112", "110", "+49110", "116117", "12345", "0", "", "-", "+10000000000", "0000000000"),
        *("+1 800 FLOWERS", "sip:reception@pbx.example", "agent 4711", "+49 30 1" + "2" * 20),
    ],
)
def test_what_is_no_number_of_a_plan_is_invalid(written):
    """Short, emergency, made-up and over-long numbers, and addresses without one, are nobody."""
    assert read_number(written, "DE") == "invalid"


def test_a_number_without_country_needs_the_region():
    """Without a region a national number is said to lack a country, never guessed."""
    assert read_number("030 123456") == "without_country"
    assert read_number("(212) 736-5000", "US") == "+12127365000"


def test_a_number_that_only_looks_like_a_spelled_word_stays_a_number():
    """7378742833 spells RESTRICTED, and is a number of Austin where the region is US."""
    assert read_number("737 874 2833", "US") == "+17378742833"


def test_each_distinct_number_is_read_once(monkeypatch):
    """A million rows of two numbers cost two readings."""
    from recontact.sources import numbers

    asked = []
    monkeypatch.setattr(numbers, "read_number", lambda text, _: asked.append(text) or f"+{text}")
    column = pa.chunked_array([["1", "2", None] * 100, ["2"] * 50])
    assert read_numbers(column)[:3].to_pylist() == ["+1", "+2", None]
    assert sorted(asked) == ["1", "2"]


def test_numbers_may_come_as_numbers():
    """A Parquet file that holds numbers as whole or floating ones is read like text."""
    for kind in (pa.int64(), pa.float64()):
        column = pa.chunked_array([pa.array([4930123456, None], kind)])
        assert read_numbers(column, "DE").to_pylist() == ["+4930123456", None]


def test_a_country_without_numbers_is_refused():
    """UK is a common slip for GB; it would make every number invalid in silence."""
    check_region("GB")
    with pytest.raises(UserError, match="UK"):
        check_region("UK")


def numbers_of_all_countries():
    """Examples of every kind and country, and what is one digit off: sought-out edges of plans."""
    draw = random.Random(7)  # noqa: S311 - no secret
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in range(11):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
                k = draw.randrange(2, len(text))
                digit = str(draw.randrange(10))
                yield from (text, text[:k] + digit + text[k + 1 :], text[:k] + text[k + 1 :])
                yield text + digit


def test_the_short_cut_gives_what_the_library_gives():
    """What it takes for a number is one, in the same form; and it takes most."""
    taken = valid = 0
    for text in numbers_of_all_countries():
        try:
            number = phonenumbers.parse(text)
        except phonenumbers.NumberParseException:
            expected = None
        else:
            form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            expected = form if phonenumbers.is_valid_number(number) else None
        if in_plan(text[1:]):
            assert expected == text
            taken += 1
        valid += expected == text
    assert taken > 0.8 * valid > 500
