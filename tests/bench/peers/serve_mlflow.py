"""MLflow: `mlflow models serve`, its scoring server of a model in the flavor of LightGBM."""

import os
import shutil
from typing import Any

import lightgbm
import mlflow.lightgbm
from ready_rows import asked, tell


def form(row: list[float]) -> Any:
    return {"inputs": [row]}


def main() -> None:
    """Save the model; tell how it is run. MLflow is in our own environment already."""
    own = asked("mlflow", form)
    saved = own.folder / "model"
    shutil.rmtree(saved, ignore_errors=True)
    booster = lightgbm.Booster(model_file=str(own.model))
    mlflow.lightgbm.save_model(booster, saved, pip_requirements=["lightgbm"])
    command = [own.python, "-m", "mlflow", "models", "serve", "--model-uri", saved]
    command += ["--env-manager", "local", "--workers", "1", "--host", "127.0.0.1"]
    bins = f"{own.python.parent}{os.pathsep}{os.environ['PATH']}"  # it starts uvicorn
    environ = {
        "PATH": bins,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "UVICORN_ACCESS_LOG": "false",
    }
    tell("/invocations", "/health", [*command, "--port", own.port], environ)


if __name__ == "__main__":
    main()
