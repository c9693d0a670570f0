"""The check of SavedModels fails for one that answers wrongly, and for one that needs XLA."""

import re
import shutil

import keras
import numpy as np
import pytest

from kerasbook.layers import Conv2D
from kerasbook.testing import Case, check_saved_models, write_saved_model

pytestmark = pytest.mark.tensorflow


def test_wrong_answers_are_found(tmp_path):
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    write_saved_model(Case("conv", lambda **k: Conv2D(4, 3, **k), (2, 5, 6, 3)), right)
    shutil.copytree(right, wrong)
    data = np.load(right / "expected.npz")
    np.savez(wrong / "expected.npz", x0=data["x0"], y0=data["y0"] + 1e-2)
    # In their order: that it names the second says that the first has passed.
    with pytest.raises(AssertionError, match=rf"AssertionError: {re.escape(str(wrong))}"):
        check_saved_models([right, wrong])


def test_a_graph_for_xla_only_is_found(tmp_path):
    case = Case("keras", lambda **k: keras.layers.Conv2D(4, 3, groups=2, **k), (2, 5, 6, 4))
    with pytest.raises(AssertionError, match="_XlaMustCompile"):
        write_saved_model(case, tmp_path)
