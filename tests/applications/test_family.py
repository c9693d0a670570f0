"""Families: what a size's function takes, says and is called, and torch's names."""

import inspect
import re

import keras
import pytest

from kerasbook import registry
from kerasbook.applications import ResNet50, create_model, list_models
from kerasbook.applications.family import SHARED, Family, zero_based
from kerasbook.applications.units import Convention

KERAS_ARGUMENTS = [
    *("include_top", "weights", "input_shape", "pooling", "classes"),
    *("classifier_activation", "name"),
]


def trunk(x, units, *, width=4, depth=1):
    for number in range(depth):
        x = units.unit(x, width, 3, strides=2, name=f"stage{number + 1}")
    return x


def family(**options):
    options = {"options": {"width": "Channels.", "depth": "Convolutions."}, **options}
    return Family(
        name="toy", title="Toys", description="Some.", reference="A.", trunk=trunk, **options
    )


@pytest.fixture
def registered(monkeypatch):
    """Leaves the registry as it was."""
    monkeypatch.setitem(registry._ENTRIES, "model", dict(registry._ENTRIES["model"]))


def test_a_size_is_a_function_with_its_own_defaults(registered):
    small = family().size("ToySmall", "narrow", width=2)
    large = family().size("ToyLarge", "wide", registered="toy_large", width=8, depth=3)
    assert create_model("toysmall", classes=3).get_layer("stage1_conv").filters == 2
    model = create_model("toy_large", input_shape=(64, 64, 1), dropout=0.5, activation="tanh")
    assert model.get_layer("stage3_conv").filters == 8
    assert model.get_layer("stage3_act").activation is keras.activations.tanh
    assert model.get_layer("dropout").rate == 0.5
    assert small().name == "toysmall"
    assert (small.__name__, large.__module__) == ("ToySmall", __name__)
    assert large(width=3).get_layer("stage1_conv").filters == 3


def test_a_size_has_conventions_of_its_own(registered):
    forms = {"keras": Convention(epsilon=0.5), "torch": Convention(epsilon=0.25)}
    both = family(conventions=forms).size("ToyBoth", "both")
    one = family(conventions=forms).size("ToyOne", "one", conventions=("torch",))
    assert both().get_layer("stage1_norm").epsilon == 0.5
    assert both(convention="torch").get_layer("stage1_norm").epsilon == 0.25
    assert one().get_layer("stage1_norm").epsilon == 0.25
    with pytest.raises(ValueError, match=r"`convention` must be one of \('torch',\).*'keras'"):
        one(convention="keras")


def test_the_smallest_image_may_depend_on_options(registered):
    function = family(minimum=lambda depth, **options: 2**depth).size("ToyDeep", "deep", depth=3)
    assert function.size.minimum() == 8
    assert function.size.minimum(depth=4) == 16
    with pytest.raises(ValueError, match="at least 16 pixels"):
        function(depth=4, input_shape=(15, 16, 3))


def test_unknown_arguments_are_those_of_the_function():
    with pytest.raises(TypeError, match=r"ResNet50\(\) got an unexpected keyword argument 'color'"):
        ResNet50(color=1)
    with pytest.raises(ValueError, match="unexpected keyword argument 'color'"):
        create_model("resnet50", color=1)


def test_auxiliary_logits_get_their_probabilities(registered):
    def head(x, units, classes):
        x = keras.layers.GlobalMaxPooling2D()(x)
        return {
            name: keras.layers.Dense(classes, name=f"{name}_logits")(x)
            for name in ("predictions", "side")
        }

    model = family(head=head).size("ToySide", "with a side")(classes=3)
    assert sorted(model.output) == ["predictions", "side"]
    assert model.get_layer("probabilities").activation is keras.activations.softmax
    assert model.get_layer("side").dtype_policy.name == "float32"


def test_torch_names_count_from_zero():
    replace = zero_based("layer{0}.{1-}.conv{2}")
    assert replace(re.fullmatch(r"stage(\d)_block(\d+)_(\d)", "stage2_block10_3")) == (
        "layer2.9.conv3"
    )


@pytest.mark.parametrize("name", [*list_models(), *list_models("*_test")])
def test_every_size_is_a_drop_in_and_documented(name):
    function = registry.get("model", name)
    parameters = inspect.signature(function).parameters
    assert list(parameters)[: len(KERAS_ARGUMENTS)] == KERAS_ARGUMENTS
    assert all(p.kind is p.KEYWORD_ONLY for p in list(parameters.values())[len(KERAS_ARGUMENTS) :])
    text = inspect.getdoc(function)
    places = [
        text.index(f"\n{section}:\n") for section in ("Args", "Returns", "Raises", "Reference")
    ]
    assert places == sorted(places)
    described = re.findall(r"^    (\w+): ", text[places[0] : places[1]], re.MULTILINE)
    assert described == list(parameters)
    assert "https://" in text[places[-1] :] or "Murphy" in text[places[-1] :]
    assert set(function.size.family.options) >= set(parameters) - set(SHARED)
    assert max(map(len, text.splitlines())) <= 100
    twin = function.size.peers.get("keras")
    if twin:
        theirs = inspect.signature(getattr(keras.applications, twin)).parameters
        known = {"input_tensor", "kwargs", "dropout_rate"}  # the last is `dropout` in all families
        assert set(theirs) - set(parameters) <= known, "not a drop-in"
