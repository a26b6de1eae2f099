"""BentoML: a service of one method that takes an array, with one worker."""

from pathlib import Path
from typing import Any

from ready_rows import asked, tell

PACKAGES = [
    *("bentoml==1.4.39", "lightgbm==4.7.0", "numpy==2.4.6"),
    *("pydantic==2.14.3", "starlette==1.10.0", "uvicorn==0.54.0"),
    *("uvloop==0.23.0", "httptools==0.9.0"),  # uvicorn's quicker loop and parser
]


def form(row: list[float]) -> Any:
    return {"rows": [row]}


def main() -> None:
    """Tell how it is run."""
    own = asked("bentoml", form, PACKAGES)
    command = [own.python.with_name("bentoml"), "serve", "bentoml_service:Repeated"]
    command += ["--working-dir", Path(__file__).parent, "--host", "127.0.0.1", "--port", own.port]
    environ = {
        "RECONTACT_BENCH_MODEL": str(own.model),
        "BENTOML_HOME": str(own.folder / "home"),
        "BENTOML_DO_NOT_TRACK": "True",
    }
    tell("/predict", "/readyz", command, environ)


if __name__ == "__main__":
    main()
