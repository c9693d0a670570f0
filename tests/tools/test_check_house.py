"""The checker of the house: each rule finds its fault in a small tree that is else in order."""

import importlib.util
import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]

LAYER = '''"""A layer."""

import keras

from kerasbook import ops


@keras.saving.register_keras_serializable(package="kerasbook")
class DropPath(keras.layers.Layer):
    """Drops paths.

    Args:
        rate: A probability.

    Call arguments:
        inputs: A tensor.

    Returns:
        A tensor.

    Raises:
        ValueError: Never.

    Example:
        >>> kerasbook.layers.DropPath(0.1)

    Reference:
        https://arxiv.org/abs/1603.09382
    """

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
'''
LOSS = '''"""A loss."""

import keras


@keras.saving.register_keras_serializable(package="kerasbook")
class Hinge(keras.losses.Loss):
    """A margin."""
'''
CALLBACK = '''"""A callback."""

import keras


class EpochLog(keras.callbacks.Callback):
    """A log."""
'''
LAYER_PATH = "kerasbook/layers/drop_path.py"
TEST_PATH = "tests/layers/test_drop_path.py"
HINGE = "kerasbook/losses/hinge.py"
RECORD = "tests/full_run.json"
MACHINE = "/" + "root/data"


@pytest.fixture(scope="module")
def checker():
    """The module `tools/check_house.py`; importing it also gives `house`."""
    path = ROOT / "tools" / "check_house.py"
    spec = importlib.util.spec_from_file_location("check_house", path)
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def write(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def tree(tmp_path, checker):
    """A tree of every room, with one layer, one loss, one callback and one model, in order."""
    for room in sorted(set().union(*checker.house.floors.FLOORS) - {"__init__"}):
        write(tmp_path, f"kerasbook/{room}/__init__.py", f'"""The room {room}."""\n')
    write(tmp_path, "kerasbook/__init__.py", '"""The library."""\n')
    for path, text in (
        (LAYER_PATH, LAYER),
        (HINGE, LOSS),
        ("kerasbook/callbacks/epoch_log.py", CALLBACK),
        ("kerasbook/applications/vgg.py", '"""VGG."""\n\nVGG16 = size("VGG16", 16)\n'),
    ):
        write(tmp_path, path, text)
        folder, name = path.removeprefix("kerasbook/").split("/")
        write(tmp_path, f"tests/{folder}/test_{name}", '"""Tests."""\n')
    write(tmp_path, "tests/catalog.py", "CATALOG = [row(layers.DropPath, 0.5)]\n")
    write(tmp_path, "tests/helpers/units.py", "")
    write(tmp_path, "tests/conftest.py", "")
    write(tmp_path, "benchmarks/layer_cases/drop.py", "CASES = [layers.DropPath(0.5)]\n")
    write(tmp_path, "README.md", "| `DropPath` |\n`Hinge`, `callbacks.EpochLog`, `vgg16`\n")
    checker.house.exports.write(checker.Tree(tmp_path))
    plan = checker.house.plan
    write(tmp_path, "CONTRIBUTING.md", f"{plan.BEGIN}\n{plan.END}\n")
    plan.write(checker.Tree(tmp_path))
    return tmp_path


def faults(checker, root):
    return [(f.path, f.rule) for f in checker.house.check(checker.Tree(root))]


def test_a_tree_in_order_has_no_fault(checker, tree, capsys):
    assert checker.main([], tree) == 0
    assert capsys.readouterr().out.startswith("The house is in order: ")
    assert faults(checker, tree) == []


def test_the_rules_see_what_is_public_in_the_library(checker):
    tree = checker.Tree(ROOT)
    public = checker.house.layers.public
    rooms = ("layers", "losses", "metrics", "callbacks", "initializers")
    counts = [len(public(tree, room)) for room in rooms]
    assert all(found >= least for found, least in zip(counts, (72, 7, 4, 5, 2), strict=True))
    assert len(checker.house.layers.models(tree)) >= 85


IMPORTS = [
    "import tensorflow as tf",
    "import keras.src.layers",
    "from keras.src import layers",
    "from . import other",
    "from kerasbook import training",
    "import kerasbook.cli",
    "from kerasbook.metrics.accuracy import accuracy",
    "def inside():\n    from kerasbook.training import fit",
    "try:\n    import one\nexcept ImportError:\n    import tensorflow",
]


@pytest.mark.parametrize("line", IMPORTS)
def test_imports(checker, tree, line):
    write(tree, HINGE, f"{LOSS}\n{line}\n")
    assert faults(checker, tree) == [(HINGE, "import")]


@pytest.mark.parametrize("line", ["from kerasbook import layers", "import keras, numpy"])
def test_imports_from_below(checker, tree, line):
    write(tree, HINGE, f"{LOSS}\n{line}\n")
    assert faults(checker, tree) == []


def test_rooms_of_tensorflow_import_its_public_part(checker, tree):
    path = "kerasbook/ops/__init__.py"
    write(tree, path, '"""The room ops."""\n\nimport tensorflow as tf\n')
    assert faults(checker, tree) == []
    write(tree, path, '"""The room ops."""\n\nfrom tensorflow.python.ops import nn\n')
    assert faults(checker, tree) == [(path, "import")]


def test_rooms_have_floors(checker, tree):
    write(tree, "kerasbook/cellar/__init__.py", '"""No floor."""\n')
    assert faults(checker, tree) == [("kerasbook/cellar/__init__.py", "floor")]
    (tree / "kerasbook/cellar/__init__.py").unlink()
    (tree / "kerasbook/visual/__init__.py").unlink()
    assert set(faults(checker, tree)) == {("kerasbook", "floor"), ("CONTRIBUTING.md", "plan")}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (LOSS.replace('"""A loss."""\n', "", 1), "docstring"),
        (LOSS + "\n" * 500, "length"),
        (LOSS + f"# {MACHINE}\n", "machine"),
        (LOSS.replace("A margin.", "A margin, lest it be none."), "words"),
        (LOSS.replace("A loss.", "Starts anew."), "words"),
        (LOSS + '\n\n@register_keras_serializable()\nclass Other:\n    """Other."""\n', "file"),
    ],
)
def test_modules(checker, tree, text, rule):
    write(tree, HINGE, text)
    assert faults(checker, tree) == [(HINGE, rule)]


def test_names_and_tests_of_modules(checker, tree):
    write(tree, "kerasbook/ops/utils.py", '"""Something."""\n')
    path = "kerasbook/ops/utils.py"
    assert faults(checker, tree) == [(path, "name"), (path, "test")]


def test_records_and_pages_hold_no_path_of_a_machine(checker, tree):
    write(tree, "benchmarks/records/a.json", f'"{MACHINE}"')
    write(tree, "PAGE.md", f"See {MACHINE}.")
    for folder in (".hidden", "build", "tests/helpers"):
        write(tree, f"{folder}/page.py", f'PAGE = "{MACHINE}"')
    pages = ("PAGE.md", "benchmarks/records/a.json", "tests/helpers/page.py")
    expected = [(page, "machine") for page in pages]
    assert faults(checker, tree) == expected


def test_pages_name_what_is_there(checker, tree):
    text = (tree / "README.md").read_text()
    write(tree, "README.md", text + "\n`tools/no.py` [page](NO.md) [there](CONTRIBUTING.md)\n")
    assert faults(checker, tree) == [("README.md", "link")] * 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    Raises:\n        ValueError: Never.\n\n", ""),
        ("    Returns:\n        A tensor.\n\n    Raises", "    Raises"),
        ("https://", ""),
        ("        rate: A probability.", "        share: A probability."),
        ("(self, rate, **kwargs)", "(self, rate, *, seed=None, **kwargs)"),
        ("(self, rate, **kwargs)", "(self, **kwargs)"),
        ("Drops paths.", "Drops paths; all else is as in `Nothing`."),
    ],
)
def test_docstrings_of_layers(checker, tree, old, new):
    assert old in LAYER
    write(tree, LAYER_PATH, LAYER.replace(old, new))
    assert set(faults(checker, tree)) == {(LAYER_PATH, "docstring")}


def test_sections_are_in_order(checker, tree):
    returns = "    Returns:\n        A tensor.\n\n"
    text = LAYER.replace(returns, "").replace("    Args:", f"{returns}    Args:")
    write(tree, LAYER_PATH, text)
    assert faults(checker, tree) == [(LAYER_PATH, "docstring")]


def test_arguments_of_a_base_of_the_package_are_described(checker, tree):
    constructor = LAYER[LAYER.index("    def __init__") :]
    base = f'"""A base."""\n\n\nclass Base:\n    """A base."""\n\n{constructor}'
    write(tree, "kerasbook/layers/base.py", base.replace("rate,", "rate, seed,"))
    write(tree, "tests/layers/test_base.py", "")
    text = LAYER.replace("(keras.layers.Layer)", "(Base)").replace(constructor, "")
    text = text.replace("import ops", "import ops\nfrom kerasbook.layers.base import Base")
    write(tree, LAYER_PATH, text)
    assert faults(checker, tree) == [(LAYER_PATH, "docstring")]
    free = "rate: A probability.\n        **kwargs: All further arguments of `Base`."
    write(tree, LAYER_PATH, text.replace("rate: A probability.", free))
    assert faults(checker, tree) == []


def test_positional_arguments(checker, tree):
    described = "rate: A.\n        seed: B.\n        axis: C."
    text = LAYER.replace("rate: A probability.", described)
    text = text.replace("(self, rate,", "(self, rate, seed, axis,")
    write(tree, LAYER_PATH, text)
    assert faults(checker, tree) == [(LAYER_PATH, "arguments")]
    # A layer that Keras has keeps the order of Keras' arguments.
    write(tree, LAYER_PATH, text.replace("(keras.layers.Layer)", "(keras.layers.DropPath)"))
    assert faults(checker, tree) == []


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("tests/catalog.py", "catalog"),
        ("benchmarks/layer_cases/drop.py", "benchmark"),
        ("README.md", "readme"),
    ],
)
def test_rows_of_layers(checker, tree, path, rule):
    write(tree, path, (tree / path).read_text().replace("DropPath", "Other"))
    assert faults(checker, tree) == [(LAYER_PATH, rule)]


@pytest.mark.parametrize("name", ["Hinge", "EpochLog", "vgg16"])
def test_the_readme_names_what_is_public(checker, tree, name):
    write(tree, "README.md", (tree / "README.md").read_text().replace(name, "other"))
    assert [rule for _, rule in faults(checker, tree)] == ["readme"]


def test_helpers_have_their_folder(checker, tree):
    write(tree, "tests/layers/conftest.py", "")
    assert faults(checker, tree) == []
    write(tree, "tests/units.py", "")
    write(tree, "tests/layers/catalog.py", "")
    expected = [("tests/layers/catalog.py", "helpers"), ("tests/units.py", "helpers")]
    assert faults(checker, tree) == expected


MARK = "pytest.mark.slow"
REASON = f'{MARK}("long")'


@pytest.mark.parametrize(
    ("mark", "is_right"),
    [
        (f'@{MARK}("a reason")', True),
        (f"@{MARK}(WHY)", True),
        (f"@{MARK}", False),
        (f"@{MARK}()", False),
        (f'@{MARK}(" ")', False),
        (f'@{MARK}("one", "two")', False),
        (f'@{MARK}(reason="one")', False),
        (f"@{MARK}(3)", False),
        (f'@pytest.mark.parametrize("a", [pytest.param(1, marks={MARK})])', False),
        (f'@pytest.mark.parametrize("a", [pytest.param(1, marks={MARK}("b"))])', True),
        (f"pytestmark = {MARK}\n", False),
        (f'pytestmark = [{MARK}("c")]\n', True),
    ],
)
def test_slow_tests_give_their_reason(checker, tree, mark, is_right):
    write(tree, TEST_PATH, f'WHY = "it compiles"\n\n\n{mark}\ndef test_one():\n    pass\n')
    assert faults(checker, tree) == ([] if is_right else [(TEST_PATH, "slow")])


@pytest.mark.parametrize(
    ("text", "is_marked"),
    [
        ("def test_one():\n    pass\n", False),
        (f"@{REASON}\ndef test_one():\n    pass\n", True),
        (f"pytestmark = {REASON}\n\n\ndef test_one():\n    pass\n", True),
        (
            f"CASES = [pytest.param(1, marks={REASON})]\n\n\n@all(CASES)\n"
            "def test_one():\n    pass\n",
            True,
        ),
        (f"@{REASON}\ndef test_two():\n    pass\n\n\ndef test_one():\n    pass\n", False),
        ("", True),
    ],
)
def test_tests_above_10_seconds_are_slow(checker, tree, text, is_marked):
    write(tree, TEST_PATH, text)
    record = {"above_10_seconds": [f"{TEST_PATH}::test_one[a::b]", "tests/gone.py::test_two"]}
    write(tree, RECORD, json.dumps(record))
    assert faults(checker, tree) == ([] if is_marked else [(TEST_PATH, "slow")])


def test_the_plan_is_rewritten(checker, tree, capsys):
    page = (tree / "CONTRIBUTING.md").read_text()
    assert "losses/         The room losses." in page
    write(tree, "kerasbook/losses/__init__.py", '"""What a model minimizes."""\n')
    assert checker.main([], tree) == 1
    assert capsys.readouterr().out.startswith("CONTRIBUTING.md:1: plan: the plan is stale")
    assert checker.main(["--write"], tree) == 0
    assert "losses/         What a model minimizes." in (tree / "CONTRIBUTING.md").read_text()


EXPORTS = """\"\"\"The room applications.\"\"\"

from kerasbook import registry
from kerasbook.applications.loading import load_model
from kerasbook.applications.vgg import VGG16

__all__ = [%s]


def list_models():
    return registry.names("model")
"""


def test_exports_are_written_and_what_stands_there_stays(checker, tree, capsys):
    path = "kerasbook/applications/__init__.py"
    write(tree, path, EXPORTS % '"VGG16", "list_models", "load_model"')
    assert faults(checker, tree) == []
    write(tree, "kerasbook/applications/alexnet.py", '"""A."""\n\nAlexNet = size("AlexNet")\n')
    write(tree, "tests/applications/test_alexnet.py", "")
    sizes = "VGG11 = size()\nVGG16 = size()\nVGG9 = size()\nVGGTest = size()\n"
    write(tree, "kerasbook/applications/vgg.py", f'"""VGG."""\n\n{sizes}')
    write(tree, "README.md", (tree / "README.md").read_text() + "`alexnet`, `vgg9`, `vgg11`\n")
    assert faults(checker, tree) == [(path, "exports")]
    assert checker.main(["--write"], tree) == 0
    text = (tree / path).read_text()
    lines = ["alexnet import AlexNet", "loading import load_model", "vgg import VGG9, VGG11, VGG16"]
    text = text.replace("from kerasbook.applications.", "")
    assert "\n".join(["from kerasbook import registry", *(f"{line}" for line in lines)]) in text
    assert '"VGG9", "VGG11", "VGG16", "AlexNet", "list_models", "load_model"]' in text
    assert "def list_models" in text


def test_a_room_without_exports_gets_them(checker, tree):
    write(tree, "kerasbook/losses/__init__.py", '"""The room losses."""\n')
    assert faults(checker, tree) == [("kerasbook/losses/__init__.py", "exports")]
    checker.house.exports.write(checker.Tree(tree))
    text = (tree / "kerasbook/losses/__init__.py").read_text()
    assert text == (
        '"""The room losses."""\n\n'
        'from kerasbook.losses.hinge import Hinge\n\n__all__ = ["Hinge"]\n'
    )
