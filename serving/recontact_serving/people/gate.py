"""The gate: who comes in with which key, for what, and how often."""

import math

from recontact_serving.people.access import Access, Bucket
from recontact_serving.people.keyring import Keyring, UnreachableError
from recontact_serving.people.keys import Key, digest
from recontact_serving.people.roles import SCOPES
from recontact_serving.settings import Settings
from recontact_serving.storage.database import Database
from recontact_serving.web.metrics import Metrics
from recontact_serving.web.problems import RETRY_S, ProblemError, problem

__all__ = ["Access", "Gate"]

NO_KEY = "send an API key in the header `Authorization: Bearer KEY`"
UNKNOWN = "the key is not known, or revoked; " + NO_KEY
UNREACHABLE = "the key can't be looked up: the database does not answer; try again"
LONGEST = 200  # characters; a key of ours has 47
OPEN = Access("", frozenset(SCOPES))  # whoever asks a service without keys


class Gate:
    """Admits requests; quick enough for every score.

    Parameters
    ----------
    database : Database
        Holds the keys.
    settings : Settings
        Whether keys are asked for, and how many requests a second each may make.
    metrics : Metrics
        Counts who is refused, and why.
    """

    def __init__(self, database: Database, settings: Settings, metrics: Metrics) -> None:
        self._asked = settings.auth
        self._rate = settings.rate_limit
        self._metrics = metrics
        self._keyring = Keyring(database, self._made)

    def admit(self, authorization: str | None, scope: str) -> Access:
        """Let a request in that carries a good key.

        Parameters
        ----------
        authorization : str or None
            The header of this name.
        scope : str
            What is asked for: `score`, `ingest`, `read` or `follow_up`.

        Raises
        ------
        ProblemError
            401 without a key in force, 403 where it is not for this scope, 429 where it asks too
            often, 503 where an unknown key can't be looked up.
        """
        if not self._asked:
            return OPEN
        kind, _, secret = (authorization or "").partition(" ")
        secret = secret.strip()
        if kind.lower() != "bearer" or not secret:
            raise self._refused("no key", 401, NO_KEY, {"WWW-Authenticate": "Bearer"})
        access = self._found(secret)
        if scope not in access.scopes:
            challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
            detail = f"this key is not for `{scope}`: it lacks the scope"
            raise self._refused("scope", 403, detail, {"WWW-Authenticate": challenge})
        wait = access.bucket.take() if access.bucket is not None else 0.0
        if wait:
            after = str(math.ceil(wait))
            detail = f"more than {self._rate:g} requests a second; wait {after} s"
            raise self._refused("rate", 429, detail, {"Retry-After": after})
        return access

    def start(self) -> None:
        """Read the keys now rather than at the first request."""
        if self._asked:
            self._keyring.start()

    def stop(self) -> None:
        """Write down which keys were used."""
        self._keyring.stop()

    def _found(self, secret: str) -> Access:
        try:
            access = self._keyring.find(digest(secret)) if len(secret) <= LONGEST else None
        except UnreachableError:
            raise self._refused("unreachable", 503, UNREACHABLE, {"Retry-After": RETRY_S}) from None
        if access is None:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise self._refused("unknown key", 401, UNKNOWN, challenge)
        return access

    def _made(self, key: Key) -> Access:
        return Access(
            key.name,
            frozenset(key.scopes),
            None if key.programs is None else frozenset(key.programs),
            None if key.teams is None else frozenset(key.teams),
            Bucket(self._rate) if self._rate else None,
        )

    def _refused(self, why: str, status: int, detail: str, headers: dict[str, str]) -> ProblemError:
        self._metrics.refused(why)
        return ProblemError(problem(status, detail), headers)
