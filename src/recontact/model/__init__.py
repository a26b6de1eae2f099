"""Training, scoring and keeping the two models."""

from typing import TYPE_CHECKING

from recontact.lazily import on_first_use

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
__getattr__ = on_first_use(__name__, _WHERE)  # scoring needs neither MLflow nor scikit-learn
