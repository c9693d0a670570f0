"""LeNet-5: layers, sizes and parameter counts."""

import pytest

from kerasbook.applications import LeNet5, feature_maps


def test_five_layers_with_weights_and_their_sizes():
    model = LeNet5()
    assert [layer.name for layer in model.layers if layer.weights] == [
        *("stem_conv", "stage1_conv", "dense1", "dense2", "predictions")
    ]
    sizes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    assert sizes["stem_conv"] == (28, 28, 6)
    assert sizes["stem_pool"] == (14, 14, 6)
    assert sizes["stage1_conv"] == (10, 10, 16)
    assert sizes["stage1_pool"] == (5, 5, 16)
    # 6 (25 + 1) + 16 (150 + 1) + 120 (400 + 1) + 84 (120 + 1) + 10 (84 + 1)
    assert model.count_params() == 156 + 2416 + 48_120 + 10_164 + 850


def test_options():
    model = LeNet5(filters=(4, 8), kernel_size=3, units=(9, 7), input_shape=(16, 12, 3), classes=5)
    assert model.output.shape == (None, 5)
    assert LeNet5(include_top=False, pooling="max", input_shape=(None, None, 1)).output.shape == (
        None,
        16,
    )


def test_maps_and_their_strides():
    maps = [(m.name, m.layer, m.stride, m.channels) for m in feature_maps(LeNet5())]
    assert maps == [("stem", "stem_pool", 2, 6), ("stage1", "stage1_pool", 4, 16)]


def test_dropout_stands_before_the_classifier_alone():
    names = [layer.name for layer in LeNet5(dropout=0.3).layers]
    assert names[-3:] == ["dropout", "predictions", "probabilities"]
    assert names.count("dropout") == 1


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`downsampling` must be one of.*'mean'"):
        LeNet5(downsampling="mean")
    with pytest.raises(ValueError, match=r"at least 12 pixels.*\(8, 8, 1\)"):
        LeNet5(input_shape=(8, 8, 1))
    with pytest.raises(ValueError, match="`kernel_size` must be a positive integer.*0"):
        LeNet5(kernel_size=0)
    with pytest.raises(ValueError, match="`units` must be a positive integer or 2 of them"):
        LeNet5(units=(8, 8, 8))
