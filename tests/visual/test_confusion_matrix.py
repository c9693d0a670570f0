"""Confusion matrices: small with numbers, large without, bad shapes named."""

import numpy as np
import pytest
from PIL import Image

from kerasbook.visual import plot_confusion_matrix


@pytest.mark.parametrize("classes", [1, 3, 40])
def test_picture(classes, tmp_path, rng):
    matrix = rng.integers(0, 9, (classes, classes))
    plot_confusion_matrix(matrix, [f"class {i}" for i in range(classes)], tmp_path / "m.png")
    with Image.open(tmp_path / "m.png") as picture:
        assert min(picture.size) > 200


def test_an_empty_matrix_and_a_wrong_shape(tmp_path):
    plot_confusion_matrix(np.zeros((2, 2), int), ["a", "b"], tmp_path / "m.png")
    with pytest.raises(ValueError, match=r"`matrix` must be \(2, 2\).*shape=\(3, 3\)"):
        plot_confusion_matrix(np.zeros((3, 3)), ["a", "b"], tmp_path / "m.png")
