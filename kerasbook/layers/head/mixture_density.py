"""A head that returns a mixture of densities for each output."""

import keras
import numpy as np
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.head.density_head import DensityHead


@keras.saving.register_keras_serializable(package="kerasbook")
class MixtureDensity(DensityHead):
    """Returns a mixture of distributions: several answers, how probable and how sure each is.

    `p(y | x) = sum_k w_k(x) f((y - location_k(x)) / scale_k(x))`, its weights a softmax, locations
    affine in `x` and scales `min_scale + softplus(affine)`. To train it, compile the model with
    `kerasbook.losses.MixtureNegativeLogLikelihood` of the same `num_components`, `covariance`,
    `family` and `degrees_of_freedom`.

    `covariance="diagonal"` gives each output of a component a scale of its own, `"isotropic"` all
    of them one, and in both they are independent within a component. `"full"` correlates them by a
    matrix `L L^T`, `L` a lower triangle with a positive diagonal: the covariance of a normal
    distribution, the scale matrix of a multivariate Student's t. Laplace and logistic densities
    have no such form that is agreed on. A scale is the family's own, as in `scipy.stats`: the
    standard deviation of a normal distribution alone.

    Args:
        output_size: How many numbers are predicted together.
        num_components: Components of the mixture.
        covariance: `"diagonal"`, `"full"` or `"isotropic"`.
        family: `"normal"`, `"laplace"`, `"student_t"` or `"logistic"`.
        degrees_of_freedom: Of Student's t, above 0, not learned; the other families have none.
        **kwargs: All further arguments of `GaussianHead`: `min_scale`, which scales and the
            diagonal of `L` cannot fall below, `use_bias`, the initializers, regularizers and
            constraints, and those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, ..., features)` of rank 2 or more.

    Returns:
        Tensor `(batch, ..., n)` in float32 whatever the policy: the logits of the weights (none if
        there is one component), then locations, then scales, `L` by rows. The methods `split`,
        `mean`, `mode`, `variance`, `log_prob`, `cdf` and `sample` take it.

    Raises:
        ValueError: If an argument is not as described, the family has no full covariance, or the
            features are unknown.

    Example:
        >>> head = kerasbook.layers.MixtureDensity(1, 2)
        >>> output = head.pack([[0.3, 0.7]], [[[-1.0], [2.0]]], [[[0.1], [0.2]]])
        >>> np.asarray(head.mean(output)).round(3), np.asarray(head.mode(output)).round(3)
        (array([[1.1]], dtype=float32), array([[2.]], dtype=float32))
        >>> tuple(head(np.ones((4, 9, 3), "float32")).shape)
        (4, 9, 6)

    Reference:
        Bishop, 1994, https://publications.aston.ac.uk/id/eprint/373/. His components are
        isotropic and their scale an exponential.
    """

    def __init__(
        self,
        output_size,
        num_components,
        *,
        covariance="diagonal",
        family="normal",
        degrees_of_freedom=5.0,
        **kwargs,
    ):
        super().__init__(output_size, **kwargs)
        self.mixture = kernels.Mixture(
            output_size, num_components, covariance, family, degrees_of_freedom
        )
        self.num_components = num_components
        self.covariance = covariance
        self.family = family
        self.degrees_of_freedom = degrees_of_freedom

    def split(self, output):
        """Returns weights, locations and scales, or covariances if full.

        Returns:
            Weights `(..., components)`, locations `(..., components, output_size)`, and scales of
            the same shape; with 1 in the place of `output_size` if isotropic; or the matrices
            `L L^T`, `(..., components, output_size, output_size)`, if full.
        """
        log_weights, locations, scales = self.mixture.parts(self.packed(output))
        if self.mixture.is_full:
            scales = ops.matmul(scales, ops.swapaxes(scales, -1, -2))
        return ops.exp(log_weights), locations, scales

    def pack(self, weights, locations, scales):
        """Packs arrays of given parameters as the head does; the inverse of `split`.

        Args:
            weights: Array `(..., components)`, not negative, their sums 1.
            locations: Array `(..., components, output_size)`.
            scales: Array as `split` returns it, scales above 0; if full, covariances that have a
                Cholesky factor, which are those that are symmetric and positive definite.

        Returns:
            Float32 tensor, packed.

        Raises:
            ValueError: If an array is not so.
        """
        count, size = self.num_components, self.output_size
        width = {"diagonal": (size,), "isotropic": (1,), "full": (size, size)}[self.covariance]
        weights, locations, scales = (
            np.asarray(ops.convert_to_numpy(array), "float64")
            for array in (weights, locations, scales)
        )
        leading = weights.shape[:-1]
        for name, array, shape in (
            ("weights", weights, (count,)),
            ("locations", locations, (count, size)),
            ("scales", scales, (count, *width)),
        ):
            if array.shape != (*leading, *shape):
                raise ValueError(
                    f"`{name}` must have the shape {(*leading, *shape)}. "
                    f"Received: {name} of shape {array.shape}"
                )
        if np.any(weights < 0) or not np.allclose(weights.sum(-1), 1, atol=1e-5):
            raise ValueError(
                f"`weights` must not be negative, and their sums 1. Received: weights={weights}"
            )
        if self.mixture.is_full:
            scales = _factors(scales)
        elif not np.all(scales > 0):
            raise ValueError(f"`scales` must be above 0. Received: scales={scales}")
        packed = self.mixture.pack(weights, locations, scales)
        return ops.convert_to_tensor(packed, "float32")

    def mode(self, output, steps=100):
        """Returns the place of the greatest density, `(..., output_size)`.

        From the location of each component it climbs the density of the mixture, which rises with
        every step, and returns the highest place that it came to. With components that
        overlap this can lie between locations. For one Laplace output it is exact.

        Args:
            output: What the head returned.
            steps: Number of steps, each the mean of the locations as they pull at the place.
        """
        return self.mixture.mode(self.packed(output), steps)

    def get_config(self):
        return {
            **super().get_config(),
            "num_components": self.num_components,
            "covariance": self.covariance,
            "family": self.family,
            "degrees_of_freedom": self.degrees_of_freedom,
        }


def _factors(covariances):
    """Returns lower triangular factors, or raises a `ValueError` that counts what has none."""
    swapped = np.swapaxes(covariances, -1, -2)
    largest = np.max(np.abs(covariances), axis=(-1, -2), keepdims=True)
    bad = ~np.all(np.abs(covariances - swapped) <= 1e-6 * largest, axis=(-1, -2))
    values = np.linalg.eigvalsh(np.nan_to_num((covariances + swapped) / 2))
    bad |= ~(values[..., 0] > 0)
    if np.any(bad):
        raise ValueError(
            "`scales` must be symmetric positive definite covariances, which a Cholesky factor "
            f"has. Received: {bad.sum()} of {bad.size} that are not, the first "
            f"{covariances[bad][0].tolist()}"
        )
    return np.linalg.cholesky(covariances)
