"""Identifiers replaced by keyed hashes: repeats still link, and no raw number is stored."""

import base64
import binascii
import hmac
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa

from recontact.contacts import SCHEMA, map_values
from recontact.errors import UserError
from recontact.sources.identity import ANI, SHARED
from recontact.sources.numbers import WITHHELD, as_text, read_number

VARIABLE = "RECONTACT_PSEUDONYM_KEY"
MAKE = f"make one and keep it safe: export {VARIABLE}=$(openssl rand -hex 32)"
LEAST = 32
KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
PSEUDONYM = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,31}):[0-9a-f]{64}")
ALWAYS = ("customer_id", ANI, SHARED)
QUOTED = re.compile(r"'.*'|(?<=negative: )\S+", re.DOTALL)


def key_from(environment: Mapping[str, str] = os.environ) -> bytes:
    """Read the key of the pseudonyms from the environment.

    Returns
    -------
    bytes
        At least 32.

    Raises
    ------
    UserError
        `RECONTACT_PSEUDONYM_KEY` is not set, is neither hexadecimal nor base64, or is weak:
        shorter than 32 bytes, or a few bytes repeated.

    Examples
    --------
    >>> len(key_from({"RECONTACT_PSEUDONYM_KEY": bytes(range(32)).hex()}))
    32
    >>> key_from({})
    Traceback (most recent call last):
    ...
    recontact.errors.UserError: the mapping file asks for pseudonyms, but RECONTACT_PSEUDONYM_KEY \
is not set
      mend: make one and keep it safe: export RECONTACT_PSEUDONYM_KEY=$(openssl rand -hex 32)
    """
    text = environment.get(VARIABLE, "").strip()
    if not text:
        raise UserError(f"the mapping file asks for pseudonyms, but {VARIABLE} is not set", MAKE)
    key = _decoded(text)
    if key is None:
        raise UserError(f"{VARIABLE} is neither hexadecimal nor base64", MAKE)
    if len(key) < LEAST or len(set(key)) < LEAST // 4:
        raise UserError(f"{VARIABLE} is weak: at least {LEAST} random bytes are asked for", MAKE)
    return key


def _decoded(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text)
    except ValueError:
        pass
    try:
        plain = text.replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        return None


@dataclass(frozen=True)
class Pseudonymiser:
    """Replaces identifiers by HMAC-SHA-256 (RFC 2104) under one key.

    Parameters
    ----------
    key_id : str
        Name of the key; stands before each pseudonym, so that keys can be changed.
    key : bytes
        The key; never shown.
    columns : iterable of str
        Text columns replaced beside `customer_id`, `ani` and `shared_identity`.
    region : str, optional
        Country of phone numbers written without one.

    Raises
    ------
    UserError
        The key id or a column is unfit.

    Examples
    --------
    >>> hashed = Pseudonymiser("2026a", bytes(range(32)), region="DE")
    >>> one = hashed.of_number("030 123456")
    >>> one[:14], one == hashed.of_number("+49 (30) 123456") == hashed.of(one)
    ('2026a:a8e7e733', True)
    """

    key_id: str
    key: bytes = field(repr=False)
    columns: tuple[str, ...] = ()
    region: str | None = None

    def __post_init__(self) -> None:
        if not KEY_ID.fullmatch(self.key_id):
            raise UserError(
                f"pseudonyms: key_id: {self.key_id!r} is no name for a key",
                "use up to 32 letters, digits, dots, dashes and underscores: 2026a",
            )
        for name in self.columns:
            text = SCHEMA.field(name).type == pa.string() if name in SCHEMA.names else True
            if not text or name == "contact_id":
                raise UserError(
                    f"pseudonyms: columns: '{name}' can't be replaced",
                    "name text columns other than contact_id, the key of all tables",
                )

    def of(self, identifier: str) -> str:
        """Give the pseudonym of an identifier; one of this key stays as it is.

        Raises
        ------
        UserError
            It is a pseudonym of another key already.
        """
        made = PSEUDONYM.fullmatch(identifier)
        if made and made[1] != self.key_id:
            raise UserError(
                f"the export holds pseudonyms of key '{made[1]}', not of '{self.key_id}'",
                "import from the original export, or with the key that they were made with",
            )
        if made:
            return identifier
        return f"{self.key_id}:{hmac.digest(self.key, identifier.encode(), 'sha256').hex()}"

    def of_customer(self, customer_id: str) -> str:
        """Give the pseudonym of a customer; a number is one only where it names its country."""
        read = read_number(customer_id)
        return self.of(read if read.startswith("+") else customer_id)

    def of_number(self, text: str) -> str | None:
        """Give the pseudonym of a value that may be a phone number: of its E.164 where it is one.

        A withheld number gives None.
        """
        read = read_number(text, self.region)
        if read == WITHHELD:
            return None
        return self.of(read if read.startswith("+") else text.strip())

    def contacts(self, contacts: pa.Table) -> pa.Table:
        """Replace the identifiers of a contacts table.

        Raises
        ------
        UserError
            It lacks a column named in the mapping file.
        """
        for name in self.columns:
            if name not in contacts.column_names:
                raise UserError(
                    f"pseudonyms: columns: the export has no column '{name}'",
                    "name a column of the contacts table, as the mapping file calls it",
                )
        return self._replaced(contacts)

    def events(self, events: pa.Table) -> pa.Table:
        """Replace the identifiers of an events table, such as agents, as in the contacts table."""
        return self._replaced(events)

    def _replaced(self, table: pa.Table) -> pa.Table:
        for name in (*ALWAYS, *self.columns):
            if name in table.column_names:
                place = table.column_names.index(name)
                replaced = map_values(as_text(table[name]), partial(self._one, name))
                table = table.set_column(place, name, replaced)
        return table

    def _one(self, name: str, value: str | None) -> str | None:
        """Replace a value of one column."""
        if value is None or not value.strip():
            return None
        return self.of_customer(value) if name in {"customer_id", SHARED} else self.of_number(value)

    def rejects(self, rejects: pa.Table, keep: Iterable[str]) -> pa.Table:
        """Replace the identifiers of a rejects table.

        Of each raw row only the columns of the contacts table are kept, and nothing of a line
        that is no row: either might hold a number where nobody looks for one. Values that a
        reason quotes are left out.

        Parameters
        ----------
        rejects : pyarrow.Table
            As `recontact.sources.rejects` makes them.
        keep : iterable of str
            Columns of the contacts table.
        """
        kept = frozenset(keep)
        raw = [self._raw(text, kept) for text in rejects["raw"].to_pylist()]
        reasons = map_values(rejects["reason"], lambda text: text and QUOTED.sub("…", text))
        for name, column in (("raw", pa.array(raw, pa.string())), ("reason", reasons)):
            rejects = rejects.set_column(rejects.column_names.index(name), name, column)
        return rejects

    def _raw(self, text: str | None, keep: frozenset[str]) -> str | None:
        try:
            row = json.loads(text or "null")
        except ValueError:
            return None
        if not isinstance(row, dict):
            return None
        shown = {name: self._shown(name, value) for name, value in row.items() if name in keep}
        return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))

    def _shown(self, name: str, value: Any) -> Any:
        """Replace one value of a raw row; a number may stand in a column that is not its own."""
        if isinstance(value, dict | list):  # a part of a vendor's record may hold anything
            return None
        if value is None or name == "contact_id":
            return value
        if name in ALWAYS or name in self.columns:
            return self._one(name, str(value))
        read = read_number(value, self.region) if isinstance(value, str) else ""
        return self.of(read) if read.startswith("+") else value
