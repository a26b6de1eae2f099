"""The routes of an application, each with what it declares: whom it lets in, for which scope."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount

from recontact_serving.people.security import OPEN_ROUTES


class Route(NamedTuple):
    """One way to ask: a method of a path, and the dependencies that carry a scope."""

    method: str
    path: str
    needs: tuple[Any, ...]
    fields: tuple[str, ...] = ()  # of the form, or parts of the body, that it takes

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scope(self) -> str:
        return str(self.needs[0].scope)

    @property
    def scope_of_key(self) -> str:
        """What a key needs, which has fewer scopes than people."""
        return str(getattr(self.needs[0], "of_key", self.scope))

    @property
    def kind(self) -> str:
        """`Page`, `Machine`, `MachineOrPerson` or `CallerNeeded`."""
        return type(self.needs[0]).__name__

    @property
    def is_open(self) -> bool:
        return (self.method, self.path) in OPEN_ROUTES


def of(app: FastAPI) -> list[Route]:
    """Walk all there is: routes of routers within routers, and of what is mounted."""
    return list(_walk(app.routes, ""))


def undeclared(app: FastAPI) -> list[str]:
    """Name the routes that neither have a scope nor are open on purpose, or are both."""
    return [route.name for route in of(app) if (len(route.needs) == 1) == route.is_open]


def _walk(routes: Sequence[BaseRoute], prefix: str) -> Iterator[Route]:
    for found in iter_route_contexts(routes):
        path = f"{prefix}{found.path}"
        inner = getattr(found.original_route, "routes", None)
        if isinstance(found.original_route, Mount) and inner:
            yield from _walk(inner, path)
            continue
        dependant = getattr(found, "dependant", None)
        needs = tuple(_needs(dependant)) if dependant else ()
        fields = tuple(_fields(dependant)) if dependant else ()
        methods = found.methods or {"GET"}
        for method in sorted(methods - {"HEAD"} if "GET" in methods else methods):
            yield Route(method, path, needs, fields)


def _needs(dependant: Any) -> Iterator[Any]:
    for one in dependant.dependencies:
        if hasattr(one.call, "scope"):
            yield one.call
        yield from _needs(one)


def _fields(dependant: Any) -> Iterator[str]:
    yield from (one.alias for one in dependant.body_params)
    for one in dependant.dependencies:
        yield from _fields(one)
