"""Every promise of `kerasbook.testing`, on every layer of the catalog."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from catalog import CATALOG

from kerasbook import layers, testing

IDS = [case.name for case in CATALOG]
ONE_BY_ONE = {k: v for k, v in testing.promises().items() if k != "serves_without_the_library"}

# What traces or compiles a whole graph, and blocks that other layers of the catalog make up.
TRACING = ("compiles", "works_on_replicas", "works_in_dataset_map")
BLOCKS = [
    name
    for name in IDS
    if name.endswith(("Block", "Unit")) and name not in ("ResidualBlock", "InceptionBlock")
]
REASON = (
    "a block's graph is its layers' together; the quick set has those layers, `ResidualBlock` and "
    "`InceptionBlock`, and for every block the promises that run operation by operation"
)


def rows():
    """Returns each promise with each layer; those that trace a block's graph are slow."""
    return [
        pytest.param(
            promise,
            case,
            id=f"{promise}-{case.name}",
            marks=pytest.mark.slow(REASON) if promise in TRACING and case.name in BLOCKS else (),
        )
        for promise in ONE_BY_ONE
        for case in CATALOG
    ]


def test_catalog_lists_every_public_layer_once():
    assert sorted(IDS) == sorted(layers.__all__)


def test_exceptions_name_promises_and_give_reasons():
    for case in CATALOG:
        assert set(case.exceptions) <= set(testing.PROMISES)
        assert all(len(reason) > 20 for reason in case.exceptions.values())


@pytest.mark.parametrize(("promise", "case"), rows())
def test_promise(promise, case):
    if promise in case.exceptions:
        pytest.skip(case.exceptions[promise])
    testing.PROMISES[promise](case)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "left_out",
    [
        pytest.param(BLOCKS, id="without_blocks"),
        pytest.param([], id="all", marks=pytest.mark.slow(REASON)),
    ],
)
def test_saved_models_serve_without_the_library(left_out, tmp_path):
    cases = [
        case
        for case in CATALOG
        if "serves_without_the_library" not in case.exceptions and case.name not in left_out
    ]
    for case in cases:
        testing.write_saved_model(case, tmp_path / case.name)
    testing.check_saved_models([tmp_path / case.name for case in cases])


@pytest.mark.skipif(
    keras.backend.backend() == "tensorflow", reason="needs a second backend: KERAS_BACKEND=jax"
)
def test_outputs_equal_those_of_tensorflow(tmp_path):
    # What draws outside training as well has no outputs to compare.
    cases = [case for case in CATALOG if "serves_without_the_library" not in case.exceptions]
    for case in cases:
        outputs = keras.tree.flatten(testing.call(case.layer(), case.inputs()))
        np.savez(tmp_path / f"{case.name}.npz", *outputs)
    code = (
        "import sys, keras, numpy as np\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from catalog import CATALOG\n"
        "from kerasbook import testing\n"
        "cases = [c for c in CATALOG if 'serves_without_the_library' not in c.exceptions]\n"
        "for case in cases:\n"
        "    other = list(np.load(f'{sys.argv[1]}/{case.name}.npz').values())\n"
        "    ours = keras.tree.flatten(testing.call(case.layer(), case.inputs()))\n"
        "    testing.assert_close(ours, other)\n"
        "import json\n"
        "print(json.dumps([keras.backend.backend(), len(cases)]))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), os.path.dirname(__file__)],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert json.loads(result.stdout.splitlines()[-1]) == ["tensorflow", len(cases)]
