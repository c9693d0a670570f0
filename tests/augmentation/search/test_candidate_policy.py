"""A policy in variables: what AutoAugment does, without a trace for each candidate."""

import itertools

import keras
import numpy as np
import pytest
from helpers.pictures import natural
from keras import ops

from kerasbook.augmentation import Sequence, ShiftFlip
from kerasbook.augmentation.search import CandidatePolicy, PolicySpace, RandomSearch

SPACE = PolicySpace(("rotate", "invert", "cutout", "color"), 3, 2)


def as_array(tensor):
    return ops.convert_to_numpy(tensor)


def own_draws(drawn, layer, augment):
    """Returns the numbers of the layer's draws that `AutoAugment` of the same policy needs."""
    steps = drawn[:, 1:].reshape(len(drawn), layer.num_steps, -1)[..., : 2 + augment.num_chances]
    return np.concatenate([drawn[:, :1], steps.reshape(len(drawn), -1)], axis=1)


def test_does_what_auto_augment_does(rng):
    layer, images = CandidatePolicy(SPACE), natural(rng, 12)
    drawn = rng.random((12, layer.num_draws)).astype("float32")
    for candidate in RandomSearch(SPACE, seed=1).ask(4):
        layer.assign(candidate)
        augment = SPACE.augmentation_of(candidate.policy)
        assert layer.sub_policies == augment.sub_policies
        expected = augment.apply(images, own_draws(drawn, layer, augment))
        np.testing.assert_array_equal(as_array(layer.apply(images, drawn)), as_array(expected))


def test_does_nothing_before_a_policy_is_assigned(rng):
    images = natural(rng, 8)
    layer = CandidatePolicy(SPACE, seed=0)
    np.testing.assert_array_equal(as_array(layer(images, training=True)), images)
    layer.assign([[{"operation": "invert", "probability": 1.0, "level": None}]])
    np.testing.assert_array_equal(as_array(layer(images, training=True)), 255 - images)
    np.testing.assert_array_equal(as_array(layer(images)), images)  # not outside training


def test_fewer_sub_policies_are_repeated_and_shorter_ones_filled_up():
    layer = CandidatePolicy(SPACE)
    step = {"operation": "rotate", "probability": 0.5, "level": 9}
    layer.assign([[step]])
    assert layer.sub_policies == [[("rotate", 0.5, 1.0)]] * 3


class Counting(CandidatePolicy):
    """Counts how often its plan is traced."""

    traces = 0

    def plan(self, drawn, state):
        self.traces += 1
        return super().plan(drawn, state)


def test_another_candidate_is_no_other_trace(rng):
    images = natural(rng, 6)
    layer = Counting(SPACE, seed=0)
    model = keras.Sequential([keras.Input(images.shape[1:], dtype="uint8"), layer])
    whole = Sequence([ShiftFlip(0.1), layer])
    run = [lambda: layer(images, training=True), lambda: whole(images, training=True)]
    run.append(lambda: model(images, training=True))
    results, traces = [], []
    for candidate in RandomSearch(SPACE).ask(4):
        layer.assign(candidate)
        results.append([as_array(each()) for each in run])
        traces.append(layer.traces)
    assert len(set(traces)) == 1
    for one, other in itertools.pairwise(results):
        assert all((a != b).any() for a, b in zip(one, other, strict=True))


@pytest.mark.tensorflow
def test_a_pipeline_sees_another_candidate_at_once(rng):
    import tensorflow as tf

    images = natural(rng, 8)
    layer = Counting(SPACE)

    def augmented(index, image):
        return layer.apply(image, layer.draw(7, 0, index))

    pipeline = tf.data.Dataset.from_tensor_slices((np.arange(8), images)).batch(8).map(augmented)
    for candidate in RandomSearch(SPACE).ask(3):
        layer.assign(candidate)
        (found,) = pipeline.as_numpy_iterator()
        np.testing.assert_array_equal(found, layer.augment(images, seed=7, index=np.arange(8)))
        assert (found != images).any()
    assert layer.traces <= 2  # by the pipeline, and by itself


def test_its_policy_is_saved_with_the_model(tmp_path, rng):
    layer = CandidatePolicy(SPACE, value_range=(0, 1), ranges={"rotate": (0, 45)}, seed=3)
    (candidate,) = RandomSearch(SPACE).ask()
    layer.assign(candidate)
    model = keras.Sequential([keras.Input((16, 24, 3)), layer])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").layers[0]
    assert again.space == SPACE
    assert again.get_config() == layer.get_config()
    assert again.sub_policies == layer.sub_policies
    images = rng.random((4, 16, 24, 3)).astype("float32")
    drawn = rng.random((4, layer.num_draws)).astype("float32")
    np.testing.assert_array_equal(
        as_array(again.apply(images, drawn)), as_array(layer.apply(images, drawn))
    )


STEP = {"operation": "rotate", "probability": 0.5, "level": 4}


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ([[STEP], [STEP]], "must have 3 sub-policies, or a divisor.*Received: 2 of 1"),
        ([[STEP] * 3], "of 2 operations at most. Received: 1 of 3"),
        ([[STEP]] * 6, "Received: 6 of 1"),
        ([[{**STEP, "operation": "solarize"}]], "must have operations of .*'solarize'"),
        ([[{**STEP, "level": 10}]], r"`level` must be in \[0, 9\].*10"),
        ("cifar10", "list of sub-policies"),
    ],
)
def test_policies_of_another_space(policy, message):
    layer = CandidatePolicy(SPACE)
    layer.assign([[STEP]])
    before = layer.sub_policies
    with pytest.raises(ValueError, match=message):
        layer.assign(policy)
    assert layer.sub_policies == before
