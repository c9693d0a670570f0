"""What every loss of the book promises: weights per sample, masks, configs, saved models."""

import inspect
import json

import keras
import numpy as np
import pytest

from kerasbook import losses

LABELS = np.array([2, 0, 1, 2, 0, 1])
ATTRIBUTES = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0], [0, 0, 1]])
# Each with arguments that are not the default, and targets.
CASES = {
    "MulticlassHinge": ({"margin": 0.5, "squared": True}, LABELS),
    "OneVersusAllHinge": ({"margin": 0.5, "squared": True}, LABELS),
    "AttributeHinge": ({"margin": 0.5, "squared": True}, ATTRIBUTES),
    "AttributeLogistic": ({}, ATTRIBUTES),
    "HierarchicalSoftmaxCrossentropy": ({"tree": [[0, 3], [1, 2]]}, LABELS),
}


@pytest.fixture(params=CASES)
def case(request):
    arguments, targets = CASES[request.param]
    return getattr(losses, request.param), arguments, targets


def test_weights_are_per_sample(rng, case):
    kind, arguments, targets = case
    scores = rng.normal(size=(6, 3)).astype("float32")
    weights = np.array([0, 0.5, 1, 2, 3, 0.25], "float32")
    each = keras.ops.convert_to_numpy(kind(**arguments, reduction=None)(targets, scores))
    assert each.shape == (6,)
    for shape in ((6,), (6, 1)):
        found = float(kind(**arguments)(targets, scores, sample_weight=weights.reshape(shape)))
        np.testing.assert_allclose(found, (each * weights).mean(), rtol=1e-5)


def test_config_makes_the_same_loss(rng, case):
    kind, arguments, targets = case
    loss = kind(**arguments, reduction="sum", name="other")
    config = loss.get_config()
    assert json.loads(json.dumps(config)) == config
    assert set(config) == set(inspect.signature(kind).parameters) - {"dtype"}
    again = keras.losses.deserialize(json.loads(json.dumps(keras.losses.serialize(loss))))
    assert type(again) is kind
    assert again.get_config() == config
    scores = rng.normal(size=(6, 3)).astype("float32")
    assert float(again(targets, scores)) == float(loss(targets, scores))


def test_trains_a_model_that_is_saved_and_loaded(rng, case, tmp_path):
    kind, arguments, targets = case
    x = rng.normal(size=(6, 5)).astype("float32")
    inputs = keras.Input((5,))
    model = keras.Model(inputs, keras.layers.Dense(3, dtype="mixed_float16")(inputs))
    model.compile(keras.optimizers.SGD(0.05), kind(**arguments), weighted_metrics=[])
    first = model.evaluate(x, targets, verbose=0)
    many = [np.concatenate([array] * 20) for array in (x, targets, np.ones(6))]
    model.fit(*many[:2], sample_weight=many[2], batch_size=3, verbose=0)
    trained = model.evaluate(x, targets, verbose=0)
    assert trained < 0.9 * first
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.evaluate(x, targets, verbose=0), trained, rtol=1e-5)


def test_sequences_have_a_loss_at_every_place(rng, case):
    kind, arguments, targets = case
    scores = rng.normal(size=(6, 3)).astype("float32")
    each = keras.ops.convert_to_numpy(kind(**arguments, reduction=None)(targets, scores))
    steps = targets.reshape(2, 3, *targets.shape[1:])
    found = kind(**arguments, reduction=None)(steps, scores.reshape(2, 3, 3))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), each.reshape(2, 3))
