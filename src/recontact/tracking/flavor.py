"""How a bundle becomes an MLflow model: its two files beside MLflow's description.

MLflow's own LightGBM loader reads the trees from it; there is no generic Python model in it,
so nothing is ever unpickled, and `Bundle.load` takes the same folder.
"""

from pathlib import Path
from typing import Any

from recontact.model.bundle import MODEL_FILE, Bundle


def save_model(path: str, mlflow_model: Any, bundle: Bundle) -> None:
    """Write a bundle as an MLflow model; `mlflow.models.Model.log` calls this.

    Parameters
    ----------
    path : str
        The folder to make.
    mlflow_model : mlflow.models.Model
        The description to complete.
    bundle : Bundle
        What is logged.
    """
    bundle.save(path)
    mlflow_model.add_flavor(
        "lightgbm",
        data=MODEL_FILE,
        model_class="lightgbm.basic.Booster",
        lgb_version=bundle.facts["versions"]["lightgbm"],
    )
    mlflow_model.signature = signature(bundle)
    mlflow_model.save(str(Path(path) / "MLmodel"))


def signature(bundle: Bundle) -> Any:
    """Describe the features that go in and the probability that comes out."""
    from mlflow.models.signature import ModelSignature  # noqa: PLC0415 - takes seconds
    from mlflow.types import ColSpec, Schema  # noqa: PLC0415

    encoding = bundle.encoding
    columns: list[Any] = [
        ColSpec("string" if name in encoding.categories else "double", name, required=False)
        for name in encoding.features
    ]
    return ModelSignature(Schema(columns), Schema([ColSpec("double", "probability")]))
