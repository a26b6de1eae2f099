"""The description of the service that is checked in is that of the service."""

import json
import re
from pathlib import Path

from tests.serving import routes

from recontact_serving.app import create_app
from recontact_serving.settings import Settings

KEY, TOKEN, SESSION = {"HTTPBearer": []}, {"DesktopToken": []}, {"Session": []}
FILE = Path(__file__).parents[2] / "examples" / "typescript" / "openapi.json"


def test_the_checked_in_description_is_that_of_the_service():
    """What clients are made from says what the service does; `make openapi` writes it again."""
    app = create_app(Settings(database_url="sqlite://", auth=False))
    live = app.openapi()
    app.state.service.database.close()
    assert json.loads(FILE.read_text()) == json.loads(json.dumps(live)), "run `make openapi`"


def test_every_way_in_is_described():
    """A key wherever there is one, a desktop's token for calls, a session for the list."""
    app = create_app(Settings(database_url="sqlite://", auth=False))
    paths = app.openapi()["paths"]
    assert app.openapi()["paths"] == paths  # told twice, it is the same
    app.state.service.database.close()
    found = {
        f"{m.upper()} {p}": o.get("security") for p, ways in paths.items() for m, o in ways.items()
    }
    for route in routes.of(app):
        if (name := re.sub(":path}", "}", route.name)) in found:
            changing = SESSION if route.method == "GET" else SESSION | {"Form": []}
            ways = {"MachineOrPerson": [KEY, changing], "CallerNeeded": [KEY, TOKEN]}
            wanted = None if route.is_open else ways.get(route.kind, [KEY])
            assert found.pop(name) == wanted, name
    assert found == {}
