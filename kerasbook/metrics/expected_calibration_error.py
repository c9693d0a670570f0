"""How far a classifier's confidence is from its accuracy."""

import keras
from keras import ops

from kerasbook.arguments import positive_integer
from kerasbook.layers.arguments import boolean
from kerasbook.ops import refuse_nan, values_at_hand


@keras.saving.register_keras_serializable(package="kerasbook")
class ExpectedCalibrationError(keras.metrics.Metric):
    """Sums the gaps between confidence and accuracy over bins of equal width.

    The confidence of a sample is its greatest probability, and bin `m` of `M` holds those in
    `((m - 1) / M, m / M]`:

    `ECE = sum_m n_m / n |accuracy_m - confidence_m|`, each the mean over the bin.

    It is biased upwards where bins hold few samples, the more the more bins there are.

    Args:
        num_bins: Number of bins, the `M` of the formula.
        from_logits: Whether the outputs are logits, of which the softmax is taken.
        name: Name of the metric.
        dtype: Dtype of the sums.

    Call arguments:
        y_true: Classes `(batch, ...)` or `(batch, ..., 1)`, or one-hot `(batch, ..., classes)`.
        y_pred: Probabilities `(batch, ..., classes)`, of two classes at least.
        sample_weight: Weights `(batch,)`, or `(batch, ...)` for places.

    Returns:
        `result()` is a scalar in [0, 1].

    Raises:
        ValueError: If `num_bins` is no positive integer, shapes do not go together, targets are NaN
            (see `kerasbook.ops.refuse_nan`), or, outside a compiled step, probabilities are
            not in [0, 1].

    Example:
        >>> metric = kerasbook.metrics.ExpectedCalibrationError()
        >>> probabilities = np.array([[0.75, 0.25], [0.25, 0.75]])
        >>> float(metric(np.array([0, 0]), probabilities))  # right once in two, said 3 in 4
        0.25

    Reference:
        Guo et al., 2017, section 2, https://arxiv.org/abs/1706.04599
    """

    def __init__(
        self, num_bins=15, *, from_logits=False, name="expected_calibration_error", dtype=None
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_bins = positive_integer("num_bins", num_bins)
        self.from_logits = boolean("from_logits", from_logits)
        self.weights_of_bins, self.confidences, self.accuracies = (
            self.add_variable((num_bins,), "zeros", name=f"{each}_of_bins")
            for each in ("weights", "confidences", "accuracies")
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        probabilities = ops.cast(ops.convert_to_tensor(y_pred), "float32")
        if self.from_logits:
            probabilities = ops.softmax(probabilities)
        else:
            _require_probabilities(probabilities)
        confidence = ops.max(probabilities, -1)
        classes = _classes(ops.convert_to_tensor(y_true), probabilities)
        right = ops.equal(classes, ops.cast(ops.argmax(probabilities, -1), "int32"))
        weights = ops.ones_like(confidence)
        if sample_weight is not None:
            given = ops.cast(sample_weight, "float32")
            sizes = ops.shape(given)[: len(weights.shape)]  # a further one is 1, as of targets
            missing = len(weights.shape) - len(sizes)
            given = ops.reshape(given, (*sizes, *(1,) * missing))
            weights = ops.broadcast_to(given, ops.shape(weights))
        numbers = ops.cast(ops.ceil(confidence * self.num_bins), "int32") - 1
        bins = ops.one_hot(ops.maximum(numbers, 0), self.num_bins, dtype="float32")
        weighted = bins * weights[..., None]
        axes = tuple(range(len(bins.shape) - 1))
        for variable, values in (
            (self.weights_of_bins, ops.ones_like(confidence)),
            (self.confidences, confidence),
            (self.accuracies, ops.cast(right, "float32")),
        ):
            sums = ops.sum(weighted * values[..., None], axes)
            variable.assign_add(ops.cast(sums, variable.dtype))

    def result(self):
        gaps = ops.sum(ops.abs(self.accuracies - self.confidences))
        return ops.divide_no_nan(gaps, ops.sum(self.weights_of_bins))

    def get_config(self):
        return {
            "name": self.name,
            "dtype": self.dtype,
            "num_bins": self.num_bins,
            "from_logits": self.from_logits,
        }


def _require_probabilities(tensor):
    arrays = values_at_hand([tensor])
    if arrays is not None:
        wrong = ~((arrays[0] >= 0) & (arrays[0] <= 1 + 1e-5))  # NaN is wrong, too
        if wrong.any():
            raise ValueError(
                "`y_pred` must hold probabilities in [0, 1], or logits with `from_logits=True`. "
                f"Received: {int(wrong.sum())} other values of {wrong.size}, such as "
                f"{arrays[0][wrong][0]}"
            )


def _classes(targets, probabilities):
    """Returns the numbers of the right classes, in the shape of the confidences."""
    rank, count = len(probabilities.shape), probabilities.shape[-1]
    if count < 2:
        raise ValueError(
            "`y_pred` must hold the probabilities of two classes at least. "
            f"Received: y_pred of shape {tuple(probabilities.shape)}"
        )
    if "float" in keras.backend.standardize_dtype(targets.dtype):
        targets = refuse_nan("y_true", targets)
    if len(targets.shape) == rank and targets.shape[-1] == count:
        return ops.cast(ops.argmax(targets, -1), "int32")
    if len(targets.shape) == rank and targets.shape[-1] == 1:
        targets = targets[..., 0]
    if len(targets.shape) != rank - 1:
        raise ValueError(
            "`y_true` must be classes, or one-hot with as many columns as `y_pred`. Received: "
            f"y_true of shape {tuple(targets.shape)}, y_pred of shape {tuple(probabilities.shape)}"
        )
    return ops.cast(targets, "int32")
