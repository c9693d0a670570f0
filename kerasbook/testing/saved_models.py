"""SavedModels of layers, checked in a process that never imports kerasbook."""

import pathlib
import subprocess
import sys

import numpy as np
from keras import tree

from kerasbook.testing.case import call, check, model_of


def write_saved_model(case, folder):
    """Writes a case's SavedModel with inputs and the model's outputs, for `check_saved_models`."""
    x, model = case.inputs(), model_of(case)
    expected = call(model, x)
    model.export(str(folder), verbose=False)
    arrays = {f"x{i}": array for i, array in enumerate(tree.flatten(x))}
    arrays |= {f"y{i}": array for i, array in enumerate(tree.flatten(expected))}
    np.savez(pathlib.Path(folder) / "expected.npz", **arrays)
    graph = (pathlib.Path(folder) / "saved_model.pb").read_bytes()
    check(b"_XlaMustCompile" not in graph, "the graph holds _XlaMustCompile")


def check_saved_models(folders):
    """Compares SavedModels with what is expected of them, in one process without kerasbook."""
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "for folder in sys.argv[1:]:\n"
        "    data = np.load(folder + '/expected.npz')\n"
        "    x, y = ([data[k] for k in data if k[0] == letter] for letter in 'xy')\n"
        "    model = tf.saved_model.load(folder)\n"
        "    served = tf.nest.flatten(model.serve(x if len(x) > 1 else x[0]))\n"
        "    assert len(served) == len(y), folder\n"
        "    for one, other in zip(served, y):\n"
        "        limit = 1e-5 * max(1.0, np.abs(other).max())\n"
        "        assert np.abs(one.numpy() - other).max() <= limit, folder\n"
        "assert 'kerasbook' not in sys.modules\n"
    )
    command = [sys.executable, "-c", code, *map(str, folders)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    check(result.returncode == 0, result.stderr[-2000:])
