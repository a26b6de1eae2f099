"""What every endpoint needs: settings, database, models, gate, what reads and writes, metrics."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from recontact_serving.champions import Champions
from recontact_serving.database import Database
from recontact_serving.follow_ups import FollowUps
from recontact_serving.gate import Gate
from recontact_serving.metrics import Metrics
from recontact_serving.reading import Reader
from recontact_serving.refreshing import Refresher
from recontact_serving.settings import Settings
from recontact_serving.writer import Writer


@dataclass(frozen=True)
class Service:
    """One running service."""

    settings: Settings
    database: Database
    champions: Champions
    gate: Gate
    reader: Reader
    writer: Writer
    refresher: Refresher
    follow_ups: FollowUps
    metrics: Metrics = field(default_factory=Metrics)


async def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    service = request.app.state.service
    assert isinstance(service, Service)  # noqa: S101 - create_app put it there
    return service


ServiceOf = Annotated[Service, Depends(service_of)]
