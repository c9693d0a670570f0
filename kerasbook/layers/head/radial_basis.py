"""Radial basis functions around centroids."""

import math

import keras
import numpy as np
from keras import initializers, ops

from kerasbook import ops as kernels
from kerasbook.arguments import one_of, positive_integer
from kerasbook.layers.arguments import boolean, number_of, static_channels
from kerasbook.layers.told import along_last_axis


@keras.saving.register_keras_serializable(package="kerasbook")
class RadialBasis(keras.layers.Layer):
    """Tells how close its inputs are to each of several centroids.

    `y_k = exp(-||x - c_k||^2 / (2 bandwidth^2))`, 1 at the centroid and near 0 a few bandwidths
    away. A dense layer behind it makes a radial basis function network. The greater the
    bandwidth, the smoother is what it learns.

    The centroids may be learned (as by default), fixed (`learn_centroids=False` with an
    initializer, for a grid `keras.initializers.Constant`), those of clusters of the data
    (`placement="fitted"` and `fit_centroids`), or the data themselves (the same, with as many
    centroids as samples). What is fitted may be learned on from there.

    Args:
        num_centroids: Number of centroids.
        bandwidth: Standard deviation of the bells, above 0, in the unit of the inputs; where it is
            learned, its first value.
        placement: `"initialized"` begins with `centroids_initializer`; `"fitted"` needs
            `fit_centroids` before the layer is called.
        learn_centroids: Whether training moves the centroids.
        learn_bandwidth: Whether each centroid learns a bandwidth of its own.
        centroids_initializer: Initializer of the centroids `(num_centroids, features)`; `None` is
            the standard normal distribution.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ..., features)` of rank 2 or more. Distances are taken in at
            least float32, and hold far from the origin.

    Returns:
        Tensor `(batch, ..., num_centroids)` in the layer's compute dtype, within [0, 1].

    Raises:
        ValueError: If an argument is out of its range, the features are unknown, or the layer is
            called before `fit_centroids`, which `placement="fitted"` asks for.

    Example:
        >>> layer = kerasbook.layers.RadialBasis(3, placement="fitted")
        >>> sums = layer.fit_centroids(np.array([[0.0], [1.0], [3.0]]))
        >>> np.asarray(layer(np.array([[1.0]], "float32"))).round(3)
        array([[0.607, 1.   , 0.135]], dtype=float32)

    Reference:
        Broomhead and Lowe, 1988, https://apps.dtic.mil/sti/citations/ADA196234; Murphy, 2022,
        section 13.6.1, https://probml.github.io/pml-book/book1.html
    """

    receptive_field_steps = along_last_axis

    def __init__(
        self,
        num_centroids,
        bandwidth=1.0,
        *,
        placement="initialized",
        learn_centroids=True,
        learn_bandwidth=False,
        centroids_initializer=None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)  # inputs stay as exact as they are
        self.num_centroids = positive_integer("num_centroids", num_centroids)
        self.bandwidth = number_of("bandwidth", bandwidth, "above 0", lambda number: number > 0)
        self.placement = one_of("placement", placement, ("initialized", "fitted"))
        self.learn_centroids = boolean("learn_centroids", learn_centroids)
        self.learn_bandwidth = boolean("learn_bandwidth", learn_bandwidth)
        self.centroids_initializer = initializers.get(centroids_initializer)
        self.supports_masking = True
        self._is_fitted = self.placement == "initialized"

    def build(self, input_shape):
        features = static_channels(input_shape, -1)
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: features})
        initializer = self.centroids_initializer or initializers.RandomNormal(stddev=1.0)
        if self.placement == "fitted":
            initializer = initializers.Constant(math.nan)  # which a loaded file replaces
        self.centroids = self.add_weight(
            name="centroids",
            shape=(self.num_centroids, features),
            initializer=initializer,
            trainable=self.learn_centroids,
            autocast=False,
        )
        if self.learn_bandwidth:
            self.log_bandwidth = self.add_weight(
                name="log_bandwidth",
                shape=(self.num_centroids,),
                initializer=initializers.Constant(math.log(self.bandwidth)),
                autocast=False,
            )

    def fit_centroids(self, data, *, num_iterations=100, tolerance=1e-6, seed=None):
        """Places the centroids in clusters of data by k-means++ and Lloyd's iterations.

        Args:
            data: Array `(samples, ..., features)`, at least as many rows as centroids; as many
                become the centroids themselves, in their order.
            num_iterations: Greatest number of iterations.
            tolerance: They end when the sum of squared distances falls by less than this share.
            seed: Integer seed; `None` draws a fresh one.

        Returns:
            List of the sums of squared distances to the nearest centroid, of the first centroids
            and after each iteration. It never rises.

        Raises:
            ValueError: If there are too few rows, other features than the layer has been built
                for, or numbers that are not finite.
        """
        data = np.asarray(data, "float64")
        if data.ndim < 2:
            raise ValueError(
                f"`data` must be (samples, ..., features). Received: data of shape {data.shape}"
            )
        rows = data.reshape(-1, data.shape[-1])
        if not self.built:
            self.build((None, *data.shape[1:]))
        if rows.shape[-1] != self.centroids.shape[-1]:
            raise ValueError(
                f"`data` must have {self.centroids.shape[-1]} features. "
                f"Received: data of shape {data.shape}"
            )
        if len(rows) < self.num_centroids:
            raise ValueError(
                f"`data` must have at least one sample for each of the {self.num_centroids} "
                f"centroids. Received: {len(rows)} samples"
            )
        if not np.isfinite(rows).all():
            raise ValueError(
                "`data` must be finite. Received: "
                f"{np.sum(~np.isfinite(rows))} of {rows.size} values that are not"
            )
        centroids, sums = kernels.k_means(
            rows, self.num_centroids, num_iterations=num_iterations, tolerance=tolerance, seed=seed
        )
        self.centroids.assign(centroids)
        return sums

    def call(self, inputs):
        self._require_centroids()
        dtype = keras.backend.result_type(self.variable_dtype, inputs.dtype, "float32")
        distances = kernels.squared_distances(
            ops.cast(inputs, dtype), ops.cast(self.centroids, dtype)
        )
        if self.learn_bandwidth:
            precision = ops.exp(-2 * ops.cast(self.log_bandwidth, dtype))
        else:
            precision = self.bandwidth**-2
        return ops.cast(ops.exp(-0.5 * precision * distances), self.compute_dtype)

    def _require_centroids(self):
        if self._is_fitted:
            return
        values = kernels.variable_at_hand(self.centroids)
        if values is not None:
            if np.isnan(values).any():
                raise ValueError(
                    f"`fit_centroids` must place the centroids of the layer {self.name!r}, or a "
                    "file of weights, before it is called. Received: placement='fitted' and no "
                    "centroids yet"
                )
            self._is_fitted = True

    def multiply_adds(self, input_shape, output_shape):
        """Returns those of the distances, for `kerasbook.analysis.cost`."""
        return math.prod(input_shape[:-1]) * math.prod(self.centroids.shape)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.num_centroids)

    def get_config(self):
        return {
            **super().get_config(),
            "num_centroids": self.num_centroids,
            "bandwidth": self.bandwidth,
            "placement": self.placement,
            "learn_centroids": self.learn_centroids,
            "learn_bandwidth": self.learn_bandwidth,
            "centroids_initializer": initializers.serialize(self.centroids_initializer)
            if self.centroids_initializer
            else None,
        }
