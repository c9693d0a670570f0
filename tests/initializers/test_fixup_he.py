"""FixupHe: the factor of the paper, saved models, seeds."""

import keras
import numpy as np
import pytest

from kerasbook.initializers import FixupHe


@pytest.mark.parametrize(
    ("num_blocks", "layers_per_branch", "factor"),
    [(1, 2, 1.0), (16, 2, 0.25), (16, 3, 0.5), (64, 4, 0.5), (100, 2, 0.1)],
)
def test_is_he_times_the_factor_of_the_paper(num_blocks, layers_per_branch, factor):
    values = np.asarray(FixupHe(num_blocks, layers_per_branch, seed=3)((3, 3, 16, 300)))
    he = np.asarray(keras.initializers.HeNormal(seed=3)((3, 3, 16, 300)))
    np.testing.assert_allclose(values, factor * he, rtol=1e-5)
    np.testing.assert_allclose(values.std(), factor * np.sqrt(2 / (9 * 16)), rtol=0.02)


def test_is_saved_with_a_model(tmp_path):
    initializer = FixupHe(5, 3, seed=1)
    assert initializer.get_config() == {"num_blocks": 5, "layers_per_branch": 3, "seed": 1}
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, kernel_initializer=initializer)]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    again = loaded.layers[0].kernel_initializer
    assert again.get_config() == initializer.get_config()
    np.testing.assert_array_equal(np.asarray(again((4, 3))), model.get_weights()[0])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`num_blocks` must be a positive integer.*=0"):
        FixupHe(0)
    with pytest.raises(ValueError, match="`layers_per_branch` must be a positive integer.*=1.5"):
        FixupHe(3, 1.5)
    with pytest.raises(ValueError, match="`layers_per_branch` must be 2 or more.*=1"):
        FixupHe(3, 1)
