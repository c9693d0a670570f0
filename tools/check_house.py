"""Checks the rules of the house by reading its files: floors, docstrings, tests, rows, marks.

python tools/check_house.py [--write]

It imports neither Keras nor pytest. Each fault is one line, `path:line: rule: what is wrong`;
the exit code is 1 if there are any. `--write` first rewrites what is made from the files: the
exports of the rooms, and the plan in CONTRIBUTING.md.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import house
from house.tree import Tree


def main(arguments=None, root=None):
    """Prints the faults of the tree at `root`, by default this one, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="first rewrite exports and plan")
    options = parser.parse_args(arguments)
    root = root or pathlib.Path(__file__).resolve().parent.parent
    if options.write:
        house.exports.write(Tree(root))
        house.plan.write(Tree(root))
    tree = Tree(root)
    faults = house.check(tree)
    for fault in faults:
        print(fault)
    if not faults:
        modules, tests = len(tree.python("kerasbook")), len(tree.python("tests"))
        print(f"The house is in order: {len(house.RULES)} rules, {modules} modules, {tests} tests.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
