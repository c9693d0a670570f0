"""What the rooms export, written by `tools/check_house.py --write` from the files.

Rooms of one class a file, and families of models, need no line by hand in their `__init__.py`; the
names stand there all the same, for editors and type checkers, which run nothing.
"""

import ast
import collections
import re

from house.layers import models, public
from house.tree import Fault

ROOMS = ("layers", "losses", "metrics", "callbacks", "initializers", "applications")
WIDTH = 100


def derived(tree, room):
    """Returns the names that a room has to export, by their modules."""
    found = collections.defaultdict(list)
    origins = models(tree) if room == "applications" else public(tree, room)
    for name, (path, _) in origins.items():
        found[path.removesuffix(".py").replace("/", ".")].append(name)
    return found


def rooms_export_what_is_public(tree):
    """A room's `__init__.py` imports every public name and lists it in `__all__`."""
    for room in ROOMS:
        path = f"kerasbook/{room}/__init__.py"
        text = tree.text(path)
        if text and written(tree, room) != text:
            message = "the exports are stale: run python tools/check_house.py --write"
            yield Fault(path, 1, "exports", message)


def written(tree, room):
    """Returns the text of a room's `__init__.py` with all that it has to export."""
    path = f"kerasbook/{room}/__init__.py"
    text = tree.text(path)
    names = set(_listed(ast.parse(text)))
    for module, public_names in sorted(derived(tree, room).items()):
        text = _with_import(text, module, public_names)
        names |= set(public_names)
    imported = {
        alias.asname or alias.name
        for node in ast.parse(text).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    defined = {node.name for node in ast.parse(text).body if hasattr(node, "name")}
    return _with_all(text, names & (imported | defined))


def _listed(parsed):
    for node in parsed.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield from ast.literal_eval(node.value)


def _with_import(text, module, names):
    """Returns the text with one import of all the names of a module, in its place."""
    lines = text.splitlines()
    place = None
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom):
            if node.module == module:
                names = sorted({*names, *(alias.name for alias in node.names)}, key=order)
                if [alias.name for alias in node.names] != names:
                    lines[node.lineno - 1 : node.end_lineno] = _statement(module, names)
                return "\n".join(lines) + "\n"
            if node.module < module:
                place = node.end_lineno
            elif place is None:
                place = node.lineno - 1
    if place is None:  # after the docstring, a line between
        place = ast.parse(text).body[0].end_lineno
        lines.insert(place, "")
        place += 1
    lines[place:place] = _statement(module, sorted(names, key=order))
    return "\n".join(lines) + "\n"


def _statement(module, names):
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def _with_all(text, names):
    """Returns the text with these names in `__all__`."""
    names = sorted(names, key=order)
    line = "__all__ = [" + ", ".join(f'"{name}"' for name in names) + "]"
    if len(line) > WIDTH:
        line = "\n".join(["__all__ = [", *(f'    "{name}",' for name in names), "]"])
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            if sorted(ast.literal_eval(node.value)) == sorted(names):
                return text
            lines = text.splitlines()
            lines[node.lineno - 1 : node.end_lineno] = [line]
            return "\n".join(lines) + "\n"
    return f"{text}\n{line}\n"


def order(name):
    """Returns the key by which names are sorted: constants, classes, functions, 2 before 10."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    parts = re.split(r"(\d+)", name.lower())
    return kind, [int(part) if part.isdigit() else part for part in parts], name


def write(tree):
    """Writes the exports of all rooms."""
    for room in ROOMS:
        path = f"kerasbook/{room}/__init__.py"
        if tree.exists(path) and written(tree, room) != tree.text(path):
            (tree.root / path).write_text(written(tree, room), encoding="utf-8")


RULES = [rooms_export_what_is_public]
