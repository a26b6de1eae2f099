"""What is asked of contacts that are worked on in buckets, each with all rows of its customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import SCHEMA
from recontact.errors import UserError
from recontact.features.declared import Feature
from recontact.features.figures import Figures
from recontact.features.known import known_from, made_by
from recontact.features.needed import check_columns, columns_needed
from recontact.features.table import Source, finish, look
from recontact.labels.table import SCHEMA as LABELS
from recontact.policy import Policy
from recontact.sources.files import schema_of
from recontact.stretches import ROW
from recontact.tables import stack

Ints = npt.NDArray[np.int64]
JUDGED = ("eligible", "repeated", "escalation")
BESIDE = pa.schema([LABELS.field(name) for name in ("contact_id", *JUDGED)])


@dataclass(frozen=True)
class Asked:
    """What is asked of contacts in files.

    A bucket is a table with `columns`, those of `JUDGED`, and `row`: the number of each contact.

    Attributes
    ----------
    columns : pyarrow.Schema
        The columns of the contacts that are needed; metadata of the first file.
    policy : Policy
        That of the labels.
    known : mapping of str to str
        Column to the moment from which it is known.
    moment, elapsed_s, delay_s, features
        As of `recontact.dataset.features`.
    """

    columns: pa.Schema
    policy: Policy
    known: Mapping[str, str]
    moment: str
    elapsed_s: float | None
    delay_s: float
    features: tuple[Feature, ...]

    @classmethod
    def of(
        cls,
        files: list[Path],
        policy: Policy,
        known: Mapping[str, str] | None,
        moment: str,
        elapsed_s: float | None,
        delay_s: float,
        features: Sequence[Feature],
    ) -> "Asked":
        """Find what is needed of contacts in files.

        Raises
        ------
        UserError
            As of `recontact.features.known_from`, or a feature asks for a column that is not there.
        """
        schema = _columns_of(files)
        since = known_from(schema.empty_table(), known)
        check_columns(features, schema, since)
        needed = columns_needed(features, since)
        columns = pa.schema([f for f in schema if f.name in needed], schema.metadata)
        return cls(columns, policy, since, moment, elapsed_s, delay_s, tuple(features))

    def refuse_filled_in_later(self, some: pa.Table) -> None:
        """Refuse an extra column whose values were still to come, where some rows tell it."""
        known_from(some.replace_schema_metadata(self.columns.metadata), self.known)

    def count(self, bucket: pa.Table) -> Figures:
        """Count what is known of agents, queues, reasons ... from the contacts of a bucket."""
        return self._source(bucket, None).figures(bucket.select(JUDGED))

    def compute(
        self, bucket: pa.Table, figures: Figures, events: pa.Table | None
    ) -> tuple[pa.Table, Ints]:
        """Compute the features of a bucket's eligible contacts; give them with their numbers."""
        looked, row = self._look(self._source(bucket, events), bucket)
        return self.finish(looked, figures), row

    def count_and_look(
        self, bucket: pa.Table, events: pa.Table | None
    ) -> tuple[Figures, pa.Table, Ints]:
        """Do what `count` does and the first half of `compute`; `finish` does the other."""
        source = self._source(bucket, events)
        return source.figures(bucket.select(JUDGED)), *self._look(source, bucket)

    def finish(self, looked: pa.Table, figures: Figures) -> pa.Table:
        """Make features of what was found of any contacts in their histories."""
        return finish(looked, self.moment, self.features, self.known, figures)

    def _look(self, source: Source, bucket: pa.Table) -> tuple[pa.Table, Ints]:
        in_order = source.order.rows  # as histories are looked back at, one after the other
        rows = in_order[np.asarray(bucket["eligible"])[in_order]]
        live = self.moment == "live"
        elapsed = np.full(len(bucket), self.elapsed_s, np.float64) if live else None
        looked = look(source, rows, self.moment, elapsed_s=elapsed)
        return looked, np.asarray(bucket[ROW].to_numpy()[rows])

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of the features table, with policy and what is known from when beside."""
        fields = [*self.columns, *(BESIDE.field(name) for name in JUDGED), (ROW, pa.int64())]
        nobody = pa.schema(fields).empty_table()
        table = self.compute(nobody, Figures.none(), None)[0]
        return table.schema.with_metadata(made_by(self.policy, self.known))

    def _source(self, bucket: pa.Table, events: pa.Table | None) -> Source:
        contacts = bucket.select(self.columns.names)
        return Source(contacts, self.policy, self.known, self.delay_s, events, self.features)


def none_eligible() -> UserError:
    """Say that there is nothing to compute."""
    return UserError(
        "no contact can be judged under the policy of these labels",
        "recontact label shows why each is left out (column exclusion)",
    )


def _columns_of(files: list[Path]) -> pa.Schema:
    """Give the columns of contacts in files, typed as `recontact.clean.read_contacts` does."""
    others = []
    for schema in map(schema_of, files):
        fields = [field for field in schema if field.name not in SCHEMA.names]
        others.append(pa.schema(fields, schema.metadata).empty_table())
    more = stack(others, files).schema
    return pa.schema([*SCHEMA, *map(_plain, more)], more.metadata)


def _plain(field: pa.Field) -> pa.Field:
    kind = field.type
    return field.with_type(kind.value_type) if pa.types.is_dictionary(kind) else field
