"""A client of the scoring service, for Python programs: `pip install 'recontact[client]'`."""

from importlib.util import find_spec

from recontact.client.errors import ServiceError

if find_spec("httpx") is None:  # pragma: no cover - the tests' packages hold it
    raise ServiceError("recontact.client needs httpx", mend="pip install 'recontact[client]'")

from recontact.client.http import Client

__all__ = ["Client", "ServiceError"]
