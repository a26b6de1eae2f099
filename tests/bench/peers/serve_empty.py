"""A FastAPI endpoint that checks the body of a score and does nothing."""

# ruff: noqa: T201 - what it prints is read by the bench

import argparse
import json
import os
import sys

import uvicorn
from fastapi import FastAPI

from recontact_serving.web.schemas import ScoreRequest

app = FastAPI()


@app.post("/v1/score")
async def score(request: ScoreRequest) -> dict[str, bool]:  # noqa: ARG001 - it is checked
    return {"ok": True}


@app.get("/ready")
async def ready() -> dict[str, bool]:
    return {"ok": True}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder")
    parser.add_argument("--port", type=int)
    parser.add_argument("--serve", action="store_true")
    asked = parser.parse_args()
    if asked.serve:
        uvicorn.run(app, port=asked.port, log_level="error", access_log=False, server_header=False)
        return
    command = [sys.executable, os.path.abspath(__file__), "--serve", "--port", str(asked.port)]
    told = {"path": "/v1/score", "ready": "/ready", "command": command, "environ": {}}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
