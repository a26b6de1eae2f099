"""What desktops need of the application: routes, whoever follows calls, and the listed origins."""

from fastapi import FastAPI
from prometheus_client import Gauge

from recontact_serving.desktop import desktop_pages, endpoints
from recontact_serving.desktop.call_watching import CallWatching
from recontact_serving.desktop.desktop_origins import Origins
from recontact_serving.service import Service


def install(app: FastAPI, service: Service) -> None:
    """Add all that agents' desktops get."""
    watching = app.state.call_watching = CallWatching(service.database)
    followers = Gauge("recontact_followers", "Who follows calls", registry=service.metrics.registry)
    followers.set_function(lambda: len(watching))
    app.include_router(endpoints.router)
    app.include_router(desktop_pages.router)
    app.add_middleware(Origins, origins=service.settings.desktop_origins)
