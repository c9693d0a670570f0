"""`load_model`: files of the library's layers without `custom_objects`, and bad files."""

import subprocess
import sys

import numpy as np
import pytest

from kerasbook.applications import create_model, load_model


def test_loads_in_a_process_that_has_imported_nothing_else(tmp_path, rng):
    model = create_model("lenet5", input_shape=(12, 12, 1))
    x = rng.normal(size=(2, 12, 12, 1)).astype("float32")
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=x, y=model.predict(x, verbose=0))
    code = (
        "import sys, numpy as np\n"
        "from kerasbook.applications.loading import load_model\n"
        "data = np.load(sys.argv[1] + '/data.npz')\n"
        "y = load_model(sys.argv[1] + '/model.keras').predict(data['x'], verbose=0)\n"
        "np.testing.assert_allclose(y, data['y'], atol=1e-6)\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True, timeout=120)


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` must be a `.keras` file.*none.keras"):
        load_model(tmp_path / "none.keras")
    (tmp_path / "broken.keras").write_text("not a model")
    with pytest.raises(ValueError, match="broken.keras cannot be loaded as a Keras model"):
        load_model(tmp_path / "broken.keras")
