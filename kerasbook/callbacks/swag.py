"""Moments of the weights on the last part of training's way, to draw weights from."""

import keras
import numpy as np

from kerasbook.arguments import natural_number, positive_integer
from kerasbook.layers.arguments import number_of


class SWAG(keras.callbacks.Callback):
    """Collects the mean and the covariance of the trainable weights over epochs' ends (SWAG).

    Of the weights `w_1, ..., w_n` it keeps the mean `m`, the variances `v` of each weight, and the
    last `k` deviations `d_i = w_i - m_i` from the running mean. A sample of the weights is

    `w = m + scale (sqrt(v / 2) z + (d_1 e_1 + ... + d_k e_k) / sqrt(2 (k - 1)))`

    with standard normal `z` and `e`, whose covariance is half the diagonal of the variances and
    half the low-rank one of the deviations. Train to near the optimum, then go on at a constant
    rate high enough to wander about it. `kerasbook.evaluation.swag_predict` averages the
    predictions of samples.

    The moments are held in the host's memory, `2 + k / 2` float64 numbers a weight. They begin anew
    with every training; a run of `kerasbook.training` that is resumed goes on with them.

    Args:
        start_epoch: The first epoch whose end counts, from 0.
        rank: Number of deviations kept, the `k` of the formula, at least 2.
        period: Number of epochs from one to the next that counts.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.1), "mse")
        >>> swag = kerasbook.callbacks.SWAG(start_epoch=5, rank=4)
        >>> x = np.array([[0, 1], [1, 0], [1, 1]], "float32")
        >>> _ = model.fit(x, x.sum(1), epochs=10, callbacks=[swag], verbose=0)
        >>> swag.count
        5
        >>> [weight.shape for weight in swag.apply(swag.draw(seed=1))]
        [(2, 1), (1,)]

    Reference:
        Maddox et al., 2019, section 3.3, https://arxiv.org/abs/1902.02476
    """

    def __init__(self, start_epoch, *, rank=20, period=1):
        super().__init__()
        self.start_epoch = natural_number("start_epoch", start_epoch)
        self.rank = positive_integer("rank", rank)
        if rank < 2:
            raise ValueError(f"`rank` must be at least 2. Received: rank={rank}")
        self.period = positive_integer("period", period)
        self._forget()

    def _forget(self):
        self.count = 0
        self.mean = self.squares = None
        self.deviations = []
        self.shapes = []

    def on_train_begin(self, logs=None):
        self._forget()

    def on_epoch_end(self, epoch, logs=None):
        if epoch >= self.start_epoch and (epoch - self.start_epoch) % self.period == 0:
            self.collect()

    def collect(self):
        """Adds the model's weights as they are."""
        values = [keras.ops.convert_to_numpy(v) for v in self.model.trainable_variables]
        weights = np.concatenate([value.astype("float64").ravel() for value in values])
        if not self.count:
            self.shapes = [list(value.shape) for value in values]
            self.mean, self.squares = np.zeros_like(weights), np.zeros_like(weights)
        self.count += 1
        before = weights - self.mean
        self.mean = self.mean + before / self.count
        after = weights - self.mean
        self.squares = self.squares + before * after  # of all deviations from the last mean
        self.deviations = [*self.deviations[1 - self.rank :], after.astype("float32")]

    def variances(self):
        """Returns the variance of each weight over what was collected, a vector."""
        self._require_collected()
        return self.squares / self.count

    def draw(self, seed=None):
        """Draws standard normal numbers: one for each weight, and one for each deviation.

        Args:
            seed: Integer, NumPy generator, or `None` for fresh numbers.
        """
        self._require_collected()
        generator = np.random.default_rng(seed)
        return generator.normal(size=len(self.mean)), generator.normal(size=len(self.deviations))

    def apply(self, draws, scale=1.0):
        """Returns the weights of a sample.

        Args:
            draws: What `draw` returned.
            scale: Factor of the deviations, at least 0; with 0 the weights are the mean.

        Returns:
            List of float64 arrays, one for each of the model's `trainable_variables`.
        """
        number_of("scale", scale, "at least 0", lambda v: v >= 0)
        diagonal, low_rank = draws
        change = np.sqrt(self.variances() / 2) * diagonal
        factor = 1 / np.sqrt(2 * (len(self.deviations) - 1))
        for number, deviation in zip(low_rank, self.deviations, strict=True):
            change += factor * number * deviation
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        parts = np.split(self.mean + scale * change, np.cumsum(sizes)[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def _require_collected(self):
        if self.count < 2:
            raise ValueError(
                "SWAG must have collected the weights of 2 epochs' ends at least. Received: "
                f"{self.count} of them, with start_epoch={self.start_epoch}, period={self.period}"
            )
