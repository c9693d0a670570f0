"""The rules of the house by topic; `tools/check_house.py` runs all of them."""

from house import exports, floors, layers, modules, plan, tests

TOPICS = (floors, modules, layers, exports, tests, plan)
RULES = [rule for topic in TOPICS for rule in topic.RULES]


def check(tree):
    """Returns all faults of a tree, in the order of its files."""
    return sorted(fault for rule in RULES for fault in rule(tree))
