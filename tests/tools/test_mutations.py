"""Breaks line by line: those that are recorded can be made, and the runner tells who notices."""

import ast
import collections
import dataclasses
import importlib.util
import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool():
    """The module `tools/mutations.py`."""
    spec = importlib.util.spec_from_file_location("mutations", ROOT / "tools" / "mutations.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutations"] = module  # for its dataclass
    spec.loader.exec_module(module)
    yield module
    del sys.modules["mutations"]


def test_every_recorded_break_can_be_made(tool):
    files = (tool.BREAKS, tool.PICKED)
    breaks = [tool.Break(**one) for file in files for one in json.loads(file.read_text())]
    assert len(breaks) >= 80
    assert len({(one.file, one.line) for one in breaks}) == len(breaks)
    rooms = collections.Counter(one.room for one in breaks)
    assert set(rooms) == {room or "arguments, files" for room in tool.ROOMS}
    for one in breaks:
        text = (ROOT / one.file).read_text()
        broken = one.apply(text)
        ast.parse(broken)
        assert broken != text


MODULE = '''"""A module."""


def f(x, y, training, mask=None):
    """Adds 2 + 3 and compares 1 < 2."""
    if x < 0:
        raise ValueError(f"not {x + 1}")
    a = x + y
    b = g(x, y, training=training, mask=mask)
    c = a.sum(axis=-1, keepdims=True) if x and y else -a
    return a <= b
'''


def test_each_kind_of_break_is_found_and_nothing_in_texts(tool):
    found = {(kind, broken.strip()) for kind, _, broken in tool.candidates(MODULE)}
    assert found == {
        ("bound", "if x <= 0:"),
        ("skipped check", "if False:"),
        ("sign", "a = x - y"),
        ("dropped term", "a = x"),
        ("swapped arguments", "b = g(y, x, training=training, mask=mask)"),
        ("missing training", "b = g(x, y, training=None, mask=mask)"),
        ("missing mask", "b = g(x, y, training=training, mask=None)"),
        ("axis", "c = a.sum(axis=0, keepdims=True) if x and y else -a"),
        ("axis", "c = a.sum(axis=-1, keepdims=False) if x and y else -a"),
        ("condition", "c = a.sum(axis=-1, keepdims=True) if x or y else -a"),
        ("sign", "c = a.sum(axis=-1, keepdims=True) if x and y else a"),
        ("bound", "return a < b"),
    }


def test_a_line_that_is_not_there_once_is_an_error(tool):
    one = tool.Break("ops", "sign", "kerasbook/ops/a.py", "x = 1", "x = 2")
    assert one.apply("y = 0\nx = 1\n") == "y = 0\nx = 2\n"
    for text in ("y = 0\n", "x = 1\nx = 1\n"):
        with pytest.raises(ValueError, match="not one"):
            one.apply(text)


TESTS = """
from kerasbook.ops.a import double, triple

def test_double():
    assert double(2) == 4

def test_that_always_fails():
    assert triple(1) == 0
"""


@pytest.fixture
def project(tmp_path):
    """A project of one module, half of it tested, and a test that fails in any case."""
    for folder in ("kerasbook/ops", "tests/ops"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "kerasbook/__init__.py").write_text("")
    (tmp_path / "kerasbook/ops/__init__.py").write_text("")
    (tmp_path / "kerasbook/ops/a.py").write_text(
        "def double(x):\n    return 2 * x\n\n\ndef triple(x):\n    return 3 * x\n"
    )
    (tmp_path / "tests/ops/test_a.py").write_text(TESTS)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "broken", "test"),
    [
        ("    return 2 * x", "    return 2 / x", "tests/ops/test_a.py::test_double"),
        ("    return 3 * x", "    return 3 / x", ""),
    ],
)
def test_who_notices(tool, project, monkeypatch, line, broken, test):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    one = tool.Break("ops", "sign", "kerasbook/ops/a.py", line, broken)
    before = (project / one.file).read_text()
    code = (
        "import importlib.util, json, pathlib, sys\n"
        "spec = importlib.util.spec_from_file_location('mutations', sys.argv[1])\n"
        "tool = importlib.util.module_from_spec(spec)\n"
        "sys.modules['mutations'] = tool\n"
        "spec.loader.exec_module(tool)\n"
        "root, one = pathlib.Path(sys.argv[2]), tool.Break(**json.loads(sys.argv[3]))\n"
        "print(json.dumps(tool.try_break(root, one, 60, {})))\n"
    )
    arguments = [str(ROOT / "tools" / "mutations.py"), str(project)]
    result = subprocess.run(
        [sys.executable, "-B", "-c", code, *arguments, json.dumps(dataclasses.asdict(one))],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answer = json.loads(result.stdout.splitlines()[-1])
    assert (answer["caught"], answer["test"]) == (bool(test), test)
    assert (project / one.file).read_text() == before


def test_what_only_the_first_run_caught_is_lost(tool):
    both = {"room": "ops", "file": "a.py", "line": "x", "broken": "y", "caught": True, "test": "t"}
    lost = {**both, "line": "z"}
    rows, only = tool.compare([both, lost], [both, {**lost, "caught": False}])
    assert only == [lost]
    assert rows[-1].split() == ["all", "2", "2", "1"]
