"""The plan of the house in CONTRIBUTING.md, made from the floors and the rooms' docstrings."""

import ast
import re
import textwrap

from house.floors import FLOORS, TENSORFLOW_ROOMS
from house.tree import Fault

PAGE = "CONTRIBUTING.md"
BEGIN = "<!-- the house: made by `python tools/check_house.py --write` -->"
END = "<!-- the end of the house -->"
PLACE = re.compile(re.escape(BEGIN) + r"\n(.*?)" + re.escape(END), re.DOTALL)


def plan(tree):
    """Returns the plan: a floor a paragraph from the lowest, a room a line with what it holds."""
    floors = []
    for number, rooms in enumerate(FLOORS, 1):
        lines = [_line(tree, name) for name in sorted(rooms - {"__init__"})]
        lines = [line for line in lines if line]
        if lines:
            floors.append(f"    floor {number}\n" + "\n".join(lines))
    allowed = ", ".join(f"`{name}`" for name in sorted(TENSORFLOW_ROOMS))
    note = f"Of these only {allowed} may import TensorFlow."
    return "\n" + "\n\n".join([*floors, textwrap.fill(note, 100, break_on_hyphens=False)]) + "\n"


def _line(tree, name):
    path, shown = f"kerasbook/{name}/__init__.py", f"{name}/"
    if not tree.exists(path):
        path, shown = f"kerasbook/{name}.py", f"{name}.py"
    text = ast.get_docstring(tree.parsed(path)) if tree.exists(path) else None
    if not text:
        return None
    begin = f"      {shown:<16}"
    return textwrap.fill(
        text.split("\n")[0],
        100,
        initial_indent=begin,
        subsequent_indent=" " * len(begin),
        break_on_hyphens=False,
    )


def the_plan_is_that_of_the_house(tree):
    """CONTRIBUTING.md holds the plan as it is made."""
    text = tree.text(PAGE)
    found = PLACE.search(text)
    if not found:
        yield Fault(PAGE, 1, "plan", f"no place for the plan: {BEGIN} and {END}")
    elif found[1] != plan(tree):
        line = text.count("\n", 0, found.start()) + 1
        message = "the plan is stale: run python tools/check_house.py --write"
        yield Fault(PAGE, line, "plan", message)


def write(tree):
    """Writes the plan into its place in CONTRIBUTING.md."""
    text = PLACE.sub(lambda _: f"{BEGIN}\n{plan(tree)}{END}", tree.text(PAGE))
    (tree.root / PAGE).write_text(text, encoding="utf-8")


RULES = [the_plan_is_that_of_the_house]
