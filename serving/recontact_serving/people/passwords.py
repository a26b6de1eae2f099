"""Passwords: kept as Argon2id, long rather than contrived, and none that everybody tries first."""

import re
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from recontact.errors import UserError

SHORTEST, LONGEST = 12, 1000
FEWEST_KINDS = 4  # different characters
ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
ROW = 5  # so many neighbours on a keyboard, or in the alphabet, are one word
LEET = str.maketrans("013457@$!", "oleastasi")
_WORDS = """
account admin administrator agent angel baby baseball batman bonjour callcenter callcentre
changeme charlie company contact computer daniel default demo dragon eagle employee enter football
friend guest hallo hello hockey hola house iloveyou internet jesus jordan letmein liverpool login
love lovely manager master michael monkey mustang office pass passwd password passwort please
princess qazwsx recontact root samsung secret security service shadow soccer spring starwars
summer autumn winter sunshine superman support system team temp temporary test thank tester
trustno user welcome whatever work your you the my me is in on and for i a january february march
april june july august september october november december monday tuesday wednesday thursday
friday saturday sunday
"""
COMMON = frozenset(_WORDS.split())

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_urlsafe())  # unknown names take as long as wrong passwords


def check_new(password: str, name: str = "") -> None:
    """Refuse a password that is too short, or among the first that are tried.

    Raises
    ------
    UserError
        With what is wrong with it.

    Examples
    --------
    >>> check_new("correct horse battery")
    >>> check_new("Passw0rd2026!")
    Traceback (most recent call last):
    ...
    recontact.errors.UserError: the password is among the first that are tried
      mend: choose one of at least 12 characters; several words that are not a phrase make a good one
    """  # noqa: E501 - as it is printed
    number = len(password)
    if number < SHORTEST:
        why = f"the password has {number} characters"
    elif number > LONGEST:
        why = f"the password has {number:,} characters, more than {LONGEST:,}"
    elif _is_common(password, name):
        why = "the password is among the first that are tried"
    else:
        return
    mend = "several words that are not a phrase make a good one"
    raise UserError(why, mend=f"choose one of at least {SHORTEST} characters; {mend}")


def hashed(password: str) -> str:
    """Give what is kept of a password."""
    return _HASHER.hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Tell whether this is the password; takes as long where there is none."""
    try:
        _HASHER.verify(kept or _NOBODY, password)
    except VerificationError:
        return False
    return kept is not None


def is_old(kept: str) -> bool:
    """Tell whether it is kept in a way that is not today's any more."""
    return _HASHER.check_needs_rehash(kept)


def _is_common(password: str, name: str) -> bool:
    """Tell whether nothing is left beside common words, the name, numbers and rows of keys."""
    text = password.lower()
    own = {part for part in re.split(r"[^a-z]+", name.lower()) if len(part) > 2}
    return len(set(text)) < FEWEST_KINDS or _is_made_of(text, COMMON | own)


def _is_made_of(text: str, words: frozenset[str]) -> bool:
    """Tell whether a text is a row of words and of what is no letter.

    Examples
    --------
    >>> _is_made_of("p@ssw0rd-2026", COMMON), _is_made_of("horse battery", COMMON)
    (True, False)
    """
    plain = text.translate(LEET)
    reached = {0}
    for start in range(len(text)):
        if start not in reached:
            continue
        if not text[start].isalpha():
            reached.add(start + 1)
        for end in range(start + 1, len(text) + 1):
            if {text[start:end], plain[start:end]} & words or _is_row(text[start:end]):
                reached.add(end)
    return len(text) in reached


def _is_row(text: str) -> bool:
    return len(text) >= ROW and any(text in row or text in row[::-1] for row in ROWS)
