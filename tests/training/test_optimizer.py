"""The optimizer of a recipe: its class, decay where it belongs, loss scaling, schedules."""

import keras
import numpy as np
import pytest

from kerasbook import layers
from kerasbook.training import OneCycle, Recipe, WarmupCosine
from kerasbook.training.optimizer import make_optimizer, make_schedule

RECIPE = Recipe(name="r", model="mlp", dataset="digits", epochs=4, learning_rate=0.1)


@pytest.mark.parametrize("name", ["adam", "adamw", "lion", "nadam", "rmsprop", "sgd"])
def test_every_optimizer_is_made(name):
    optimizer = make_optimizer(RECIPE.replace(optimizer=name), 10)
    assert type(optimizer).__name__.lower() == name
    assert float(optimizer.learning_rate) == pytest.approx(0.1)


def test_decay_pulls_at_kernels_alone():
    recipe = RECIPE.replace(optimizer="sgd", weight_decay=0.5)
    model = keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            layers.Conv2D(3, 2),
            layers.BatchNormalization(),
            keras.layers.Flatten(),
        ]
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(1, 2, w.shape) for w in model.weights])
    before = {w.path: w.numpy() for w in model.trainable_weights}
    optimizer = make_optimizer(recipe, 10)
    optimizer.apply([w * 0 for w in model.trainable_weights], model.trainable_weights)
    for weight in model.trainable_weights:
        factor = 1 - 0.1 * 0.5 if weight.name == "kernel" else 1
        np.testing.assert_allclose(weight.numpy(), before[weight.path] * factor, rtol=1e-6)


def test_float16_scales_the_loss():
    optimizer = make_optimizer(RECIPE.replace(precision="mixed_float16"), 10)
    assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)


def test_schedules():
    assert make_schedule(RECIPE, 10) == 0.1
    cosine = make_schedule(RECIPE.replace(schedule="cosine", warmup_epochs=0.5), 10)
    assert isinstance(cosine, WarmupCosine)
    assert (cosine.steps, cosine.warmup_steps, cosine.end) == (40, 5, 0.0)
    warm = make_schedule(RECIPE.replace(warmup_epochs=1), 10)
    assert float(warm(0)) == pytest.approx(0.01)
    assert float(warm(39)) == pytest.approx(0.1)
    cycle = make_schedule(RECIPE.replace(schedule="one_cycle", warmup_epochs=2), 10)
    assert isinstance(cycle, OneCycle)
    assert cycle.rise_steps == 20
    assert make_schedule(RECIPE.replace(epochs=1, schedule="one_cycle"), 1) == 0.1


def test_cycles_fall_again_and_again():
    schedule = make_schedule(RECIPE.replace(schedule="cosine", epochs=6, cycles=3), 10)
    steps = np.arange(60)
    expected = 0.1 / 2 * (1 + np.cos(np.pi * (steps % 20) / 20))
    np.testing.assert_allclose([float(schedule(s)) for s in steps], expected, rtol=1e-4, atol=1e-7)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="must leave clipping, averaging and accumulation alone"):
        make_optimizer(RECIPE.replace(optimizer_arguments={"clipnorm": 1.0}), 10)
    with pytest.raises(ValueError, match="`optimizer_arguments` must suit 'adam'.*momentum"):
        make_optimizer(RECIPE.replace(optimizer_arguments={"momentum": 0.9}), 10)
