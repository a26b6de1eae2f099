"""A killed service has kept all that it acknowledged; the campaign kills it twenty times."""

import pytest

from recontact_pipelines.campaigns.kills import kills


@pytest.mark.slow
def test_nothing_acknowledged_is_lost(trained, empty_url, tmp_path):
    """On each kind of database, a process that is killed amid requests loses none of them."""
    found = kills(empty_url, trained, 1, tmp_path)
    assert found.passed, found
