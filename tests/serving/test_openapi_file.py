"""The description of the service that is checked in is that of the service."""

import json
from pathlib import Path

from recontact_serving.app import create_app
from recontact_serving.settings import Settings

FILE = Path(__file__).parents[2] / "examples" / "typescript" / "openapi.json"


def test_the_checked_in_description_is_that_of_the_service():
    """What clients are made from says what the service does; `make openapi` writes it again."""
    app = create_app(Settings(database_url="sqlite://", auth=False))
    live = app.openapi()
    app.state.service.database.close()
    assert json.loads(FILE.read_text()) == json.loads(json.dumps(live)), "run `make openapi`"
