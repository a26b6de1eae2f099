"""What every endpoint needs: settings, database, models, gate, what reads and writes, metrics."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from recontact_serving.follow_up.follow_ups import FollowUps
from recontact_serving.hourly.refreshing import Refresher
from recontact_serving.models.champions import Champions
from recontact_serving.people.gate import Gate
from recontact_serving.scoring.gathering import Gathering
from recontact_serving.scoring.reading import Reader
from recontact_serving.scoring.writer import Writer
from recontact_serving.settings import Settings
from recontact_serving.storage.database import Database
from recontact_serving.web.metrics import Metrics


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
    gathering: Gathering = field(default_factory=Gathering)


async def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    service = request.app.state.service
    assert isinstance(service, Service)  # noqa: S101 - create_app put it there
    return service


ServiceOf = Annotated[Service, Depends(service_of)]
