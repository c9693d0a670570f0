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


def test_catalog_lists_every_public_layer_once():
    assert sorted(IDS) == sorted(layers.__all__)


def test_exceptions_name_promises_and_give_reasons():
    for case in CATALOG:
        assert set(case.exceptions) <= set(testing.PROMISES)
        assert all(len(reason) > 20 for reason in case.exceptions.values())


@pytest.mark.parametrize("case", CATALOG, ids=IDS)
@pytest.mark.parametrize("promise", ONE_BY_ONE)
def test_promise(case, promise):
    if promise in case.exceptions:
        pytest.skip(case.exceptions[promise])
    testing.PROMISES[promise](case)


@pytest.mark.tensorflow
def test_saved_models_serve_without_the_library(tmp_path):
    cases = [case for case in CATALOG if "serves_without_the_library" not in case.exceptions]
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
