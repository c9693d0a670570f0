"""The plan of the house: the checker finds no fault, and examples of docstrings run."""

import doctest
import importlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import kerasbook

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "kerasbook"
WITH_EXAMPLES = sorted(path for path in PACKAGE.rglob("*.py") if ">>> " in path.read_text())
IDS = [path.relative_to(PACKAGE).as_posix() for path in WITH_EXAMPLES]


def test_the_checker_finds_no_fault():
    result = subprocess.run(
        [sys.executable, ROOT / "tools" / "check_house.py"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.tensorflow
@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=IDS)
def test_examples_of_docstrings_run(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    globals_ = {"np": np, "kerasbook": kerasbook}
    for test in finder.find(module, name, module=module, extraglobs=globals_):
        runner.run(test)
    assert runner.tries > 0
    assert runner.failures == 0
