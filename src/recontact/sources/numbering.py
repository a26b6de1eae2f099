"""A short cut for numbers that are in E.164 already: most are, and a million take seconds."""

import re
from functools import cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc

KINDS = (
    *("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan"),
    *("voicemail", "fixed_line", "mobile"),
)


def in_plan(digits: str) -> bool:
    """Tell whether digits are surely a valid number as they stand, country code first.

    False says nothing: ask `phonenumbers` then. That is so for numbers of no plan, for those that
    begin like a prefix which is to be left out, and for the lesser of countries that share a code.

    Parameters
    ----------
    digits : str
        Digits only, without the plus sign.

    Examples
    --------
    >>> in_plan("4930123456"), in_plan("49030123456"), in_plan("10000000000")
    (True, False, False)
    """
    for size in (1, 2, 3):
        if int(digits[:size]) in COUNTRY_CODE_TO_REGION_CODE:
            return _holds(_plan(int(digits[:size])), digits[size:])
    return False


class _Plan(NamedTuple):
    """What numbers of a country look like, and the prefix that is left out of them."""

    numbers: re.Pattern[str]
    prefix: re.Pattern[str]


def _holds(plan: _Plan | None, digits: str) -> bool:
    if plan is None or not plan.numbers.fullmatch(digits):
        return False
    prefix = plan.prefix.match(digits)
    return prefix is None or prefix.end() == 0


@cache
def _plan(code: int) -> _Plan | None:
    """Put the kinds of numbers of the main country of a code into one pattern."""
    region = COUNTRY_CODE_TO_REGION_CODE[code][0]
    data = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if data is None or data.general_desc is None or data.leading_digits:
        return None
    kinds = [_pattern(kind) for name in KINDS if (kind := getattr(data, name)) is not None]
    numbers = f"(?={_pattern(data.general_desc)}$)(?:{'|'.join(filter(None, kinds))})"
    return _Plan(re.compile(numbers), re.compile(data.national_prefix_for_parsing or "(?!)"))


def _pattern(kind: PhoneNumberDesc) -> str:
    """Give the pattern of one kind of number, with the lengths that are possible."""
    if not kind.national_number_pattern:
        return ""
    sizes = "|".join(f"[0-9]{{{size}}}$" for size in kind.possible_length)
    return f"(?={sizes})(?:{kind.national_number_pattern})"
