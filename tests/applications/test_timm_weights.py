"""`from_timm`: dictionaries and files, and every weight that has no place or no value is named.

That the outputs are those of timm is tested family by family, where torch is installed.
"""

import keras
import numpy as np
import pytest
from safetensors.numpy import save_file

from kerasbook import registry
from kerasbook.applications import create_model, from_timm
from kerasbook.applications.graph import weighted_layers
from kerasbook.applications.resnet import FAMILY
from kerasbook.applications.timm_weights import SUFFIXES, torch_name

NAME = "resnet_test"


def state(model):
    """Returns the state dictionary of a residual network as timm would name and order it."""
    result = {}
    for layer in weighted_layers(model):
        for variable in layer.weights:
            value = np.asarray(variable)
            if variable.name == "kernel":
                value = value.T if value.ndim == 2 else value.transpose(3, 2, 0, 1)
            name = f"{torch_name(layer.name, FAMILY.torch_names)}.{SUFFIXES[variable.name]}"
            result[name] = np.ascontiguousarray(value)
    result["bn1.num_batches_tracked"] = np.array(7)
    return result


@pytest.fixture(scope="module")
def source():
    return create_model(NAME, classes=6)


def test_dictionary_and_file_give_the_same_model(source, tmp_path):
    weights = state(source)
    save_file(weights, tmp_path / "weights.safetensors")
    for given in (weights, tmp_path / "weights.safetensors"):
        model = from_timm(given, NAME, classifier_activation=None)
        assert model.output_shape == (None, 6)
        for ours, theirs in zip(model.get_weights(), source.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_without_the_top_the_classifier_must_be_left_out(source):
    weights = state(source)
    with pytest.raises(ValueError, match=r"'fc.bias' and 1 more, which find no place"):
        from_timm(weights, NAME, include_top=False)
    trunk = {key: value for key, value in weights.items() if not key.startswith("fc.")}
    assert from_timm(trunk, NAME, include_top=False, pooling="avg").output_shape == (None, 64)


def test_what_does_not_fit_is_named(source):
    weights = state(source)
    missing = {key: value for key, value in weights.items() if key != "layer1.0.bn2.weight"}
    with pytest.raises(ValueError, match="`state_dict` must hold 'layer1.0.bn2.weight'"):
        from_timm(missing, NAME)
    with pytest.raises(ValueError, match=r"'layer9.weight', which find no place"):
        from_timm({**weights, "layer9.weight": np.zeros(3)}, NAME)
    with pytest.raises(ValueError, match=r"'conv1.weight' of shape \(8, 3, 7, 7\) for 'stem_conv'"):
        from_timm({**weights, "conv1.weight": np.zeros((8, 3, 7, 7), "float32")}, NAME)
    with pytest.raises(ValueError, match=r"'bn1.bias' of shape \(9,\) for 'stem_norm'"):
        from_timm({**weights, "bn1.bias": np.zeros(9, "float32")}, NAME)


def test_kernels_of_as_many_numbers_in_another_order_are_named():
    """A depthwise kernel is `(channels, 1, height, width)` there, a dense one has two axes."""
    family = registry.get("model", "mobilenetv2_test").size.family
    model = create_model("mobilenetv2_test", convention="torch", classes=3)
    weights = {}
    for layer in weighted_layers(model):
        module = torch_name(layer.name, family.torch_names)
        for variable in layer.weights:
            value, role = np.asarray(variable), variable.name.removeprefix("depthwise_")
            if role == "kernel":
                depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
                axes = {2: (1, 0), 4: (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)}[value.ndim]
                value = value.transpose(axes)
            weights[f"{module}.{SUFFIXES[role]}"] = value
    again = from_timm(weights, "mobilenetv2_test")
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    (key, *_) = (k for k, v in weights.items() if v.ndim == 4 and v.shape[1] == 1)
    channels = len(weights[key])
    for shape in ((1, channels, 3, 3), (channels // 2, 2, 3, 3), (channels // 2, 1, 3, 3), (3,)):
        with pytest.raises(ValueError, match=f"`state_dict` must fit the model.*'{key}' of shape"):
            from_timm({**weights, key: np.zeros(shape, "float32")}, "mobilenetv2_test")
    (key, value) = next((k, v) for k, v in weights.items() if v.ndim == 4 and v.shape[2] == 3)
    with pytest.raises(ValueError, match=f"`state_dict` must fit the model.*'{key}' of shape"):
        from_timm({**weights, key: value.reshape(len(value), -1)}, "mobilenetv2_test")
    with pytest.raises(ValueError, match=f"arrays of real numbers.*'{key}' of dtype complex64"):
        from_timm({**weights, key: value.astype("complex64")}, "mobilenetv2_test")


@pytest.mark.parametrize(
    ("given", "name", "message"),
    [
        ({}, "resnet19", "`name` must be a known name.*'resnet19'. Nearest: resnet18"),
        ({}, "mlp", "`name` must be a model whose twin in timm is known.*'mlp'"),
        (3, NAME, "`state_dict` must be a dictionary of arrays or the path.*=3"),
    ],
)
def test_bad_arguments(given, name, message):
    with pytest.raises(ValueError, match=message):
        from_timm(given, name)


def test_bad_files(source, tmp_path):
    path = tmp_path / "weights.safetensors"
    with pytest.raises(FileNotFoundError, match="`state_dict` must be a dictionary or a file"):
        from_timm(path, NAME)
    save_file(state(source), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="`state_dict` must be a safetensors file.*cannot be read"):
        from_timm(path, NAME)
