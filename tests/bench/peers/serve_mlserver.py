"""MLServer: its LightGBM runtime and the V2 inference protocol, scored where it listens.

With `--batched`, requests that come within a millisecond are scored as one matrix.
"""

import json
from typing import Any

from ready_rows import asked, tell

PACKAGES = [
    *("mlserver==1.7.1", "mlserver-lightgbm==1.7.1", "lightgbm==4.7.0", "numpy==2.4.6"),
    *("fastapi==0.115.14", "pydantic==2.14.3", "uvicorn==0.54.0"),
    *("uvloop==0.23.0", "httptools==0.9.0"),  # uvicorn's quicker loop and parser
]


def form(row: list[float]) -> Any:
    matrix = {"name": "row", "shape": [1, len(row)], "datatype": "FP64", "data": row}
    return {"inputs": [matrix]}


def main() -> None:
    """Write the settings; tell how it is run."""
    own = asked("mlserver", form, PACKAGES)
    settings = {
        "debug": False,  # with it, every request is logged
        "host": "127.0.0.1",
        "http_port": own.port,
        "grpc_port": own.port + 1,  # cannot be off
        "metrics_endpoint": None,
        "parallel_workers": 0,  # with 1, another process scores, and it is slower
        "gzip_enabled": False,
        "environments_dir": str(own.folder / "envs"),
    }
    (own.folder / "settings.json").write_text(json.dumps(settings))
    model = {
        "name": "repeated",
        "implementation": "mlserver_lightgbm.LightGBMModel",
        "parameters": {"uri": str(own.model)},
    }
    if own.batched:
        model |= {"max_batch_size": 32, "max_batch_time": 0.001}
    (own.folder / "model-settings.json").write_text(json.dumps(model))
    tell(
        "/v2/models/repeated/infer",
        "/v2/models/repeated/ready",
        [own.python.with_name("mlserver"), "start", own.folder],
        {},
    )


if __name__ == "__main__":
    main()
