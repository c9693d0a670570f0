"""What a step does to gradients and weights besides the optimizer's own update.

Keras' optimizers do some of this themselves, apart for each replica: clipping before the sum over
replicas, accumulation and overwriting in branches that no strategy of several replicas takes. The
step does it instead, in the same places of the formula.
"""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

if TYPE_CHECKING:
    from kerasbook.training.recipe import Recipe

_KERAS = ("clipnorm", "global_clipnorm", "clipvalue", "use_ema", "gradient_accumulation_steps")


@dataclasses.dataclass(frozen=True)
class StepSettings:
    """What is done besides the optimizer's update.

    Attributes:
        clip_norm: Greatest norm of all gradients together, or `None`.
        clip_each_norm: Greatest norm of each gradient, or `None`.
        clip_value: Greatest magnitude of each number in the gradients, or `None`.
        accumulation_steps: Number of parts, one after the other, that a replica's share of a batch
            is cut into: the update is that of the whole batch, the memory that of a part.
        ema_momentum: Momentum of the moving average of the weights, or `None` for none.
        ema_overwrite_every: Steps after which the averages take the weights' place, or `None`.
        steps_per_execution: Steps taken in one call.
        jit_compile: Whether to compile the forward and the backward pass with XLA.
    """

    clip_norm: float | None = None
    clip_each_norm: float | None = None
    clip_value: float | None = None
    accumulation_steps: int = 1
    ema_momentum: float | None = None
    ema_overwrite_every: int | None = None
    steps_per_execution: int = 1
    jit_compile: bool = False

    @classmethod
    def of_model(cls, model: keras.Model) -> "StepSettings":
        """Returns what a compiled model and its optimizer ask for."""
        optimizer = innermost(model.optimizer)
        return cls(
            clip_norm=optimizer.global_clipnorm,
            clip_each_norm=optimizer.clipnorm,
            clip_value=optimizer.clipvalue,
            accumulation_steps=optimizer.gradient_accumulation_steps or 1,
            ema_momentum=optimizer.ema_momentum if optimizer.use_ema else None,
            ema_overwrite_every=optimizer.ema_overwrite_frequency if optimizer.use_ema else None,
            steps_per_execution=model.steps_per_execution,
            jit_compile=bool(model.jit_compile),
        )

    @classmethod
    def of_recipe(cls, recipe: "Recipe") -> "StepSettings":
        """Returns what a recipe asks for."""
        return cls(
            **{
                name: getattr(recipe, name)
                for name in (
                    *("clip_norm", "accumulation_steps", "ema_momentum"),
                    *("steps_per_execution", "jit_compile"),
                )
            }
        )

    @property
    def clips(self) -> bool:
        """Whether gradients are clipped."""
        return any(v is not None for v in (self.clip_norm, self.clip_each_norm, self.clip_value))

    def clip(self, gradients: list[tf.Tensor], scale: tf.Tensor | float) -> list[tf.Tensor]:
        """Returns gradients, `scale` times as long as they should be, clipped."""
        if self.clip_each_norm is not None:
            return [tf.clip_by_norm(g, self.clip_each_norm * _like(scale, g)) for g in gradients]
        if self.clip_norm is not None:
            norm = self.clip_norm * _like(scale, gradients[0])
            return tf.clip_by_global_norm(gradients, norm)[0]
        if self.clip_value is not None:
            bounds = [self.clip_value * _like(scale, gradient) for gradient in gradients]
            return [
                tf.clip_by_value(gradient, -bound, bound)
                for gradient, bound in zip(gradients, bounds, strict=True)
            ]
        return gradients


def innermost(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Returns the optimizer within a `LossScaleOptimizer`, or the optimizer itself."""
    while isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = optimizer.inner_optimizer
    return optimizer


def loss_scale(optimizer: keras.optimizers.Optimizer) -> tf.Tensor | float:
    """Returns what the optimizer's `scale_loss` multiplies a loss with."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return tf.convert_to_tensor(optimizer.dynamic_scale.value)
    return optimizer.loss_scale_factor or 1.0


@contextlib.contextmanager
def plain(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Takes from an optimizer, for the length of a block, what the step does in its place."""
    optimizer = innermost(optimizer)
    before = {name: getattr(optimizer, name) for name in _KERAS}
    for name, value in before.items():
        setattr(optimizer, name, False if isinstance(value, bool) else None)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(optimizer, name, value)


def _like(number: tf.Tensor | float, tensor: tf.Tensor) -> tf.Tensor:
    return tf.cast(number, tensor.dtype)
