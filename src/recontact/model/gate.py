"""What a model may be trained on: a target that looks forward, and data enough."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.errors import UserError
from recontact.features.declared import FEATURES
from recontact.features.known import LABELS
from recontact.model.bundle import TARGETS
from recontact.model.split import Mask

DAY_US = 86_400_000_000
MIN_CONTACTS = 200
MIN_OF_EACH = {"training": 20, "validation": 5, "test": 5}
WIDER = "give more contacts, or shorten the window or widen index_channels in the policy"


class TooLittleError(UserError):
    """A part of the data has too few contacts of either outcome."""


def refuse_labels(rows: pa.Table, target: str) -> None:
    """Refuse to foretell what looks back too, and to learn from labels.

    Parameters
    ----------
    rows : pyarrow.Table
        Rows of a dataset (`recontact.dataset.build`).
    target : str
        What is to be foretold.

    Raises
    ------
    UserError
        The target is not one of `recontact.model.bundle.TARGETS`, or a further column of the
        labels stands among the rows, where it would be taken for a feature.

    Examples
    --------
    >>> refuse_labels(pa.table({"fcr": [True]}), "fcr")
    Traceback (most recent call last):
    recontact.errors.UserError: 'fcr' can't be a target
      mend: foretell repeated or escalation; labels such as fcr look back as well as forward
    """
    if target not in TARGETS:
        raise UserError(
            f"'{target}' can't be a target",
            f"foretell {' or '.join(TARGETS)}; labels such as fcr look back as well as forward",
        )
    own = {*TARGETS, "matured", *(feature.name for feature in FEATURES)}
    beside = sorted(LABELS.intersection(rows.column_names) - own)
    if beside:
        raise UserError(
            f"labels among the features: {', '.join(beside)}",
            "drop them from the dataset; labels say what came later",
        )


def check_contacts(dataset: pa.Table) -> None:
    """Refuse a dataset with too few judged contacts.

    Parameters
    ----------
    dataset : pyarrow.Table
        With `contact_id` and `repeated`, null where not judged or not matured.

    Raises
    ------
    UserError
        Says how many there are and how many are needed.
    """
    if not len(dataset):
        raise UserError(
            "no contact can be judged under this policy",
            mend="recontact label shows why each is left out (column exclusion)",
        )
    matured = dataset.filter(pc.is_valid(dataset["repeated"]))
    judged = pc.count_distinct(matured["contact_id"]).as_py()
    if judged < MIN_CONTACTS:
        eligible = pc.count_distinct(dataset["contact_id"]).as_py()
        raise UserError(
            f"too little data: {judged} judged contacts whose window has passed "
            f"(of {eligible} eligible); at least {MIN_CONTACTS} are needed",
            mend=WIDER,
        )


def check_part(rows: pa.Table, mask: Mask, target: str, part: str, gap: int) -> None:
    """Refuse a part of the data without enough contacts of both outcomes.

    Parameters
    ----------
    rows : pyarrow.Table
        Judged rows of one target.
    mask : numpy.ndarray of bool
        Which of them are in the part.
    target : str
        The outcome, a column of `rows`.
    part : {"training", "validation", "test"}
        Which part it is.
    gap : int
        Microseconds kept free between the parts, for the message.

    Raises
    ------
    TooLittleError
        Says which outcome is missing where, and how many are needed.
    """
    counts = {outcome: _contacts(rows, mask, target, outcome) for outcome in (True, False)}
    need = MIN_OF_EACH[part]
    if min(counts.values()) >= need:
        return
    missing = f"{counts[True]} contacts with {target} true and {counts[False]} with it false"
    if not sum(counts.values()):
        missing = "no judged contact at all"
    raise TooLittleError(
        f"too little data: the {part} part has {missing}; at least {need} of each are needed "
        f"({gap / DAY_US:.3g} days before each later part are left out, the greatest window)",
        mend=WIDER,
    )


def _contacts(rows: pa.Table, mask: Mask, target: str, outcome: bool) -> int:
    values = np.asarray(rows[target].to_numpy(zero_copy_only=False), dtype=bool)
    chosen = rows["contact_id"].filter(pa.array(mask & (values == outcome)))
    return int(pc.count_distinct(chosen).as_py())
