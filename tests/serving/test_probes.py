"""The questions that go with next issues: the operator's own file, read at the start."""

import pytest

from recontact.errors import UserError
from recontact_serving.app import create_app
from recontact_serving.settings import Settings


def test_the_operators_questions_are_read_at_the_start(tmp_path, settings):
    """RECONTACT_PROBES names the file; a wrong line stops the service before it answers."""
    file = tmp_path / "probes.yaml"
    environ = {"RECONTACT_PROBES": str(file), "RECONTACT_AUTH": "off"}
    chosen = Settings.read({**environ, "RECONTACT_DATABASE_URL": settings.database_url})
    assert chosen.probes == str(file)
    assert Settings.read({}).probes is None
    file.write_text("billing: Is your bill clear?\n")
    create_app(chosen)
    file.write_text("billing: Is your bill clear?\norder:\n")
    with pytest.raises(UserError, match="line 2: 'order' has no question"):
        create_app(chosen)
