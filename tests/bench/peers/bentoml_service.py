"""A BentoML service of one LightGBM model, run in BentoML's own environment."""

import os

import bentoml
import lightgbm
import numpy as np


@bentoml.service(
    workers=1,
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
class Repeated:
    def __init__(self) -> None:
        self.booster = lightgbm.Booster(model_file=os.environ["RECONTACT_BENCH_MODEL"])

    @bentoml.api  # in the loop: in a thread it is slower, and in batches it refuses some
    async def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.booster.predict(rows)
