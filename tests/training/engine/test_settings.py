"""Settings: read from recipes and from optimizers, which leave to the step what it does."""

import keras
import numpy as np
import tensorflow as tf

from kerasbook import recipes
from kerasbook.training.engine.settings import StepSettings, innermost, loss_scale, plain


def test_of_a_recipe_and_of_a_compiled_model():
    recipe = recipes.get_recipe("digits_lenet5").replace(
        clip_norm=2.0, accumulation_steps=3, ema_momentum=0.9, steps_per_execution=4
    )
    assert StepSettings.of_recipe(recipe) == StepSettings(
        clip_norm=2.0, accumulation_steps=3, ema_momentum=0.9, steps_per_execution=4
    )
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(), "mse", steps_per_execution=2, jit_compile=True)
    assert StepSettings.of_model(model) == StepSettings(steps_per_execution=2, jit_compile=True)
    optimizer = keras.optimizers.Adam(
        clipvalue=0.5,
        use_ema=True,
        ema_momentum=0.8,
        ema_overwrite_frequency=7,
        gradient_accumulation_steps=5,
    )
    model.compile(keras.optimizers.LossScaleOptimizer(optimizer), "mse", jit_compile=False)
    assert StepSettings.of_model(model) == StepSettings(
        clip_value=0.5, accumulation_steps=5, ema_momentum=0.8, ema_overwrite_every=7
    )


def test_an_optimizer_is_plain_for_a_block_only():
    arguments = {"global_clipnorm": 1.0, "use_ema": True, "gradient_accumulation_steps": 2}
    optimizer = keras.optimizers.SGD(**arguments)
    with plain(keras.optimizers.LossScaleOptimizer(optimizer)):
        assert optimizer.global_clipnorm is None
        assert optimizer.use_ema is False
        assert optimizer.gradient_accumulation_steps is None
    assert {name: getattr(optimizer, name) for name in arguments} == arguments


def test_clipping_against_its_definition(rng):
    gradients = [tf.constant(rng.normal(size=shape)) for shape in ((3, 4), (5,))]
    arrays = [gradient.numpy() for gradient in gradients]
    norm = np.sqrt(sum((a**2).sum() for a in arrays))
    scale = 8.0  # as long as gradients of a scaled loss are
    for settings, expected in (
        (StepSettings(), arrays),
        (StepSettings(clip_norm=0.1), [a * 0.8 / norm for a in arrays]),
        (StepSettings(clip_norm=1e3), arrays),
        (StepSettings(clip_each_norm=0.1), [a * 0.8 / np.sqrt((a**2).sum()) for a in arrays]),
        (StepSettings(clip_value=0.1), [np.clip(a, -0.8, 0.8) for a in arrays]),
    ):
        assert settings.clips == (settings != StepSettings())
        for a, b in zip(settings.clip(gradients, scale), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)


def test_the_scale_of_losses():
    assert loss_scale(keras.optimizers.SGD()) == 1
    assert loss_scale(keras.optimizers.SGD(loss_scale_factor=4.0)) == 4
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(), initial_scale=64.0)
    optimizer.build([keras.Variable([1.0])])
    assert float(loss_scale(optimizer)) == 64
    assert isinstance(innermost(optimizer), keras.optimizers.SGD)
