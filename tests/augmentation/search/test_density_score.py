"""The score of density matching against a loop over images and copies, and what it traces."""

import itertools

import keras
import numpy as np
import pytest

from kerasbook.augmentation import MixUp, RandomOperation, Sequence, ShiftFlip
from kerasbook.augmentation.search import CandidatePolicy, DensityScore, PolicySpace, RandomSearch

SPACE = PolicySpace(("rotate", "invert", "posterize", "brightness"), 2, 2)
COUNT, SHAPE, CLASSES = 11, (6, 5, 2), 3


class Counted(keras.layers.Layer):
    """Hands its input on, and counts how often it is traced."""

    traces = 0

    def call(self, inputs):
        self.traces += 1
        return inputs


class CountedPolicy(CandidatePolicy):
    """A policy that counts how often its plan is traced."""

    traces = 0

    def plan(self, drawn, state):
        self.traces += 1
        return super().plan(drawn, state)


@pytest.fixture
def data(rng):
    images = rng.integers(0, 256, (COUNT, *SHAPE)).astype("uint8")
    return {"images": images, "labels": rng.integers(0, CLASSES, COUNT)}


def make_model(*before):
    model = keras.Sequential([keras.Input(SHAPE), *before, keras.layers.Flatten()])
    model.add(keras.layers.Dense(CLASSES, "softmax", kernel_initializer="random_normal"))
    return model


def candidates(count):
    return RandomSearch(SPACE, seed=4).ask(count)


def scaled(images):
    return keras.ops.cast(images, "float32") / 255


def losses_of(model, augmentation, data, copies, seed):
    """Returns the cross-entropy of each copy of each image, `(copies, count)`, one by one."""
    kernel, bias = (keras.ops.convert_to_numpy(w) for w in model.weights)
    losses = np.zeros((copies, COUNT))
    for copy in range(copies):
        generator = np.random.default_rng([seed, copy])
        drawn = generator.random((COUNT, augmentation.num_draws), "float32")
        for i, image in enumerate(data["images"]):
            changed = augmentation.apply(image[None], drawn[i : i + 1])
            logits = keras.ops.convert_to_numpy(changed).reshape(-1) / 255.0 @ kernel + bias
            shares = np.exp(logits) / np.exp(logits).sum()
            losses[copy, i] = -np.log(shares[data["labels"][i]])
    return losses


def test_is_minus_the_mean_of_each_images_least_loss(data):
    model, layer = make_model(), CandidatePolicy(SPACE)
    for candidate in candidates(2):
        layer.assign(candidate)
        losses = losses_of(model, layer, data, 3, seed=7)
        for copies, batch_size in itertools.product((1, 3), (4, 11, 256)):
            found = DensityScore(
                model,
                layer,
                **data,
                copies=copies,
                seed=7,
                scale=scaled,
                batch_size=batch_size,
            )(candidate)
            assert found == pytest.approx(-losses[:copies].min(axis=0).mean(), rel=1e-4)
            # The minimum over a whole batch, or the mean over copies, would be something else.
            assert abs(found + losses[:copies].min()) > 0.05
            assert copies == 1 or abs(found + losses.mean()) > 1e-3


def test_the_policy_may_be_a_part_of_an_augmentation(data):
    model, layer = make_model(), CandidatePolicy(SPACE)
    augmentation = Sequence([ShiftFlip(0.25), layer])
    score = DensityScore(
        model, layer, **data, scale=scaled, augmentation=augmentation, batch_size=4
    )
    (candidate,) = candidates(1)
    found = score(candidate.policy)
    losses = losses_of(model, augmentation, data, 5, seed=0)
    assert found == pytest.approx(-losses.min(axis=0).mean(), rel=1e-4)
    assert found != DensityScore(model, layer, **data, scale=scaled)(candidate)


def test_all_policies_get_the_same_draws(data):
    model = make_model()
    first = [[{"operation": "brightness", "probability": 0.5, "level": 8}]]
    second = [[{"operation": "rotate", "probability": 0.5, "level": 8}]]
    score = DensityScore(model, CandidatePolicy(SPACE), **data, scale=scaled, copies=1)
    before = score(first)
    assert score(second) != before
    assert score(first) == before
    other = DensityScore(model, CandidatePolicy(SPACE), **data, scale=scaled, copies=1, seed=1)
    assert other(first) != before


def test_more_copies_cannot_score_less(data):
    model, layer, (candidate,) = make_model(), CandidatePolicy(SPACE), candidates(1)
    scores = [
        DensityScore(model, layer, **data, scale=scaled, copies=copies)(candidate)
        for copies in (1, 2, 4)
    ]
    assert scores[0] < scores[1] < scores[2] < 0


def test_floats_and_dropout(data):
    (candidate,) = candidates(1)
    model = make_model(keras.layers.Dropout(0.5))
    images = data["images"].astype("float32") / 255
    layer = CandidatePolicy(SPACE, value_range=(0, 1))
    found = DensityScore(model, layer, images=images, labels=data["labels"])(candidate)
    plain = keras.Sequential([keras.Input(SHAPE), *model.layers[1:]])
    assert found == DensityScore(plain, layer, images=images, labels=data["labels"])(candidate)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="it does not trace")
def test_nothing_is_traced_for_another_candidate(data):
    counted, layer = Counted(), CountedPolicy(SPACE)
    score = DensityScore(make_model(counted), layer, **data, scale=scaled, batch_size=4)
    first, *others = candidates(6)
    counted.traces = 0
    scores = [score(first)]
    assert (counted.traces, layer.traces) == (1, 1)
    scores += map(score, others)
    assert (counted.traces, layer.traces) == (1, 1)
    assert len(set(scores)) == 6


def test_a_loss_that_is_nan_is_not_hidden(data):
    class OneIsNaN(keras.layers.Layer):
        """Makes the first feature's odd ones NaN, and leaves the even ones as they are."""

        def call(self, inputs):
            odd = keras.ops.mod(inputs[:, :1], 2) == 1
            return keras.ops.where(odd, float("nan"), inputs)

    model = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), OneIsNaN()])
    model.add(keras.layers.Dense(CLASSES, "softmax"))
    policy = [[{"operation": "brightness", "probability": 0.5, "level": 3}]]
    data["images"][:, 0, 0, 0] = 8
    data["images"][3, 0, 0, 0] = 9
    layer = CandidatePolicy(PolicySpace(("brightness",), 1, 1))
    score = DensityScore(model, layer, **data, copies=8)
    assert np.isnan(score(policy))


def test_a_probability_of_zero_is_no_infinite_loss(data):
    class Certain(keras.layers.Layer):
        def call(self, inputs):
            return keras.ops.one_hot(0 * keras.ops.cast(inputs[:, 0, 0, 0], "int32"), CLASSES)

    model = keras.Sequential([keras.Input(SHAPE), Certain()])
    labels = np.ones(COUNT, int)
    layer = CandidatePolicy(SPACE)
    score = DensityScore(model, layer, images=data["images"], labels=labels)
    assert score(candidates(1)[0]) == pytest.approx(np.log(1e-7))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layer": ShiftFlip(0.25)}, "`layer` must be a CandidatePolicy"),
        ({"labels": np.zeros(3, int)}, r"`labels` must be 11 integers.*shape \(3,\)"),
        ({"labels": np.zeros(COUNT)}, "`labels` must be 11 integers.*dtype float64"),
        ({"labels": np.full(COUNT, -1)}, "`labels` must be 11 integers of at least 0"),
        ({"images": np.zeros((COUNT, 6, 5))}, r"`images` must be \(count, height, width"),
        ({"images": np.zeros((0, *SHAPE))}, "`images` must be .* one at least"),
        ({"copies": 0}, "`copies` must be a positive integer.*copies=0"),
        ({"batch_size": 0}, "`batch_size` must be a positive integer"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
        ({"scale": 255}, "`scale` must be a function or None. Received: scale=255"),
        ({"augmentation": Sequence([ShiftFlip(0.25)])}, "`augmentation` must contain `layer`"),
        ({"augmentation": 3}, "`augmentation` must contain `layer`.*=3"),
    ],
    ids=str,
)
def test_bad_arguments(arguments, message, data):
    arguments = {"model": make_model(), "layer": CandidatePolicy(SPACE), **data, **arguments}
    with pytest.raises(ValueError, match=message):
        DensityScore(**arguments)


def test_labels_that_are_mixed_are_refused(data):
    layer = CandidatePolicy(SPACE)
    mixed = Sequence([layer, RandomOperation("rotate"), MixUp()])
    with pytest.raises(ValueError, match="leave labels and the number of images"):
        DensityScore(make_model(), layer, **data, augmentation=mixed)


def test_models_that_return_something_else_are_refused(data):
    (candidate,) = candidates(1)
    layer = CandidatePolicy(SPACE)
    logits = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(3)])
    score = DensityScore(logits, layer, **data)
    with pytest.raises(ValueError, match="`model` must return class probabilities"):
        score(candidate)
    data["labels"][-1] = CLASSES
    score = DensityScore(make_model(), layer, **data, scale=scaled)
    with pytest.raises(ValueError, match=r"probabilities of 4 classes at least.*\(11, 3\)"):
        score(candidate)
    images = keras.Sequential([keras.Input(SHAPE), keras.layers.ReLU()])
    with pytest.raises(ValueError, match=r"predictions of shape \(11, 6, 5, 2\)"):
        DensityScore(images, layer, **data)(candidate)


def test_a_policy_of_another_space_is_refused(data):
    score = DensityScore(make_model(), CandidatePolicy(SPACE), **data)
    with pytest.raises(ValueError, match="`policy` must have operations of"):
        score([[{"operation": "solarize", "probability": 1.0, "level": 3}]])
