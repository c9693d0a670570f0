"""What the models share: bad arguments of any model give one clear error."""

import keras
import pytest

from kerasbook.applications import create_model, list_models, parts


def test_names_and_wildcards():
    assert {"lenet5", "mlp", "resnet18", "resnet34", "resnet50"} <= set(list_models())
    assert {"lenet5", "resnet18", "resnet34", "resnet50"} <= set(list_models("*net*"))
    assert "mlp" not in list_models("*net*")
    assert create_model("LeNet5").name == "lenet5"


@pytest.mark.parametrize("name", ["lenet5", "mlp", "resnet18"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": 0}, "`classes` must be a positive integer.*classes=0"),
        ({"weights": "nowhere.h5"}, "`weights` must be None or the path.*nowhere.h5"),
        ({"input_shape": (28, 28)}, r"`input_shape` must be \(height, width, channels\)"),
        ({"colour": 3}, "unexpected keyword argument 'colour'"),
    ],
)
def test_bad_arguments_are_named(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model(name, **arguments)


def test_unknown_model_lists_the_nearest():
    with pytest.raises(ValueError, match="model='resnet21'. Nearest: .*resnet20"):
        create_model("resnet21")


def test_pool_and_its_error():
    x = keras.Input((4, 5, 3))
    assert parts.pool(x, None) is x
    assert parts.pool(x, "avg").shape == parts.pool(x, "max").shape == (None, 3)
    with pytest.raises(ValueError, match="`pooling` must be one of .None, 'avg', 'max'.*'mean'"):
        parts.pool(x, "mean")


def test_weights_from_a_file_and_float32_probabilities(tmp_path, rng):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = create_model("mlp", units=(4,))
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(model.output.dtype) == "float32"
    model.save_weights(tmp_path / "mlp.weights.h5")
    again = create_model("mlp", units=(4,), weights=tmp_path / "mlp.weights.h5")
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        assert (a == b).all()


def test_logits_are_what_the_softmax_takes(rng):
    model, logits = create_model("mlp"), create_model("mlp", classifier_activation=None)
    logits.set_weights(model.get_weights())
    x = rng.normal(size=(3, 28, 28, 1))
    expected = keras.ops.convert_to_numpy(keras.ops.softmax(logits.predict(x, verbose=0)))
    assert abs(model.predict(x, verbose=0) - expected).max() < 1e-6
