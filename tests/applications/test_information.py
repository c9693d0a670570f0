"""`model_info` and `list_models`: computed facts, filters, scaling and decoding."""

import json

import numpy as np
import pytest

from kerasbook import registry
from kerasbook.applications import create_model, information, list_models, model_info


def test_tiny_and_real_models_are_all_recorded():
    """That the numbers are right is tested with the counts, in test_parameter_counts.py."""
    recorded = json.loads(information.MEASURES.read_text())
    assert set(recorded) == {*list_models(), *list_models("*_test")}
    for name in list_models("*_test"):
        assert information.measure(name) == recorded[name], name


def test_facts_of_resnet18():
    info = model_info("ResNet18")
    model = create_model("resnet18")
    assert info.parameters == model.count_params()
    assert info.weight_memory == 4 * info.parameters
    assert info.input_shape == model.input_shape[1:]
    assert (info.family, info.task, info.conventions) == ("resnet", "classification", ("torch",))
    assert info.paper == "He et al., 2016"
    assert [row.stride for row in info.features] == [4, 4, 8, 16, 32]


def test_filters():
    assert "resnet50" not in list_models(max_parameters=12_000_000)
    assert "resnet18" in list_models("RES*", max_parameters=12_000_000)
    assert set(list_models(family="resnet")) >= {"resnet18", "resnet152"}
    assert "lenet5" not in list_models(family="resnet")
    assert "resnet18" in list_models(task="classification")
    assert not [name for name in list_models() if name.endswith("_test")]
    assert "resnet_test" in list_models("res*_test")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"family": "resnets"}, "`family` must be a known name.*'resnets'. Nearest: resnet"),
        ({"task": "detection"}, "`task` must be a known name.*'detection'"),
        ({"max_parameters": 0}, "`max_parameters` must be a positive integer.*0"),
    ],
)
def test_bad_filters(arguments, message):
    with pytest.raises(ValueError, match=message):
        list_models(**arguments)


def test_unknown_models_have_near_ones():
    with pytest.raises(ValueError, match="`model` must be a known name.*'resnet5'. Nearest: "):
        model_info("resnet5")


def test_a_plug_in_without_families_is_measured(monkeypatch):
    monkeypatch.setitem(registry._ENTRIES, "model", dict(registry._ENTRIES["model"]))

    @registry.register("model")
    def PluginNet(classes=3):
        return create_model("mlp", input_shape=(4, 4, 1), units=(5,), classes=classes)

    info = model_info("pluginnet")
    assert (info.parameters, info.classes, info.family) == (17 * 5 + 6 * 3, 3, "")
    assert "pluginnet" in list_models(max_parameters=200)


def test_a_plug_in_that_cannot_be_measured_is_left_out_of_filters(monkeypatch):
    monkeypatch.setitem(registry._ENTRIES, "model", dict(registry._ENTRIES["model"]))

    @registry.register("model")
    def BrokenNet():
        raise RuntimeError("not today")

    with pytest.warns(UserWarning, match="'brokennet' of a plug-in cannot be measured.*not today"):
        assert "resnet18" in list_models(family="resnet")
    assert "brokennet" in list_models("broken*")


def test_scaling_belongs_to_the_convention(rng):
    images = rng.integers(0, 256, size=(2, 4, 5, 3)).astype("uint8")
    info = model_info("resnet50")
    caffe, torch = (info.preprocess_input(images, convention=c) for c in ("keras", "torch"))
    np.testing.assert_array_equal(info.preprocess_input(images), caffe)
    np.testing.assert_allclose(caffe[..., 0], images[..., 2] - 103.939, rtol=1e-5)
    np.testing.assert_allclose(torch[..., 0], (images[..., 0] / 255 - 0.485) / 0.229, rtol=1e-4)
    asked = model_info("resnet50", convention="torch")
    np.testing.assert_array_equal(asked.preprocess_input(images), torch)
    for convention in ("caffe", ""):
        with pytest.raises(ValueError, match="`convention` must be one of"):
            info.preprocess_input(images, convention=convention)
    with pytest.raises(ValueError, match="`convention` must be one of .*'caffe'"):
        model_info("resnet50", convention="caffe")


def test_decoding(monkeypatch):
    info = model_info("lenet5")
    scores = np.array([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]])
    names = ["ape", "bee", "cow"]
    assert info.decode_predictions(scores, top=2, class_names=names) == [
        [("bee", 0.7), ("cow", 0.2)],
        [("ape", 0.5), ("cow", 0.3)],
    ]
    counts = np.array([[0, 3, 9]], "uint8")
    assert info.decode_predictions(counts, top=1, class_names=names) == [[("cow", 9.0)]]
    with pytest.raises(ValueError, match="`class_names` must be a list of names.*=10"):
        info.decode_predictions(scores, class_names=10)
    with pytest.raises(ValueError, match=r"`predictions` must be \(batch, 2\).*\(2, 3\)"):
        info.decode_predictions(scores, class_names=names[:2])
    utilities = information.keras.applications.imagenet_utils
    monkeypatch.setattr(
        utilities,
        "decode_predictions",
        lambda p, top: [[("n01", "tench", np.float32(0.5))]] * len(p),
    )
    assert info.decode_predictions(scores) == [[("tench", 0.5)]] * 2
