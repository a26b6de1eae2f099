"""The customers of an import: linked by number, shared ones apart, redials merged, pseudonyms."""

from typing import Any, NamedTuple

import pyarrow as pa

from recontact.sources.identity import link_numbers, unlink_shared
from recontact.sources.mapping import Mapping
from recontact.sources.numbers import check_region
from recontact.sources.pseudonyms import Pseudonymiser, key_from
from recontact.sources.redials import merge_redials


class Settled(NamedTuple):
    """What came of `settle_customers`.

    Attributes
    ----------
    contacts, rejects : pyarrow.Table
        The tables of the import.
    identity : dict
        The counts of `link_numbers` and `unlink_shared`.
    into : dict of str to str
        `contact_id` of each redial -> that of the contact which it became part of.
    """

    contacts: pa.Table
    rejects: pa.Table
    identity: dict[str, Any]
    into: dict[str, str]


def pseudonymiser(mapping: Mapping) -> Pseudonymiser | None:
    """Give what a mapping file asks identifiers to be replaced with; None where it does not.

    Call it before anything is read: a missing key should not cost an hour.

    Raises
    ------
    UserError
        The key is missing or weak, or the mapping file names an unfit column or country.
    """
    check_region(mapping.ani_region)
    if mapping.pseudonyms is None:
        return None
    asked = mapping.pseudonyms
    return Pseudonymiser(asked.key_id, key_from(), asked.columns, mapping.ani_region)


def settle_customers(
    contacts: pa.Table, rejects: pa.Table, mapping: Mapping, hashed: Pseudonymiser | None
) -> Settled:
    """Find out who each contact is of.

    In this order: numbers are linked; identities shared by many are unlinked, so that strangers
    are never taken for redials of each other; redials are merged; identifiers are replaced.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts, one version of each, legs merged.
    rejects : pyarrow.Table
        The rows that became none.
    mapping : Mapping
        `ani_region`, `shared_above`, `redial_within`.
    hashed : Pseudonymiser or None
        Of `pseudonymiser`.

    Returns
    -------
    Settled
    """
    into: dict[str, str] = {}
    linked = link_numbers(contacts, mapping.ani_region)
    shared = unlink_shared(linked.contacts, *(mapping.shared_above or (None, 0)))
    contacts, identity = shared.contacts, linked.counts | shared.counts
    if mapping.redial_within is not None:
        contacts, into = merge_redials(contacts, mapping.redial_within)
    if hashed is not None:
        contacts, rejects = (
            hashed.contacts(contacts),
            hashed.rejects(rejects, contacts.column_names),
        )
        for one in identity["worst"]:
            one["customer_id"] = hashed.of_customer(one["customer_id"])
    return Settled(contacts, rejects, identity, into)
