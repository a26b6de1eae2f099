"""One trained model with all that scoring needs, kept as text that is never unpickled."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.errors import UserError
from recontact.features.declared import FEATURES, Feature
from recontact.model.bundle_json import FACTS_FILE, FORMAT, as_json, from_json
from recontact.model.calibration import Calibrator, Cuts, Floats, calibrated
from recontact.model.digest import digest_of_files, sha256
from recontact.model.encoding import Encoding
from recontact.model.engine import lightgbm
from recontact.model.expected import Expected
from recontact.model.explaining import Explainer
from recontact.model.next_reasons import NextReasons
from recontact.model.seen import Seen
from recontact.model.when import When

MODEL_FILE = "model.txt"
FILES = (MODEL_FILE, FACTS_FILE)
TARGETS = ("repeated", "escalation")


@dataclass(frozen=True)
class Bundle:
    """The model of one target: trees, encoding, calibration, bands, policy and origin.

    A folder holds it as `model.txt`, LightGBM's own text, and `recontact.json`, the rest.
    The second keeps the SHA-256 of the first, since a damaged text would end the process.

    Attributes
    ----------
    target : str
        `repeated` or `escalation`.
    model : str
        The trees as LightGBM's text.
    encoding : Encoding
        The features and their frozen categories; `moment` is one of them.
    calibrators : dict of str to Calibrator
        One for each moment that the model was trained for.
    cuts : Cuts
        From which probability a contact is `medium` and `high`.
    policy, policy_digest : str
        The FCR policy as YAML text, and its digest.
    known_from : dict of str to str
        Which contact column is known from which moment.
    yours : tuple of Feature
        The features beside ours that it was trained with (`recontact.features.yours`).
    wrapup_delay_s : float
        How late after its end a contact's record may come and still be seen at wrap-up.
    facts : dict
        Origin: parameters, counts of rows, data digest, versions. Nothing here is needed
        to score.
    when : When or None
        When re-contacts come; of the target `repeated`, where enough came back.
    next_issues : NextReasons or None
        What next contacts are about; likewise.
    expected : Expected or None
        Numbers that whoever loads it must get again; a registered one has them.
    seen : Seen or None
        What the features looked like in training, to tell how far they drift; likewise.
    version : str
        Version in the registry, empty where it was not loaded from there.
    """

    target: str
    model: str
    encoding: Encoding
    calibrators: dict[str, Calibrator]
    cuts: Cuts
    policy: str
    policy_digest: str
    known_from: dict[str, str] = field(default_factory=dict)
    wrapup_delay_s: float = 900.0
    yours: tuple[Feature, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    when: When | None = None
    next_issues: NextReasons | None = None
    expected: Expected | None = None
    seen: Seen | None = None
    version: str = ""

    @cached_property
    def booster(self) -> Any:
        """LightGBM's model, for what is asked in training; scoring needs no LightGBM."""
        return lightgbm().Booster(model_str=self.model)

    @cached_property
    def explainer(self) -> Explainer:
        """The trees as they score and explain."""
        return Explainer(self.model)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features to compute for it."""
        return (*FEATURES, *self.yours)

    @property
    def sha256(self) -> str:
        """The digest of the trees' text."""
        return sha256(self.model.encode())

    @property
    def digest(self) -> str:
        """The digest of both files, by which the registry knows them again."""
        return digest_of_files(self.files())

    @property
    def moments(self) -> tuple[str, ...]:
        """The moments that it can score."""
        return tuple(self.calibrators)

    def predict(self, table: pa.Table) -> Floats:
        """Give the probability of the outcome for each row of a features table.

        Parameters
        ----------
        table : pyarrow.Table
            The feature columns and `moment`; where `<target>_already` is true, it is 1.

        Returns
        -------
        numpy.ndarray of float64
            Calibrated probabilities, never null.

        Raises
        ------
        UserError
            A feature is missing, or a moment is not one that it was trained for.
        """
        moments = np.asarray(table["moment"].to_numpy(zero_copy_only=False), dtype=object)
        probabilities = self.predict_rows(self.encoding.matrix(table), moments)
        return np.where(self.already(table), 1.0, probabilities)

    def predict_rows(
        self, matrix: Floats, moments: Sequence[str] | npt.NDArray[np.object_]
    ) -> Floats:
        """Give the probabilities of encoded rows (`encoding.row` or `encoding.matrix`)."""
        return calibrated(self.explainer.raw(matrix), moments, self.calibrator)

    def predict_one(self, values: Mapping[str, Any]) -> float:
        """Give the probability for one mapping of feature names, `moment` among them."""
        raw = self.explainer.raw(self.encoding.rows([values]))
        return self.calibrator(values["moment"]).one(float(raw[0]))

    def contributions(self, table: pa.Table) -> Floats:
        """Give what each feature adds to the log-odds of each row, the base value last.

        They are Shapley values of the trees (`recontact.model.explaining`), before calibration.
        """
        return self.contributions_rows(self.encoding.matrix(table))

    def contributions_rows(self, matrix: Floats) -> Floats:
        """Give the contributions of encoded rows, one column a feature, the base value last."""
        return self.explainer.contributions(matrix)

    def already(self, table: pa.Table) -> npt.NDArray[np.bool_]:
        """Tell in which rows the outcome was known at the instant."""
        name = f"{self.target}_already"
        if name not in table.column_names:
            return np.zeros(len(table), dtype=bool)
        known = pc.fill_null(table[name], fill_value=False)
        return np.asarray(known.to_numpy(), dtype=bool)

    def bands(
        self,
        probabilities: Sequence[float] | Floats,
        already: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
    ) -> list[str]:
        """Name the band of each probability: low, medium, high or already."""
        return self.cuts.bands(probabilities, already)

    def with_version(self, version: str) -> "Bundle":
        """Give the same bundle, named by its version in the registry."""
        named = copy.copy(self)  # with the trees, which were read already
        object.__setattr__(named, "version", version)
        return named

    def files(self) -> dict[str, bytes]:
        """Give what each of its two files holds."""
        text = json.dumps(as_json(self), indent=1, sort_keys=True, allow_nan=False)
        return {MODEL_FILE: self.model.encode(), FACTS_FILE: f"{text}\n".encode()}

    def save(self, folder: Path | str) -> None:
        """Write the two files into a folder, which is created."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, held in self.files().items():
            (folder / name).write_bytes(held)

    @classmethod
    def load(cls, folder: Path | str, digest: str | None = None) -> "Bundle":
        """Read a bundle from its folder.

        Parameters
        ----------
        folder : path
            Where its two files are.
        digest : str, optional
            That of both files (`Bundle.digest`), as the registry keeps it.

        Raises
        ------
        UserError
            A file is missing, damaged, of another format or not of this digest.
        """
        folder = Path(folder)
        try:
            files = {name: (folder / name).read_bytes() for name in FILES}
            if digest is not None and digest_of_files(files) != digest:
                raise _damaged(folder, "its files are not those that were registered")
            model, facts = files[MODEL_FILE], json.loads(files[FACTS_FILE])
        except (OSError, ValueError, RecursionError) as error:
            raise _damaged(folder, str(error)) from error
        if not isinstance(facts, dict) or facts.get("format") != FORMAT:
            raise _damaged(folder, f"{FACTS_FILE} is not of format {FORMAT}")
        if sha256(model) != facts.get("sha256"):
            raise _damaged(folder, f"{MODEL_FILE} is not the text that was saved")
        try:
            bundle = cls(**from_json(facts), model=model.decode())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(folder, f"{FACTS_FILE}: {error!r}") from error
        try:
            columns = bundle.explainer.trees.features
        except ValueError as error:
            raise _damaged(folder, f"{MODEL_FILE}: {error}") from error
        if columns != len(bundle.encoding.features):
            raise _damaged(folder, f"{MODEL_FILE} asks about other columns than {FACTS_FILE} names")
        return bundle

    def calibrator(self, moment: str) -> Calibrator:
        """Give the calibrator of a moment.

        Raises
        ------
        UserError
            The model was not trained for it.
        """
        if moment not in self.calibrators:
            raise UserError(
                f"the model of '{self.target}' was not trained for the moment '{moment}'",
                mend=f"ask for one of: {', '.join(self.moments)}",
            )
        return self.calibrators[moment]


def _damaged(folder: Path, why: str) -> UserError:
    return UserError(
        f"{folder}: not a usable model: {why}",
        mend="train again (recontact train), or go back with: recontact rollback",
    )
