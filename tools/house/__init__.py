"""The rules of the house by topic; `tools/check_house.py` runs all of them."""

from house import floors, layers, modules, plan, tests

RULES = [*floors.RULES, *modules.RULES, *layers.RULES, *tests.RULES, *plan.RULES]


def check(tree):
    """Returns all faults of a tree, in the order of its files."""
    return sorted(fault for rule in RULES for fault in rule(tree))
