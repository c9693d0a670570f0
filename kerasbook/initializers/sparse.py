"""Starting values of which most are zero."""

import math

import keras
from keras import ops

from kerasbook.arguments import positive_integer


@keras.saving.register_keras_serializable(package="kerasbook")
class Sparse(keras.initializers.RandomNormal):
    """Gives every unit the same small number of incoming weights; the others are zero.

    Of the `fan_in` weights of each unit, `num_connections` are drawn without replacement, and
    these from `N(0, stddev^2)`. A unit's total input thus does not grow with the layer before
    it, and the units differ by what they see.

    Args:
        num_connections: Number of nonzero weights into each unit, from 1 to the fan-in.
        stddev: Standard deviation of the nonzero weights, above 0.
        seed: Integer or `keras.random.SeedGenerator`; `None` draws a fresh one. One integer
            gives the same values again.

    Call arguments:
        shape: Shape of the kernel, the units (or filters) last; the product of all other axes
            is the fan-in, `kernel_height * kernel_width * channels` for a convolution.
        dtype: Floating-point dtype of the values; `None` takes Keras' setting.

    Raises:
        ValueError: If an argument is out of range, or, when called, if the shape has fewer than
            two axes or a fan-in below `num_connections`.

    Example:
        >>> initializer = kerasbook.initializers.Sparse(num_connections=10, seed=0)
        >>> kernel = np.asarray(initializer((784, 100)))
        >>> sorted(set((kernel != 0).sum(axis=0).tolist()))
        [10]

    Reference:
        Martens, 2010, section 5, https://www.cs.toronto.edu/~jmartens/docs/Deep_HessianFree.pdf,
        with 15 connections and a standard deviation of 1. The paper counts what comes into a
        unit, and so do we; some textbooks speak of 10 connections from each unit to the next
        layer, which would leave units there with none.
    """

    def __init__(self, num_connections=10, stddev=0.01, *, seed=None):
        positive_integer("num_connections", num_connections)
        if isinstance(stddev, bool) or not isinstance(stddev, (int, float)) or not stddev > 0:
            raise ValueError(f"`stddev` must be above 0. Received: stddev={stddev!r}")
        super().__init__(stddev=stddev, seed=seed)
        self.num_connections = num_connections

    def __call__(self, shape, dtype=None):
        shape, dtype = tuple(shape), dtype or keras.config.floatx()
        fan_in = math.prod(shape[:-1])
        if len(shape) < 2 or fan_in < self.num_connections:
            raise ValueError(
                "`num_connections` must not be larger than the fan-in, the product of all axes "
                f"but the last. Received: num_connections={self.num_connections}, shape={shape}"
            )
        count, units = self.num_connections, shape[-1]
        # One draw for both: two with one seed would tie the weights to the places they take.
        draws = super().__call__((units, fan_in + count), "float32")
        scores, values = draws[:, :fan_in], draws[:, fan_in:]
        rows = ops.reshape(ops.top_k(scores, count)[1], (-1,))
        columns = ops.repeat(ops.arange(units, dtype=rows.dtype), count)
        places = ops.stack([rows, columns], axis=1)
        kernel = ops.scatter(places, ops.reshape(values, (-1,)), (fan_in, units))
        return ops.cast(ops.reshape(kernel, shape), dtype)

    def get_config(self):
        return {
            "num_connections": self.num_connections,
            "stddev": self.stddev,
            "seed": super().get_config()["seed"],
        }
