"""Training, scoring and keeping the two models."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recontact.model.batch import score
    from recontact.model.bundle import Bundle
    from recontact.model.estimators import RiskClassifier
    from recontact.model.fitting import fit
    from recontact.model.registered import Trained, train
    from recontact.model.training import Learnt, learn

__all__ = ["Bundle", "Learnt", "RiskClassifier", "Trained", "fit", "learn", "score", "train"]

_WHERE = {
    "Bundle": "bundle",
    "Learnt": "training",
    "RiskClassifier": "estimators",
    "Trained": "registered",
    "fit": "fitting",
    "learn": "training",
    "score": "batch",
    "train": "registered",
}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use: scoring needs neither MLflow nor scikit-learn."""
    if name not in _WHERE:
        raise AttributeError(f"module 'recontact.model' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(f"recontact.model.{_WHERE[name]}"), name)
