"""LeNet-5: layers, sizes and parameter counts."""

import pytest

from kerasbook.applications import LeNet5


def test_five_layers_with_weights_and_their_sizes():
    model = LeNet5()
    assert [layer.name for layer in model.layers if layer.weights] == [
        *("conv1", "conv2", "dense1", "dense2", "predictions")
    ]
    sizes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    assert sizes["conv1"] == (28, 28, 6)
    assert sizes["pool1"] == (14, 14, 6)
    assert sizes["conv2"] == (10, 10, 16)
    assert sizes["pool2"] == (5, 5, 16)
    # 6 (25 + 1) + 16 (150 + 1) + 120 (400 + 1) + 84 (120 + 1) + 10 (84 + 1)
    assert model.count_params() == 156 + 2416 + 48_120 + 10_164 + 850


def test_options():
    model = LeNet5(filters=(4, 8), kernel_size=3, units=(9, 7), input_shape=(16, 12, 3), classes=5)
    assert model.output.shape == (None, 5)
    assert LeNet5(include_top=False, pooling="max", input_shape=(None, None, 1)).output.shape == (
        None,
        16,
    )


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`downsampling` must be one of.*'mean'"):
        LeNet5(downsampling="mean")
    with pytest.raises(ValueError, match=r"at least 12 pixels.*\(8, 8, 1\)"):
        LeNet5(input_shape=(8, 8, 1))
