"""The rules of labeling, from which the tests and the rule book (docs/rules.md) are made."""

from tests.spec.rules_counted import CHAPTER as COUNTED
from tests.spec.rules_edges import CHAPTER as EDGES
from tests.spec.rules_outcomes import CHAPTER as OUTCOMES
from tests.spec.rules_rates import CHAPTER as RATES
from tests.spec.rules_related import CHAPTER as RELATED
from tests.spec.rules_time import CHAPTER as TIME

BOOK = (RELATED, COUNTED, TIME, EDGES, OUTCOMES, RATES)
RULES = tuple(rule for chapter in BOOK for rule in chapter.rules)
