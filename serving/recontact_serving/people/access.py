"""What a caller may do, and how often."""

import threading
import time
from dataclasses import dataclass

from recontact_serving.web.problems import ProblemError, problem

BURST_S = 2.0  # seconds' worth of requests that may come at once
LEAST_BURST = 10.0


class Bucket:
    """Lets a number of requests a second through, and some at once after a pause.

    A request that stands for many is charged for them afterwards, and what follows waits until
    that is made good: so even a batch larger than all that is there at once gets its turn.

    Parameters
    ----------
    rate : float
        Requests a second.

    Examples
    --------
    >>> bucket = Bucket(1)
    >>> bucket.take()
    0.0
    >>> bucket.charge(99)
    >>> bucket.take() > 80
    True
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._most = max(rate * BURST_S, LEAST_BURST)
        self._left = self._most
        self._at = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take one request and return 0, or return the seconds to wait."""
        with self._lock:
            at = time.monotonic()
            self._left = min(self._most, self._left + (at - self._at) * self.rate)
            self._at = at
            if self._left < 1:
                return (1 - self._left) / self.rate
            self._left -= 1
            return 0.0

    def charge(self, cost: float) -> None:
        """Take more, even what is not there."""
        with self._lock:
            self._left -= cost


@dataclass(frozen=True)
class Access:
    """What a person, or the holder of a key, may do.

    Attributes
    ----------
    name : str
        The key's name, or the person's.
    scopes : frozenset of str
        Of `recontact_serving.people.roles.SCOPES`.
    programs, teams : frozenset of str or None
        The only ones whose contacts it may touch; None: all.
    bucket : Bucket or None
        How often it may ask; None: always.
    role : str
        The person's; empty for a key.
    agent_id : str or None
        Whose contacts are the person's own.

    Examples
    --------
    >>> access = Access("desktop", frozenset({"score"}), frozenset({"acme"}))
    >>> access.allows("acme", None), access.allows("other", None), access.allows(None, None)
    (True, False, False)
    >>> access.may("score"), access.may("read")
    (True, False)
    """

    name: str
    scopes: frozenset[str]
    programs: frozenset[str] | None = None
    teams: frozenset[str] | None = None
    bucket: Bucket | None = None
    role: str = ""
    agent_id: str | None = None

    def may(self, scope: str) -> bool:
        """Tell whether this scope is among what is allowed."""
        return scope in self.scopes

    def sees(self, program: str | None, team: str | None) -> bool:
        """Tell whether a row is shown: one without program or team, only to who is not limited."""
        limits = ((self.programs, program), (self.teams, team))
        return all(allowed is None or found in allowed for allowed, found in limits)

    def allows(self, program: str | None, team: str | None) -> bool:
        """Tell whether a contact may be sent or scored.

        A contact of no program is of none of the key's. One whose team is not known (yet) passes:
        at the start of a call nobody has taken it.
        """
        if self.programs is not None and program not in self.programs:
            return False
        return self.teams is None or not team or team in self.teams

    def check(self, program: str | None, team: str | None) -> None:
        """Refuse a contact that is not of the key's programs and teams.

        Raises
        ------
        ProblemError
            403, with what is foreign.
        """
        if self.allows(program, team):
            return
        if self.programs is not None and program not in self.programs:
            raise ProblemError(problem(403, f"this key is not for {_named('program', program)}"))
        raise ProblemError(problem(403, f"this key is not for {_named('team', team)}"))

    def charge(self, further: float) -> None:
        """Count, towards how often the key may ask, the further requests of a batch."""
        if self.bucket is not None:
            self.bucket.charge(further)


def _named(what: str, name: str | None) -> str:
    return f"{what} '{name}'" if name else f"contacts without a {what}"
