"""LightGBM's settings: the defaults, and those of a file."""

from pathlib import Path
from typing import Any

import yaml

from recontact.errors import UserError

DEFAULTS: dict[str, Any] = {
    "learning_rate": 0.03,
    "num_leaves": 8,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.3,
    "extra_trees": False,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "cat_smooth": 50.0,
    "cat_l2": 50.0,
    "min_data_per_group": 100,
    "max_cat_threshold": 32,
    "max_bin": 255,
    "max_trees": 1000,
    "early_stopping": 80,
    "regrow": True,
    "monotone": {},
}


def read_params(path: str | Path | None) -> dict[str, Any]:
    """Read settings from a YAML file, over the defaults.

    Parameters
    ----------
    path : str or Path or None
        The file; None gives the defaults.

    Raises
    ------
    UserError
        The file can't be read or names an unknown setting.

    Examples
    --------
    >>> read_params(None)["num_leaves"]
    8
    """
    if path is None:
        return dict(DEFAULTS)
    try:
        given = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file", "check the path") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise UserError(f"{path}: not readable as YAML: {why}", "see models/params.yaml") from error
    if not isinstance(given, dict):
        raise UserError(f"{path}: not a mapping of settings", "see models/params.yaml")
    for name, value in given.items():
        if name not in DEFAULTS:
            raise UserError(f"{path}: unknown setting '{name}'", f"one of: {', '.join(DEFAULTS)}")
        wanted = _wrong(name, value)
        if wanted:
            raise UserError(f"{path}: {name}: not {wanted}: {value!r}", "see models/params.yaml")
    return DEFAULTS | given


def _wrong(name: str, value: Any) -> str | None:
    """Say what a value should be, where it is not."""
    if name in ("regrow", "extra_trees"):
        return None if isinstance(value, bool) else "true or false"
    if name == "monotone":
        ways = value.values() if isinstance(value, dict) else [None]
        fine = all(type(way) is int and way in (-1, 0, 1) for way in ways)
        return None if fine else "a mapping of features to 1 (rises), -1 (falls) or 0 (either way)"
    fine = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return None if fine else "a number from 0 up"
