"""Imports point one way: a room imports rooms of the floors below it, never its neighbours."""

import ast

from house.tree import Fault, room

# From the lowest floor to the highest.
FLOORS = [
    {"arguments", "console", "data", "files", "lazy", "registry"},
    {"ops"},
    {"initializers"},
    {"layers"},
    {"analysis", "augmentation", "callbacks", "losses", "metrics", "surgery", "testing"},
    {"applications"},
    {"evaluation", "serving", "visual"},
    {"training"},
    {"recipes"},
    {"cli"},
    {"__init__"},
]
TENSORFLOW_ROOMS = {"ops", "training", "serving", "recipes", "cli", "augmentation", "testing"}
PRIVATE = ("keras.src", "tensorflow.python")
LEVELS = {name: level for level, rooms in enumerate(FLOORS) for name in rooms}


def every_room_has_its_floor(tree):
    """Each room of the package is on one floor, and each room of the floors is there."""
    rooms = {room(path): path for path in tree.python("kerasbook")}
    for name in sorted(set(rooms) - set(LEVELS)):
        yield Fault(rooms[name], 1, "floor", f"the room {name} is on no floor of FLOORS")
    for name in sorted(set(LEVELS) - set(rooms)):
        yield Fault("kerasbook", 1, "floor", f"FLOORS names {name}, which is not there")


def imports_point_one_way(tree):
    """No import runs upwards, sideways, relatively or into what Keras and TensorFlow hide."""
    for path in tree.python("kerasbook"):
        here = room(path)
        for node in tree.imports(path):
            for message in _wrong(here, node):
                yield Fault(path, node.lineno, "import", message)


def _wrong(here, node):
    if isinstance(node, ast.ImportFrom) and node.level:
        yield "a relative import; write the whole name"
        return
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [node.module, *(f"{node.module}.{name}" for name in names)]
    if any(name.startswith(PRIVATE) for name in names):
        yield f"{names[0]} is private"
    if any(name.split(".")[0] == "tensorflow" for name in names) and here not in TENSORFLOW_ROOMS:
        yield f"{here} must not import tensorflow"
    rooms = {name.split(".")[1] for name in names if name.startswith("kerasbook.")}
    for other in sorted(rooms - {here}):
        if other in LEVELS and LEVELS[other] >= LEVELS.get(here, len(FLOORS)):
            yield f"{here} must not import {other}, which is on no lower floor"


RULES = [every_room_has_its_floor, imports_point_one_way]
