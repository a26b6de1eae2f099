"""The process that learns the rates anew, measures drift, and deletes what is too old to keep.

It also lets time pass on the list, where nobody reads that.
"""

import os
import sys

from recontact.errors import UserError
from recontact_serving.follow_up.settling import settle
from recontact_serving.hourly import drift
from recontact_serving.hourly.refreshing import NICE, REFRESHED_AT
from recontact_serving.models.cache import Cache
from recontact_serving.scoring.loading import relearn
from recontact_serving.settings import Settings
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import Database, put
from recontact_serving.storage.retention import forget_old
from recontact_serving.storage.tables import meta


def refresh_once(settings: Settings) -> int:
    """Bring the rates up to date under the policy of the champion that was last heard of.

    Parameters
    ----------
    settings : Settings
        Of the service.

    Returns
    -------
    int
        How many contacts the rates rest on; 0: none, or there is no champion.
    """
    database = Database(settings.database_url)
    cache = Cache.open(settings.cache_dir)
    try:
        forget_old(database, settings.retention_days, now())
        settle(database, now(), rounds=None)
        champion = cache.heard(settings.mlflow_uri).champions.get("repeated")
        count = 0
        if champion:
            bundle = cache.load(champion["digest"])
            count = relearn(database, bundle)
            drift.measure(database, bundle)
        with database.write() as db:
            put(db, meta, [{"name": REFRESHED_AT, "value": str(micros(now()))}])
    finally:
        database.close()
    return count


if __name__ == "__main__":
    os.nice(NICE)
    try:
        refresh_once(Settings.read())
    except UserError as error:
        sys.stderr.write(error.what)
        raise SystemExit(1) from error
