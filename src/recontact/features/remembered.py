"""Contacts of the past that were made ready before, so that the next score need not do it again."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from recontact.features.live import Live
from recontact.features.past import Contact, Past, Pasts

MOST = 20_000  # contacts at hand, some 3 KB each
MOST_TOGETHER = 100_000  # contacts of whole histories at hand, some 0.4 KB each

Fetch = Callable[[Sequence[int]], Mapping[int, Contact]]


class Remembered:
    """Histories by the stamps of their contacts.

    Parameters
    ----------
    live : Live
        Makes contacts ready.

    Notes
    -----
    A stamp stands for all that a contact says: one that was corrected has another. What has
    been longest here goes first.

    Examples
    --------
    >>> import datetime as dt
    >>> from recontact.features.moments import KNOWN_FROM
    >>> from recontact.policy import Policy
    >>> day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    >>> contact = {"contact_id": "1", "customer_id": "x", "started_at": day, "ended_at": day}
    >>> remembered = Remembered(Live(Policy(), KNOWN_FROM))
    >>> first = remembered.pasts([77], lambda stamps: {77: contact})
    >>> remembered.pasts([77], lambda stamps: {}) is first
    True
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._walks = live.walks
        self._each: OrderedDict[int, Past] = OrderedDict()
        self._together: OrderedDict[tuple[int, ...], Pasts] = OrderedDict()
        self._contacts = 0
        self._lock = Lock()

    def pasts(self, stamps: Sequence[int], fetch: Fetch) -> Pasts:
        """Give a customer's contacts, made ready.

        Parameters
        ----------
        stamps : sequence of int
            One for each contact.
        fetch : callable
            Reads the contacts of the stamps that are not at hand; those that are gone it leaves
            out.
        """
        key = tuple(stamps)
        found = self._together.get(key)
        if found is None:
            ready = self._ready(key, fetch)
            found = Pasts.of([past for past in ready.values() if past is not None], self._walks)
            with self._lock:
                self._keep(key, ready, found)
        return found

    def _ready(self, stamps: Sequence[int], fetch: Fetch) -> dict[int, Past | None]:
        ready = {stamp: self._each.get(stamp) for stamp in stamps}
        missing = [stamp for stamp, past in ready.items() if past is None]
        for stamp, contact in fetch(missing).items() if missing else ():
            ready[stamp] = self._live.rules(contact.get("program")).past(contact)
        return ready

    def _keep(self, key: tuple[int, ...], ready: Mapping[int, Past | None], found: Pasts) -> None:
        self._each.update({stamp: past for stamp, past in ready.items() if past is not None})
        while len(self._each) > MOST:
            self._each.popitem(last=False)
        if key in self._together or len(found.contacts) != len(key):  # some were gone
            return
        self._together[key] = found
        self._contacts += len(key)
        while self._contacts > MOST_TOGETHER:
            oldest, _ = self._together.popitem(last=False)
            self._contacts -= len(oldest)
