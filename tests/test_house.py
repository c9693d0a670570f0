"""The plan of the house: rooms, imports, files, names, docstrings, examples that run."""

import ast
import doctest
import importlib
import inspect
import pathlib
import re

import numpy as np
import pytest

import kerasbook
from kerasbook import layers

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "kerasbook"
MODULES = sorted(p for p in PACKAGE.rglob("*.py"))
IDS = [str(p.relative_to(PACKAGE)) for p in MODULES]

# A room may import those before it; what stands in one line may not import its neighbours.
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
# These stand in for layers that Keras has, or had, and keep the order of its arguments.
DROP_INS = {
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "DepthwiseConv2D",
    "GroupNormalization",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "LocallyConnected3D",
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor(name):
    return next(i for i, rooms in enumerate(FLOORS) if name in rooms)


def test_every_room_has_its_floor():
    rooms = {room(p) for p in MODULES}
    assert rooms == set.union(*FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_imports_point_one_way(path):
    here = room(path)
    for name in imports(path):
        parts = name.split(".")
        assert not name.startswith(("keras.src", "tensorflow.python")), name
        if parts[0] == "tensorflow":
            assert here in TENSORFLOW_ROOMS, f"{here} must not import tensorflow"
        if parts[0] == "kerasbook" and len(parts) > 1 and parts[1] in set.union(*FLOORS):
            below = floor(parts[1]) < floor(here)
            assert parts[1] == here or below, f"{here} must not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_each_module_is_short_described_and_tested(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    assert path.name != "utils.py"
    assert ast.get_docstring(ast.parse(text)), "a module begins with what it promises"
    if path.name != "__init__.py":
        place = path.relative_to(PACKAGE)
        assert (ROOT / "tests" / place.parent / f"test_{place.name}").is_file()


def test_each_public_layer_has_its_file():
    for name in layers.__all__:
        module = getattr(layers, name).__module__
        file = module.rsplit(".", 1)[1].replace("_", "")
        assert file == name.lower(), f"{name} stands in {module}"


@pytest.mark.parametrize("name", layers.__all__)
def test_layer_docstring_has_its_sections_in_order(name):
    text = inspect.getdoc(getattr(layers, name))
    sections = ("Args", "Call arguments", "Returns", "Raises", "Example", "Reference")
    # A sibling that fixes an argument of another layer says so, and what it does to shapes.
    sibling = re.search(r"[Aa]ll else\s+is\s+as\s+in\s+`(\w+)`", text)
    if sibling:
        assert sibling[1] in layers.__all__
        assert not re.search(r"[Aa]ll else is", inspect.getdoc(getattr(layers, sibling[1])))
        sections = ("Call arguments", "Returns", "Example")
    places = [text.find(f"\n{section}:\n") for section in sections]
    assert -1 not in places, dict(zip(sections, places, strict=True))
    assert places == sorted(places)
    if sibling:
        return
    assert "https://" in text[places[-1] :]
    arguments = set(inspect.signature(getattr(layers, name)).parameters) - {"kwargs"}
    described = set(re.findall(r"^    (\w+): ", text[places[0] : places[1]], re.MULTILINE))
    if "**kwargs: All further arguments of" not in text:
        assert described == arguments


@pytest.mark.parametrize("name", sorted(set(layers.__all__) - DROP_INS))
def test_at_most_two_positional_arguments(name):
    parameters = inspect.signature(getattr(layers, name)).parameters.values()
    assert sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters) <= 2


@pytest.mark.tensorflow
@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_examples_of_docstrings_run(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    globals_ = {"np": np, "kerasbook": kerasbook}
    for test in finder.find(module, name, module=module, extraglobs=globals_):
        runner.run(test)
    assert runner.failures == 0


def test_no_path_of_a_machine_in_the_project():
    pattern = re.compile(r"/(?:work|farm|root)/|/home/\w+/|/tmp/\w+")
    for path in [*ROOT.rglob("*.py"), *ROOT.glob("*.md"), *ROOT.glob("benchmarks/**/*.json")]:
        if path != pathlib.Path(__file__) and not {".git", "build"} & set(path.parts):
            assert not pattern.search(path.read_text()), path
