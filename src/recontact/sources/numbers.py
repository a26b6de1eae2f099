"""Callers' numbers, however a system writes them, in the one form E.164."""

import re
from urllib.parse import unquote

import phonenumbers
import pyarrow as pa

from recontact.contacts import map_values
from recontact.errors import UserError
from recontact.sources.numbering import in_plan

WITHHELD, NO_COUNTRY, INVALID = "withheld", "without_country", "invalid"
WORDS = frozenset(
    (
        *("anonymous", "anonym", "withheld", "restricted", "private", "privatenumber", "blocked"),
        *("hidden", "unknown", "unknownnumber", "unbekannt", "unavailable", "notavailable", "none"),
        *("nocallerid", "callerunknown", "coinlinecharge", "unassigned", "undefined", "null", "na"),
    )
)
KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
SPELLED = frozenset(  # carriers that need digits spell the word on the keys: +266696687
    word.translate(KEYS)
    for word in ("anonymous", "restricted", "blocked", "unknown", "unavailable", "private")
)
SIP = re.compile(r"sips?:([^@>:;]+)[^@>]*@", re.IGNORECASE)
PLAIN = re.compile(r"\+[1-9][0-9]{6,14}")
WRITTEN = re.compile(
    r"(?:tel:)?\s*\(?\+?[\d\s()./\u00a0\u2010-\u2013-]+"  # digits and what is set between them
    r"(?:\s*(?:;ext=|ext\.?|x|#)\s*\d{1,7})?"  # an extension, which is left out
    r"(?:;[a-z-]+=[+\w.-]*)*",
    re.IGNORECASE,
)


def read_number(text: str, region: str | None = None) -> str:
    """Give a number in E.164, or the word for what it is instead.

    Parameters
    ----------
    text : str
        As the system wrote it: national or international, ``tel:`` or ``sip:`` address.
    region : str, optional
        Country (ISO 3166, two letters) of numbers written without one.

    Returns
    -------
    str
        ``+`` and digits; else `WITHHELD`, `NO_COUNTRY` (it may be a number, but no country is
        named) or `INVALID`: no number of the country's plan, such as short and emergency numbers.

    Examples
    --------
    >>> written = "(030) 123456", "0049 30 123456", "tel:+49-30-123456"
    >>> [read_number(text, "DE") for text in written]
    ['+4930123456', '+4930123456', '+4930123456']
    >>> [read_number(text) for text in ("sip:+4930123456@pbx.example", "030 123456", "anonymous")]
    ['+4930123456', 'without_country', 'withheld']
    >>> read_number("112", "DE"), read_number("sip:reception@pbx.example", "DE")
    ('invalid', 'invalid')
    """
    address = SIP.search(text)
    user = unquote(address[1]) if address else text.strip()
    if _is_withheld(user) or (address and _is_withheld(text[address.end() :])):
        return WITHHELD
    if PLAIN.fullmatch(user) and in_plan(user[1:]):
        return user
    if not WRITTEN.fullmatch(user):
        return INVALID
    try:
        number = phonenumbers.parse(user, region)
    except phonenumbers.NumberParseException as error:
        unplaced = error.error_type == error.INVALID_COUNTRY_CODE and region is None
        return NO_COUNTRY if unplaced and "+" not in user else INVALID
    if phonenumbers.is_valid_number(number):
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return WITHHELD if user.lstrip("+") in SPELLED else INVALID


def _is_withheld(text: str) -> bool:
    """Tell a word for a number that the caller withheld; `anonymous.invalid` is that of SIP."""
    plain = "".join(filter(str.isalpha, text.casefold()))
    return plain in WORDS or plain == "anonymousinvalid"


def check_region(region: str | None) -> None:
    """Refuse a country that has no numbering plan.

    Raises
    ------
    UserError
        The country is unknown.
    """
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise UserError(
            f"ani_region: '{region}' is no country with telephone numbers",
            "write two capital letters as in ISO 3166: DE, GB, US",
        )


def read_numbers(column: pa.ChunkedArray, region: str | None = None) -> pa.ChunkedArray:
    """Read a column of numbers, each distinct one once; null stays null.

    Examples
    --------
    >>> read_numbers(pa.chunked_array([["030 123456", None, "withheld"]]), "DE").to_pylist()
    ['+4930123456', None, 'withheld']
    """
    return map_values(
        as_text(column), lambda text: read_number(text, region) if text and text.strip() else None
    )


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write identifiers that came as whole numbers, or as floats without a fraction, as text.

    Examples
    --------
    >>> as_text(pa.chunked_array([[491711234567.0, None]])).to_pylist()
    ['491711234567', None]
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = column.cast(pa.int64(), safe=False)
    return column.cast(pa.string())
