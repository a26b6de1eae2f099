"""The process apart in which models that were just copied are loaded and tested.

A model that ends or hangs it, or takes all memory, does so here and not in the service.
"""

import json
import resource
import sys
from collections.abc import Mapping

from recontact.errors import UserError

WITHIN_S = 180  # of computing: on a slow machine compiling alone takes over a minute
MOST_MEMORY = 8 * 2**30  # addresses; most of them are never used


def trouble(places: Mapping[str, str]) -> str | None:
    """Tell what is wrong with models; None where nothing is.

    Parameters
    ----------
    places : mapping of str to str
        By digest the folder of each model.
    """
    from recontact.model.bundle import Bundle  # noqa: PLC0415 - under the limits of this process
    from recontact.self_test import self_test  # noqa: PLC0415

    for digest, folder in places.items():
        try:
            self_test(Bundle.load(folder, digest))
        except UserError as error:
            return error.what
        except Exception as error:  # noqa: BLE001 - whatever it is, this model is none
            return f"{type(error).__name__}: {error}"[:300]
    return None


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (WITHIN_S, WITHIN_S))
    sys.stdout.write(json.dumps(trouble(json.load(sys.stdin))))
