"""Mixtures of densities whose parameters stand packed in one tensor, on its last axis."""

import dataclasses
import math

import numpy as np
from keras import ops

from kerasbook.arguments import one_of, positive_integer
from kerasbook.ops import densities

COVARIANCES = ("diagonal", "full", "isotropic")


@dataclasses.dataclass(frozen=True)
class Mixture:
    """`p(y) = sum_k w_k f_k(y)` for `y` of `output_size` numbers, and how it is packed.

    A row holds the logits of the weights (none if there is one component), then all locations,
    then for each component the scales: `output_size` of them, one if isotropic, or if full the
    rows of the lower triangle of the factor `L` of the covariance `L L^T`.

    Attributes:
        output_size: Numbers of `y`.
        num_components: Components of the mixture.
        covariance: `"diagonal"` or `"isotropic"`, whose numbers are independent within a
            component, or `"full"`: normal, or the multivariate Student's t.
        family: One of `densities.FAMILIES`.
        degrees_of_freedom: Of Student's t, above 0.
    """

    output_size: int
    num_components: int = 1
    covariance: str = "diagonal"
    family: str = "normal"
    degrees_of_freedom: float = 5.0

    def __post_init__(self):
        positive_integer("output_size", self.output_size)
        positive_integer("num_components", self.num_components)
        one_of("covariance", self.covariance, COVARIANCES)
        one_of("family", self.family, densities.FAMILIES)
        if self.covariance == "full" and self.family not in ("normal", "student_t"):
            raise ValueError(
                "`covariance` may be 'full' for the families 'normal' and 'student_t' alone. "
                f"Received: covariance='full', family={self.family!r}"
            )
        nu = self.degrees_of_freedom
        if isinstance(nu, bool) or not isinstance(nu, (int, float)) or not 0 < nu < math.inf:
            raise ValueError(
                "`degrees_of_freedom` must be a number above 0. Received: "
                f"degrees_of_freedom={nu!r}"
            )

    @property
    def is_full(self):
        return self.covariance == "full"

    @property
    def kind(self):
        """The family and its degrees of freedom, as the functions of `densities` take them."""
        return self.family, self.degrees_of_freedom

    def sizes(self):
        """Returns how many logits, locations and scales a row holds."""
        count, size = self.num_components, self.output_size
        scales = {"diagonal": size, "isotropic": 1, "full": size * (size + 1) // 2}
        return count if count > 1 else 0, count * size, count * scales[self.covariance]

    @property
    def packed_size(self):
        return sum(self.sizes())

    def parts(self, packed):
        """Returns the log weights, locations and scales or factors of a packed tensor.

        Returns:
            Log weights `(..., components)`, locations `(..., components, output_size)`, and
            scales of that shape, or with 1 in the place of `output_size` if isotropic, or lower
            triangles `(..., components, output_size, output_size)` if full.
        """
        logits, locations, scales = self._slices(packed)
        leading = tuple(ops.shape(packed))[:-1]
        count, size = self.num_components, self.output_size
        if count == 1:
            log_weights = ops.zeros_like(packed[..., :1])
        else:
            log_weights = ops.log_softmax(logits, axis=-1)
        locations = ops.reshape(locations, (*leading, count, size))
        scales = ops.reshape(scales, (*leading, count, self.sizes()[2] // count))
        if self.is_full:
            rows, columns = np.indices((size, size))
            places = np.where(rows >= columns, rows * (rows + 1) // 2 + columns, 0)
            square = ops.take(scales, ops.convert_to_tensor(places, "int32"), axis=-1)
            scales = ops.where(ops.convert_to_tensor(rows >= columns), square, 0.0)
        return log_weights, locations, scales

    def _slices(self, packed):
        logits, locations, _ = self.sizes()
        # The gradient of a split is one concatenation, that of slices three sums.
        return ops.split(packed, [logits, logits + locations], axis=-1)

    def activate(self, rows, min_scale):
        """Returns rows of any numbers packed: scales become `min_scale + softplus(scale)`."""
        logits, locations, scales = self._slices(rows)
        positive = min_scale + ops.softplus(scales)
        if self.is_full:
            size = self.output_size
            diagonal = np.zeros(size * (size + 1) // 2, bool)
            diagonal[[row * (row + 3) // 2 for row in range(size)]] = True
            diagonal = ops.convert_to_tensor(np.tile(diagonal, self.num_components))
            positive = ops.where(diagonal, positive, scales)
        return ops.concatenate([logits, locations, positive], axis=-1)

    def pack(self, weights, locations, scales):
        """Packs NumPy arrays: positive weights, locations and scales or factors, as of `parts`."""
        leading = locations.shape[:-2]
        if self.is_full:
            scales = scales[..., *np.tril_indices(self.output_size)]
        with np.errstate(divide="ignore"):
            logits = np.maximum(np.log(weights), -1e30)  # no weight, and nothing infinite
        kept = [logits] if self.num_components > 1 else []
        rows = [part.reshape(*leading, -1) for part in (*kept, locations, scales)]
        return np.concatenate(rows, axis=-1)

    def aligned(self, name, targets, packed):
        """Returns targets `(..., output_size)` in the dtype of a packed tensor.

        Args:
            name: What the message calls them.
            targets: Tensor; of one number, it may lack the last axis that `packed` has.
            packed: Packed tensor.

        Raises:
            ValueError: If the last axis has not `output_size` numbers.
        """
        targets = ops.cast(targets, packed.dtype)
        if self.output_size == 1 and len(targets.shape) == len(packed.shape) - 1:
            return targets[..., None]
        shape = tuple(targets.shape)
        if shape[-1:] != (self.output_size,):
            raise ValueError(
                f"`{name}` must have {self.output_size} numbers on its last axis. "
                f"Received: {name} of shape {shape}"
            )
        return targets

    def log_density(self, packed, targets):
        """Returns the logarithm of the density at targets `(..., output_size)`, `(...)`."""
        log_weights, locations, scales = self.parts(packed)
        z = self.standardized(targets[..., None, :] - locations, scales)
        return log_sum(self.log_joint(log_weights, scales, z))[0]

    def log_joint(self, log_weights, scales, z):
        """Returns the log densities of the components times their weights, `(..., components)`."""
        return log_weights + self.log_standard(z) - self.log_volume(scales)

    def slopes(self, log_weights, scales, z, shares):
        """Returns the gradients of the log density in the locations and in a packed row."""
        leading = tuple(ops.shape(shares))[:-1]
        squared = ops.sum(ops.square(z), axis=-1, keepdims=True) if self.is_full else ops.square(z)
        pulled = z * densities.pull(squared, *self.kind, size=z.shape[-1] if self.is_full else 1)
        share = shares[..., None]
        if self.is_full:
            transposed = ops.swapaxes(scales, -1, -2)
            of_locations = share * ops.solve_triangular(transposed, pulled[..., None])[..., 0]
            diagonal = ops.diagonal(scales, axis1=-2, axis2=-1)
            # The density falls with the volume; what is above the diagonal is no parameter.
            entries = [
                of_locations[..., row] * z[..., column]
                - (share[..., 0] / diagonal[..., row] if row == column else 0)
                for row in range(self.output_size)
                for column in range(row + 1)
            ]
            of_scales = ops.stack(entries, axis=-1)
        else:
            share = share / scales
            of_locations = share * pulled
            of_scales = share * (pulled * z - 1)
            if self.covariance == "isotropic":
                of_scales = ops.sum(of_scales, axis=-1, keepdims=True)
        parts = [of_locations, of_scales]
        if self.num_components > 1:
            parts = [shares - ops.exp(log_weights), *parts]
        rows = [
            ops.reshape(part, (*leading, size))
            for part, size in zip(parts, [size for size in self.sizes() if size], strict=True)
        ]
        return of_locations, ops.concatenate(rows, axis=-1)

    def standardized(self, distances, scales):
        """Returns distances in scales, `L^-1 distance` if full."""
        if self.is_full:
            return ops.solve_triangular(scales, distances[..., None], lower=True)[..., 0]
        return distances / scales

    def log_standard(self, z):
        """Returns the log density of a component of location 0 and scale 1 at `(..., size)`."""
        if self.is_full and self.family == "student_t":
            size, nu = self.output_size, self.degrees_of_freedom
            tail = ops.log1p(ops.sum(ops.square(z), axis=-1) / nu)
            return densities.log_center(*self.kind, size) - 0.5 * (nu + size) * tail
        center = self.output_size * densities.log_center(*self.kind)
        return ops.sum(densities.log_shape(z, *self.kind), axis=-1) + center

    def log_volume(self, scales):
        """Returns the logarithm of the product of a component's scales, `(..., components)`."""
        if self.is_full:
            scales = ops.diagonal(scales, axis1=-2, axis2=-1)
        logs = ops.sum(ops.log(scales), axis=-1)
        return logs * self.output_size if self.covariance == "isotropic" else logs

    def mean(self, packed):
        """Returns the mean, `(..., output_size)`."""
        densities.require_mean(*self.kind)
        log_weights, locations, _ = self.parts(packed)
        return ops.sum(ops.exp(log_weights)[..., None] * locations, axis=-2)

    def variance(self, packed):
        """Returns the variance of each number, `(..., output_size)`."""
        factor = densities.variance_factor(*self.kind)
        log_weights, locations, scales = self.parts(packed)
        weights = ops.exp(log_weights)[..., None]
        mean = ops.sum(weights * locations, axis=-2, keepdims=True)
        within = factor * ops.square(self.marginal_scales(scales))
        return ops.sum(weights * (ops.square(locations - mean) + within), axis=-2)

    def marginal_scales(self, scales):
        """Returns the scale of each number by itself."""
        return ops.sqrt(ops.sum(ops.square(scales), axis=-1)) if self.is_full else scales

    def cumulative(self, packed, targets):
        """Returns for each number the probability of one below it, `(..., output_size)`."""
        log_weights, locations, scales = self.parts(packed)
        z = (targets[..., None, :] - locations) / self.marginal_scales(scales)
        below = densities.cumulative(z, *self.kind)
        return ops.sum(ops.exp(log_weights)[..., None] * below, axis=-2)

    def num_uniforms(self):
        """Returns how many uniform numbers `sample` needs for one of its own."""
        return 1 + self.output_size * densities.num_uniforms(self.family)

    def sample(self, packed, uniforms, temperature=1.0):
        """Turns uniform numbers into samples: the first picks the component.

        Args:
            packed: Packed tensor `(..., packed_size)`.
            uniforms: Numbers in [0, 1), `(..., num_uniforms())`.
            temperature: Weights are raised to the power `1 / temperature`, and distances from
                the location multiplied by its square root.

        Returns:
            Tensor `(..., output_size)`.
        """
        log_weights, locations, scales = self.parts(packed)
        uniforms = ops.cast(uniforms, packed.dtype)
        ends = ops.cumsum(log_sum(log_weights / temperature)[1], axis=-1)
        passed = ops.cast(uniforms[..., :1] * ends[..., -1:] >= ends, "int32")
        number = ops.minimum(ops.sum(passed, axis=-1), self.num_components - 1)
        chosen = ops.one_hot(number, self.num_components, dtype=packed.dtype)[..., None]
        location = ops.sum(chosen * locations, axis=-2)
        shape = (*tuple(ops.shape(packed))[:-1], self.output_size, -1)
        z = self._deviations(ops.reshape(uniforms[..., 1:], shape))
        if self.is_full:
            factor = ops.sum(chosen[..., None] * scales, axis=-3)
            deviation = ops.sum(factor * z[..., None, :], axis=-1)
        else:
            deviation = ops.sum(chosen * scales, axis=-2) * z
        return location + math.sqrt(temperature) * deviation

    def _deviations(self, uniforms):
        """Returns numbers `(..., output_size)` of a component of location 0 and scale 1."""
        nu = self.degrees_of_freedom
        if not (self.is_full and self.family == "student_t"):
            return densities.deviations(uniforms, *self.kind)
        # Given those before, each is Student's, with one more degree of freedom and wider by them.
        more = ops.convert_to_tensor(nu + np.arange(self.output_size), uniforms.dtype)
        a = densities.deviations(uniforms, self.family, more) / ops.sqrt(more)
        wider = ops.log1p(ops.square(a))
        before = ops.cumsum(wider, axis=-1) - wider
        return math.sqrt(nu) * ops.exp(0.5 * before) * a

    def mode(self, packed, steps):
        """Returns where the density is greatest, `(..., output_size)`, sought from all locations.

        Each step goes to the mean of the locations, weighted by the components' probabilities at
        the place and by how strongly each pulls. The density never falls: that of a component
        is log-convex in the square of the distance, and lies above its tangent.
        """
        log_weights, locations, scales = self.parts(packed)
        size = self.output_size
        # Axis -3 has the places, one from each location, and -2 the components.
        centers = ops.expand_dims(locations, -3)
        log_scaled = ops.expand_dims(log_weights - self.log_volume(scales), -2)
        if self.is_full:
            eye = ops.broadcast_to(ops.eye(size, dtype=packed.dtype), ops.shape(scales))
            inverse = ops.solve_triangular(scales, eye, lower=True)
            precision = ops.matmul(ops.swapaxes(inverse, -1, -2), inverse)
            pulled = ops.sum(precision * locations[..., None, :], axis=-1)
        else:
            inverse = ops.expand_dims(1 / scales, -3)

        def standardized(places):
            distances = ops.expand_dims(places, -2) - centers
            if self.is_full:
                return ops.einsum("...kij,...pkj->...pki", inverse, distances)
            return distances * inverse

        def logs(z):
            return log_scaled + self.log_standard(z)

        def uphill(_, places):
            z = standardized(places)
            share = log_sum(logs(z))[1]
            if self.is_full:
                squared = ops.sum(ops.square(z), axis=-1)
                share = share * densities.pull(squared, *self.kind, size=size)
                matrix = ops.einsum("...pk,...kij->...pij", share, precision)
                side = ops.einsum("...pk,...ki->...pi", share, pulled)
                return ops.solve(matrix, side[..., None])[..., 0]
            share = share[..., None] * densities.pull(ops.square(z), *self.kind)
            share = share * ops.square(inverse)
            return ops.sum(share * centers, axis=-2) / ops.sum(share, axis=-2)

        places = ops.fori_loop(0, steps, uphill, locations)
        best = ops.argmax(log_sum(logs(standardized(places)))[0], axis=-1)
        chosen = ops.one_hot(best, self.num_components, dtype=packed.dtype)
        return ops.sum(chosen[..., None] * places, axis=-2)


def log_sum(logs):
    """Returns the logarithm of a sum of exponentials `(...)`, and the share of each in it."""
    if logs.shape[-1] == 1:
        return logs[..., 0], ops.ones_like(logs)
    greatest = ops.max(logs, axis=-1, keepdims=True)
    greatest = ops.stop_gradient(ops.maximum(greatest, -1e37))  # no difference of infinities
    parts = ops.exp(logs - greatest)
    sums = ops.sum(parts, axis=-1, keepdims=True)
    return (ops.log(sums) + greatest)[..., 0], parts / sums
