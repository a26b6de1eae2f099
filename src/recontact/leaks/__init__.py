"""The leak firewall: no feature holds what was not known at its instant, and no test is blind."""

from recontact.leaks.firewall import check
from recontact.leaks.found import BlindFirewallError, Check, Leak, Telling

__all__ = ["BlindFirewallError", "Check", "Leak", "Telling", "check"]
