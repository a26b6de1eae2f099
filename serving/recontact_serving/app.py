"""The application: one service put together from its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from recontact_serving.desktop.desktop_app import install as install_desktop
from recontact_serving.figures import fcr, proof
from recontact_serving.follow_up import at_risk, work
from recontact_serving.follow_up.follow_ups import FollowUps
from recontact_serving.follow_up.holdout import Holdout
from recontact_serving.hourly.refreshing import Refresher
from recontact_serving.models.champions import Champions, Source
from recontact_serving.models.registry import Registry
from recontact_serving.pages import home
from recontact_serving.people import own_account, people_page, sign_in
from recontact_serving.people.gate import Gate
from recontact_serving.people.security import (
    HEADERS,
    Refused,
    SignInNeeded,
    check_settings,
    describe,
)
from recontact_serving.scoring import contacts, customers, scores
from recontact_serving.scoring.reading import Reader
from recontact_serving.scoring.scores import Shortcut
from recontact_serving.scoring.writer import Writer
from recontact_serving.service import Service
from recontact_serving.settings import Settings
from recontact_serving.storage.database import Database
from recontact_serving.web import health, problems
from recontact_serving.web.metrics import Metrics
from recontact_serving.web.middleware import Edge, head_alone
from recontact_serving.web.schemas import Problem

STATIC = Path(__file__).parent / "static"
DESCRIPTION = (
    "Tells, while a contact is still going on, whether the customer will be in touch again about "
    "the same issue or the case will escalate, and why."
)


class _App(FastAPI):
    """Puts the schema of a problem where the documented errors look for it.

    A fault ends here: by now it is answered and logged, without the words of the error. The
    server would log it again, with them.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.state.shortcut if Shortcut.takes(scope) else super().__call__
        try:
            if scope["type"] == "http" and scope["method"] == "HEAD":
                await head_alone(answer, scope, receive, send)
            else:
                await answer(scope, receive, send)
        except Exception:
            if scope["type"] != "http":
                raise

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas["Problem"] = schema
        describe(document)
        return document


def create_app(settings: Settings, models: Source | None = None) -> FastAPI:
    """Make the service.

    Parameters
    ----------
    settings : Settings
        What the operator has set.
    models : Source, optional
        Where champions come from; by default the MLflow registry.

    Returns
    -------
    fastapi.FastAPI
        The application; it follows the registry while it runs.

    Raises
    ------
    UserError
        The database can't be used, or the service would be open to strangers.
    """
    database = Database(settings.database_url)
    check_settings(settings, database)
    metrics = Metrics()
    source = models or Registry.of(settings, database)
    gate = Gate(database, settings, metrics)
    champions = Champions(source, metrics, settings.follow_s)
    reader = Reader(database, settings.time_limit_ms / 1000)
    writer = Writer(database, metrics)
    refresher = Refresher(settings, database, champions, metrics)
    holdout = Holdout.of(database, settings.holdout)
    follow_ups = FollowUps(settings.costs, holdout, settings.shared_above)
    service = Service(
        settings, database, champions, gate, reader, writer, refresher, follow_ups, metrics
    )
    app = _App(
        title="recontact",
        description=DESCRIPTION,
        version=metadata.version("recontact"),
        docs_url=None,  # these pages load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # an address with one slash too many is a wrong one
        lifespan=_running,
    )
    app.state.service = service
    parts = (
        scores,
        contacts,
        customers,
        at_risk,
        work,
        health,
        home,
        fcr,
        proof,
        sign_in,
        own_account,
        people_page,
    )
    routers = [part.router for part in parts]
    for router in (scores.quick, *routers):  # the first is found first
        app.include_router(router)
    if settings.oidc is not None:
        from recontact_serving.people import oidc, oidc_pages  # noqa: PLC0415 - few need them

        app.include_router(oidc_pages.router_of(oidc.Provider(settings.oidc)))
    install_desktop(app, service)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    problems.install(app)
    app.add_exception_handler(SignInNeeded, sign_in.lead_there)
    app.add_exception_handler(Refused, sign_in.show_refusal)
    edge = partial(Edge, local_only=not settings.auth, headers=HEADERS, metrics=metrics)
    app.add_middleware(edge)
    app.state.shortcut = edge(Shortcut(service))
    return app


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    service.gate.start()
    service.champions.start()
    service.writer.start()
    service.refresher.start()
    yield
    service.refresher.stop()
    service.writer.stop()
    service.reader.close()
    service.champions.stop()
    service.gate.stop()
    service.database.close()
