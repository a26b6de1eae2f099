"""`/health/live`, `/health/ready` and `/metrics`: the truth about the service, for its operator."""

import os
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from recontact_serving.hourly import rates
from recontact_serving.people.security import machine
from recontact_serving.service import Service, ServiceOf
from recontact_serving.storage.clock import instant, now, text
from recontact_serving.storage.database import read_meta
from recontact_serving.web.problems import RETRY_S, documented, problem, respond
from recontact_serving.web.schemas import Live, Ready

WORKER = {"Recontact-Worker": str(os.getpid())}  # which of several answered

router = APIRouter(tags=["operation"])


@router.get("/health/live", response_model=Live, responses=documented(403, 500))
async def live() -> JSONResponse:
    """Say that the process answers."""
    return JSONResponse({"status": "live"}, headers=WORKER)


@router.get("/health/ready", response_model=Ready, responses=documented(403, 500, 503))
def ready(service: ServiceOf) -> JSONResponse:
    """Say whether scores can be given now, and what is missing where not."""
    checks = {
        "database": _database(service),
        "models": _models(service),
        "rates": _rates(service),
    }
    needed = (checks["database"], checks["models"])
    lacking = [check["trouble"] for check in needed if not check["ok"]]
    if not lacking:
        return JSONResponse({"status": "ready", "checks": checks}, headers=WORKER)
    document = problem(503, "; ".join(lacking), checks=checks)
    return respond(document, {"Retry-After": RETRY_S, **WORKER})


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **documented(401, 403, 429, 500, 503),
    },
    dependencies=[Depends(machine("read"))],
)
def metrics(service: ServiceOf) -> Response:
    """Give the counters in the text form that Prometheus reads."""
    return Response(service.metrics.page(), media_type=CONTENT_TYPE_LATEST)


def _database(service: Service) -> dict[str, Any]:
    ok = service.database.reachable()
    return {"ok": ok, "trouble": None if ok else "the database does not answer"}


def _models(service: Service) -> dict[str, Any]:
    champion = service.champions.current()
    return {
        "ok": champion is not None,
        "trouble": service.champions.trouble or None,
        "models": dict(champion.models) if champion else {},
        "policy": champion.policy if champion else None,
    }


def _rates(service: Service) -> dict[str, Any]:
    try:
        with service.database.read() as db:
            built, up_to, policy = (
                read_meta(db, n) for n in (rates.BUILT_AT, rates.UP_TO, rates.POLICY)
            )
    except SQLAlchemyError:
        return {"ok": False, "trouble": "the database does not answer"}
    trouble = _rates_trouble(service, policy) or service.refresher.trouble or None
    return {
        "ok": trouble is None,
        "trouble": trouble,
        "age_s": round((now() - instant(int(built))).total_seconds()) if built else None,
        "up_to": text(instant(int(up_to))) if up_to else None,
    }


def _rates_trouble(service: Service, policy: str | None) -> str | None:
    champion = service.champions.current()
    if policy is None:
        return "no history is loaded: recontact load contacts.parquet"
    if champion is not None and champion.policy != policy:
        return "they are of another policy than the models: recontact load --refresh"
    return None
