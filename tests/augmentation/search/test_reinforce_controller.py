"""Reinforced search against NumPy, on planted truths, stopped and gone on with, in training."""

import json

import keras
import numpy as np
import pytest
from helpers import controller_definition as definition
from keras import ops

from kerasbook.augmentation.search import PolicySpace, RandomSearch, ReinforceController
from kerasbook.augmentation.search.controller import controller_of
from kerasbook.augmentation.search.reinforce_controller import (
    adam_ascent,
    clipped_objective,
    ppo_objective,
    reinforce_objective,
)
from kerasbook.ops import value_and_gradients
from kerasbook.testing import two_replicas

SMALL = PolicySpace(("rotate", "invert", "cutout", "color"), 1, 2, 3, 2)  # 6 tokens
LENGTH = 6


def make(**arguments):
    return ReinforceController(SMALL, **{"seed": 3, "units": 4, "batch_size": 3, **arguments})


def reward_of(tokens):
    """A known function of tokens, no two neighbours of the same value."""
    return float(np.sin(1 + np.ravel(tokens) @ [1, 2, 3, 4, 5, 6]))


def told(search, count):
    """Asks for so many candidates and tells their rewards."""
    for _ in range(count):
        (candidate,) = search.ask()
        search.tell(candidate, reward_of(search.trials[candidate.number].tokens))
    return search


def weights_of(search):
    return [w.copy() for w in search._weights]


def assert_same(arrays, others):
    for a, b in zip(arrays, others, strict=True):
        np.testing.assert_array_equal(a, b)


def assert_near(arrays, others):
    assert max(np.abs(b).max() for b in others) > 0.01
    for a, b in zip(arrays, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize("advantage", [-2.0, 2.0])
@pytest.mark.parametrize("ratio", [0.5, 0.79, 0.81, 1.0, 1.19, 1.21, 3.0])
def test_clipped_ratio(ratio, advantage):
    old = np.float32(-1.5)
    value, (slope,) = value_and_gradients(
        lambda v: ppo_objective(v[0], old, np.float32(advantage), 0.2),
        [ops.convert_to_tensor(np.float32(old + np.log(ratio)))],
    )
    inside = min(max(ratio, 0.8), 1.2)
    assert float(value) == pytest.approx(min(ratio * advantage, inside * advantage), rel=1e-5)
    clipped = ratio > 1.2 if advantage > 0 else ratio < 0.8
    # The slope of the ratio with respect to log p is the ratio itself.
    assert float(slope) == pytest.approx(0 if clipped else ratio * advantage, rel=1e-5)


def test_without_a_clip_the_gradient_is_the_advantage():
    values = [ops.convert_to_tensor(np.array([-1.0, -2.0], "float32"))]
    advantages = np.array([3.0, -0.5], "float32")
    function = lambda v: ops.sum(ppo_objective(v[0], 0.0, advantages, None))  # noqa: E731
    value, (slopes,) = value_and_gradients(function, values)
    assert float(value) == pytest.approx(-2)
    np.testing.assert_allclose(ops.convert_to_numpy(slopes), advantages)


@pytest.mark.parametrize("clip", [0.2, None])
def test_gradient_of_the_objective(clip, rng):
    controller = controller_of(SMALL.sizes, LENGTH, 4)
    weights = [w * 5 for w in controller.initial_weights(0)]
    tokens = np.array([SMALL.draw(rng).ravel() for _ in range(3)], "int32")
    log_probs, entropies = definition.log_probabilities(weights, SMALL.sizes, tokens)
    # Ratios on both sides of the clip, none so near that a difference would cross it.
    ratios = rng.choice([0.5, 0.75, 0.9, 1.1, 1.3, 2.0], size=log_probs.shape)
    old = (log_probs - np.log(ratios)).astype("float32")
    advantages = np.array([[1.5], [-1.0], [-2.0]], "float32")
    function = reinforce_objective if clip is None else clipped_objective
    numbers = np.float32(clip or 0)
    for weight in (0.0, 0.3):
        arguments = tokens, old, advantages, numbers, np.float32(weight)
        expected = definition.objective(
            weights, SMALL.sizes, tokens, old, advantages[:, 0], clip, weight
        )
        tensors = [ops.convert_to_tensor(w) for w in weights]
        value = float(function(controller, tensors, *arguments))
        assert value == pytest.approx(expected, rel=1e-4)
        slopes = definition.gradients(
            lambda w, weight=weight: definition.objective(
                w, SMALL.sizes, tokens, old, advantages[:, 0], clip, weight
            ),
            weights,
        )
        assert_near(controller.gradients(function, weights, *arguments), slopes)
    assert entropies.sum() > 1


def test_one_pass_without_a_clip_is_reinforce_with_a_baseline():
    """The first averages of Adam are `0.1 g` and then `0.9 * 0.1 g + 0.1 g'`."""
    search = make(num_passes=1, clip=None, entropy_weight=0.0, baseline_decay=0.8)
    first = weights_of(search)
    told(search, 3)
    second = weights_of(search)
    slopes = [m / 0.1 for m, _ in search._moments]
    told(search, 3)
    later = [(m - 0.09 * g) / 0.1 for (m, _), g in zip(search._moments, slopes, strict=True)]
    rewards = [trial.reward for trial in search.trials]
    baseline = np.mean(rewards[:3])
    for weights, result, begin in ((first, slopes, 0), (second, later, 3)):
        batch = search.trials[begin : begin + 3]
        advantages = [trial.reward - baseline for trial in batch]
        tokens = np.array([trial.tokens.ravel() for trial in batch])
        expected = definition.gradients(
            lambda w, tokens=tokens, advantages=advantages: np.mean(
                advantages * definition.log_probabilities(w, SMALL.sizes, tokens)[0].sum(1)
            ),
            weights,
        )
        assert_near(result, expected)
        for trial in batch:
            baseline = 0.8 * baseline + 0.2 * trial.reward
    assert search._baseline == pytest.approx(baseline)


def test_the_ratio_is_to_the_weights_a_candidate_was_drawn_from():
    search = make(batch_size=1, num_passes=1, learning_rate=0.1, entropy_weight=0.0, clip=0.9)
    first, second, third = search.ask(3)
    drawn_from = weights_of(search)
    search.tell(third, 1.0)  # the baseline is its own reward: nothing to learn
    assert_same(weights_of(search), drawn_from)
    search.tell(first, 2.0)
    moved, before = weights_of(search), [m for m, _ in search._moments]
    tokens = search.trials[second.number].tokens.reshape(1, -1)
    old, _ = definition.log_probabilities(drawn_from, SMALL.sizes, tokens)
    now, _ = definition.log_probabilities(moved, SMALL.sizes, tokens)
    assert np.abs(np.exp(now - old) - 1).max() > 0.1
    baseline = search._baseline
    search.tell(second, 3.0)
    slopes = [(m - 0.9 * b) / 0.1 for (m, _), b in zip(search._moments, before, strict=True)]
    expected = definition.gradients(
        lambda w: definition.objective(w, SMALL.sizes, tokens, old, [3 - baseline], 0.9, 0),
        moved,
    )
    assert_near(slopes, expected)


def test_adam(rng):
    weights = [rng.normal(size=3).astype("float32")]
    moments = [(np.zeros(3, "float32"), np.zeros(3, "float32"))]
    x, m, v = weights[0].astype("float64"), 0, 0
    for step in range(1, 4):
        slopes = rng.normal(size=3).astype("float32")
        weights, moments = adam_ascent(weights, [slopes], moments, step, 0.1)
        m, v = 0.9 * m + 0.1 * slopes, 0.999 * v + 0.001 * slopes.astype("float64") ** 2
        x = x + 0.1 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        np.testing.assert_allclose(weights[0], x, rtol=1e-4)
    assert weights[0].dtype == "float32"


def test_a_reward_beyond_float32_changes_nothing():
    search = make()
    before = weights_of(search)
    for reward in (0.0, 1e60, 2e60):
        (candidate,) = search.ask()
        search.tell(candidate, reward)
    assert_same(weights_of(search), before)


def test_a_failed_trial_teaches_nothing():
    search, other = make(), make()
    told(search, 2)
    told(other, 2)
    (candidate,) = search.ask()
    before = weights_of(search)
    search.tell(candidate, float("nan"))
    assert_same(weights_of(search), before)
    # The batch still lacks one: it is that of the next candidate that completes it.
    told(search, 1)
    assert any(not np.array_equal(a, b) for a, b in zip(search._weights, before, strict=True))
    assert search._baseline == pytest.approx(
        np.mean([search.trials[n].reward for n in (0, 1, 3)]), abs=0.2
    )


def test_weights_change_once_for_each_batch():
    search = make()
    changes = []
    for _ in range(7):
        before = weights_of(search)
        told(search, 1)
        changes.append(not np.array_equal(before[0], search._weights[0]))
    assert changes == [False, False, True, False, False, True, False]


def test_restored_in_the_middle_of_a_batch():
    search = told(make(), 8)
    pending = search.ask(3)
    search.tell(pending[1], 0.25)
    state = json.loads(json.dumps(search.state()))
    other = make()
    other.restore(state)
    assert other.ask(2) == search.ask(2)
    assert_same(weights_of(other), weights_of(search))
    told(search, 9)
    told(other, 9)
    assert [t.candidate for t in other.trials] == [t.candidate for t in search.trials]
    assert_same(weights_of(other), weights_of(search))
    assert other.state() == search.state()


def test_told_in_another_order():
    """All are drawn from the same weights; the batches are told in another order."""
    search, other, in_order = make(), make(), make()
    candidates = search.ask(6)
    for number in (4, 0, 3, 1, 5, 2):
        search.tell(candidates[number], reward_of(search.trials[number].tokens))
    other.restore(search.state())
    assert other.ask() == search.ask()
    assert_same(weights_of(other), weights_of(search))
    assert in_order.ask(6) == candidates
    told(in_order, 6)
    assert not np.array_equal(in_order._weights[0], search._weights[0])


def test_candidates_differ_by_number_and_seed():
    policies = {json.dumps(c.policy) for seed in range(4) for c in make(seed=seed).ask(4)}
    assert len(policies) > 12


PLANTED = PolicySpace(("rotate", "invert", "cutout", "color", "equalize"), 1, 2, 5, 5)
TRIALS = 300


@pytest.fixture(scope="module")
def target():
    return PLANTED.draw(np.random.default_rng(7))


def rewards_of(search, target, trials=TRIALS):
    for _ in range(trials):
        (candidate,) = search.ask()
        search.tell(candidate, np.mean(search.trials[candidate.number].tokens == target))
    return np.array([trial.reward for trial in search.trials])


@pytest.mark.parametrize("seed", [0, 1])
def test_finds_a_planted_maximum(seed, target):
    """The reward is the share of tokens that equal hidden ones: 1 policy of 15,625 has them all."""
    search = ReinforceController(PLANTED, seed=seed)
    rewards = rewards_of(search, target)
    assert rewards[:50].mean() < 0.4
    assert rewards[-50:].mean() > 0.9
    np.testing.assert_array_equal(search.best.tokens, target)
    blind = rewards_of(RandomSearch(PLANTED, seed=seed), target)
    assert blind.max() < 1
    assert blind[-50:].mean() < 0.4


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("units", 0, "a positive integer"),
        ("learning_rate", 0, "a number above 0"),
        ("learning_rate", float("nan"), "a number above 0"),
        ("batch_size", 2.0, "a positive integer"),
        ("num_passes", 0, "a positive integer"),
        ("clip", 0, r"a number in \(0, 1\), or None"),
        ("clip", 1.0, r"a number in \(0, 1\), or None"),
        ("entropy_weight", -0.1, "a number of at least 0"),
        ("baseline_decay", 1, r"a number in \[0, 1\)"),
        ("baseline_decay", "0.9", r"a number in \[0, 1\)"),
        ("seed", -1, "an integer of at least 0"),
    ],
)
def test_bad_arguments(name, value, rule):
    with pytest.raises(ValueError, match=f"`{name}` must be {rule}. Received: {name}="):
        make(**{name: value})


def test_arguments_are_kept():
    arguments = {"learning_rate": 0.1, "num_passes": 2, "clip": None, "baseline_decay": 0.5}
    search = make(**arguments)
    assert search.arguments == {
        "seed": 3,
        "units": 4,
        "batch_size": 3,
        "entropy_weight": search.entropy_weight,
        **arguments,
    }


class AsksAndTells(keras.callbacks.Callback):
    """Asks when an epoch begins and tells when it ends."""

    def __init__(self, search):
        super().__init__()
        self.search = search

    def on_epoch_begin(self, epoch, logs=None):
        (self.candidate,) = self.search.ask()

    def on_epoch_end(self, epoch, logs=None):
        tokens = self.search.trials[self.candidate.number].tokens
        self.search.tell(self.candidate, reward_of(tokens))


def fitted(callback):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    x = np.ones((6, 2), "float32")
    model.fit(x, x[:, :1], batch_size=2, epochs=7, callbacks=[callback], verbose=0)


def test_in_training():
    search = make()
    fitted(AsksAndTells(search))
    expected = told(make(), 7)
    assert search.ask() == expected.ask()
    assert_same(weights_of(search), weights_of(expected))


@pytest.mark.tensorflow
def test_in_the_scope_of_two_replicas():
    expected = told(make(), 4)
    controller_of.cache_clear()  # the network is built where its variables would be mirrored
    with two_replicas().scope():
        search = told(make(), 4)
        assert search.ask() == expected.ask()
        assert_same(weights_of(search), weights_of(expected))


@pytest.mark.tensorflow
@pytest.mark.slow("traces a model's step on two replicas; their scope alone is tested above")
def test_in_training_on_two_replicas():
    import tensorflow as tf

    expected = told(make(), 7)
    controller_of.cache_clear()  # the network is built where its variables would be mirrored
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        search = make()
        fitted(AsksAndTells(search))
        assert search.ask() == expected.ask()
        assert_same(weights_of(search), weights_of(expected))
