"""Learning rates as functions of the step, serialisable with the optimizer."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasbook")
class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly to the peak, then falls along half a cosine.

    `peak * (t + 1) / warmup_steps` for `t < warmup_steps`, then
    `end + (peak - end) * (1 + cos(pi * (t - warmup_steps) / (steps - warmup_steps))) / 2`.

    Args:
        peak: Greatest learning rate.
        steps: Number of steps in all.
        warmup_steps: Steps of the rise, fewer than `steps`.
        end: Learning rate at the end.

    Raises:
        ValueError: If `warmup_steps` is not below `steps`.

    Reference:
        Loshchilov and Hutter, 2017, equation 5, https://arxiv.org/abs/1608.03983; the rise:
        Goyal et al., 2017, section 2.2, https://arxiv.org/abs/1706.02677
    """

    def __init__(self, peak, steps, *, warmup_steps=0, end=0.0):
        super().__init__()
        if not 0 <= warmup_steps < steps:
            raise ValueError(
                "`warmup_steps` must be at least 0 and below `steps`. "
                f"Received: warmup_steps={warmup_steps}, steps={steps}"
            )
        self.peak = peak
        self.steps = steps
        self.warmup_steps = warmup_steps
        self.end = end

    def __call__(self, step):
        step = ops.cast(step, "float32")
        rise = self.peak * (step + 1) / max(self.warmup_steps, 1)
        progress = (step - self.warmup_steps) / (self.steps - self.warmup_steps)
        wave = (1 + ops.cos(math.pi * ops.clip(progress, 0.0, 1.0))) / 2
        fall = self.end + (self.peak - self.end) * wave
        return ops.where(step < self.warmup_steps, rise, fall)

    def get_config(self):
        return {
            "peak": self.peak,
            "steps": self.steps,
            "warmup_steps": self.warmup_steps,
            "end": self.end,
        }


@keras.saving.register_keras_serializable(package="kerasbook")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Rises along half a cosine to the peak, then falls along another far below the start.

    From `peak / start_divisor` at step 0 to `peak` at step `rise_steps`, and on to
    `peak / start_divisor / end_divisor` at the last step.

    Args:
        peak: Greatest learning rate.
        steps: Number of steps in all, at least 2.
        rise_steps: Steps of the rise; `None` takes three tenths of all.
        start_divisor: How far below the peak the schedule starts.
        end_divisor: How far below its start it ends.

    Raises:
        ValueError: If `rise_steps` is not between 1 and `steps - 1`.

    Reference:
        Smith and Topin, 2018, section 3, https://arxiv.org/abs/1708.07120. The paper's lines
        are cosines here, as is now usual.
    """

    def __init__(self, peak, steps, *, rise_steps=None, start_divisor=25.0, end_divisor=1e4):
        super().__init__()
        rise = max(1, round(0.3 * steps)) if rise_steps is None else rise_steps
        if not 1 <= rise < steps:
            raise ValueError(
                "`rise_steps` must be between 1 and `steps - 1`. "
                f"Received: rise_steps={rise_steps}, steps={steps}"
            )
        self.peak = peak
        self.steps = steps
        self.rise_steps = rise_steps
        self.start_divisor = start_divisor
        self.end_divisor = end_divisor
        self._rise = rise

    def __call__(self, step):
        step = ops.cast(step, "float32")
        start = self.peak / self.start_divisor
        end = start / self.end_divisor
        up = _half_cosine(start, self.peak, step / self._rise)
        down = _half_cosine(
            self.peak, end, (step - self._rise) / (self.steps - 1 - self._rise + 1e-9)
        )
        return ops.where(step < self._rise, up, down)

    def get_config(self):
        return {
            "peak": self.peak,
            "steps": self.steps,
            "rise_steps": self.rise_steps,
            "start_divisor": self.start_divisor,
            "end_divisor": self.end_divisor,
        }


@keras.saving.register_keras_serializable(package="kerasbook")
class Scaled(keras.optimizers.schedules.LearningRateSchedule):
    """Another schedule, multiplied with a number.

    Args:
        schedule: The `keras.optimizers.schedules.LearningRateSchedule`.
        factor: The number.
    """

    def __init__(self, schedule, factor):
        super().__init__()
        self.schedule = schedule
        self.factor = factor

    def __call__(self, step):
        return self.schedule(step) * self.factor

    def get_config(self):
        return {
            "schedule": keras.optimizers.schedules.serialize(self.schedule),
            "factor": self.factor,
        }

    @classmethod
    def from_config(cls, config):
        schedule = keras.optimizers.schedules.deserialize(config["schedule"])
        return cls(schedule, config["factor"])


def _half_cosine(start, end, progress):
    return end + (start - end) * (1 + ops.cos(math.pi * ops.clip(progress, 0.0, 1.0))) / 2
