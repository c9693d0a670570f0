"""SavedModels of layers, checked in a process that never imports kerasbook."""

import pathlib
import subprocess
import sys

import numpy as np

from kerasbook.testing.case import check, model_of


def write_saved_model(case, folder):
    """Writes a case's SavedModel with inputs and expected outputs, for `check_saved_models`."""
    x, model = case.inputs(), model_of(case)
    expected = model.predict(x, verbose=0)
    model.export(str(folder), verbose=False)
    np.savez(pathlib.Path(folder) / "expected.npz", x=x, y=expected)
    graph = (pathlib.Path(folder) / "saved_model.pb").read_bytes()
    check(b"_XlaMustCompile" not in graph, "the graph holds _XlaMustCompile")


def check_saved_models(folders):
    """Compares SavedModels with what is expected of them, in one process without kerasbook."""
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "for folder in sys.argv[1:]:\n"
        "    data = np.load(folder + '/expected.npz')\n"
        "    model = tf.saved_model.load(folder)\n"
        "    served = model.serve(data['x']).numpy()\n"
        "    limit = 1e-5 * max(1.0, np.abs(data['y']).max())\n"
        "    assert np.abs(served - data['y']).max() <= limit, folder\n"
        "assert 'kerasbook' not in sys.modules\n"
    )
    command = [sys.executable, "-c", code, *map(str, folders)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    check(result.returncode == 0, result.stderr[-2000:])
