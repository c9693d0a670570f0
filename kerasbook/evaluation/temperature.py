"""Temperature scaling: one number that makes a classifier's probabilities mean what they say."""

import keras
import numpy as np

from kerasbook.evaluation.probabilities import ends_in_logits, with_logits

LOWEST, HIGHEST = 0.01, 100.0


def temperature_scaling(model, x, y, *, batch_size=32):
    """Returns a classifier with calibrated probabilities, and the temperature that makes them so.

    Logits `z` become `softmax(z / T)`, with the `T` in [0.01, 100] of the least mean negative
    log-likelihood on examples that the model was not trained on. That function is convex in
    `1 / T`, and Newton's method within a bracket finds its minimum in float64. `T` above 1 takes
    confidence away. The order of the classes stays, and so the accuracy; the likelihood of the
    given examples cannot fall. Where the model is right of all of them, ever smaller
    temperatures are better, and `T` ends at 0.01: take more examples, or harder ones.

    Args:
        model: A functional or `keras.Sequential` classifier with one input and one output. If its
            last layer's activation is linear, it gives logits; otherwise probabilities, whose
            logarithms are logits as well.
        x: Held-out inputs as `model.predict` takes them.
        y: Their classes, integers `(examples,)` or `(examples, 1)`, or probabilities of the
            classes, such as one-hot rows, `(examples, classes)`.
        batch_size: Number of inputs at once.

    Returns:
        Pair of a functional `keras.Model` to float32 probabilities, which shares its variables with
        `model` and can be saved and exported like any other, and the temperature.

    Raises:
        ValueError: If the model has another form or gives neither logits nor probabilities of
            two classes or more, or `y` does not fit them.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Activation("linear")])
        >>> logits = np.array([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 0.0]], "float32")
        >>> calibrated, temperature = kerasbook.evaluation.temperature_scaling(
        ...     model, logits, np.array([0, 0, 0, 1])
        ... )
        >>> np.asarray(calibrated(logits))[0].round(3).tolist()  # right three times in four
        [0.75, 0.25]

    Reference:
        Guo et al., 2017, section 4.2, https://arxiv.org/abs/1706.04599
    """
    scored = with_logits(model, "logits")
    logits = scored.predict(x, batch_size=batch_size, verbose=0).astype("float64")
    _require_logits(model, logits)
    temperature = best_temperature(logits, _rows_of_classes(y, logits))
    outputs = keras.ops.softmax(scored.outputs[0] / temperature)
    return keras.Model(scored.inputs[0], outputs, name=f"calibrated_{model.name}"), temperature


def best_temperature(logits, targets):
    """Returns the temperature of the greatest likelihood.

    Args:
        logits: Float64 array `(examples, classes)`.
        targets: The classes' probabilities, of the same shape.
    """
    logits = logits - logits.max(1, keepdims=True)
    target = np.mean(np.sum(targets * logits, 1))
    low, high = 1 / HIGHEST, 1 / LOWEST  # of the inverse temperature
    inverse = 1.0
    for _ in range(100):
        weights = np.exp(inverse * logits)
        weights /= weights.sum(1, keepdims=True)
        means = np.sum(weights * logits, 1)
        slope = np.mean(means) - target
        curvature = np.mean(np.sum(weights * (logits - means[:, None]) ** 2, 1))
        low, high = (low, inverse) if slope > 0 else (inverse, high)
        following = inverse - slope / curvature if curvature > 0 else 0.0
        if not low <= following <= high:
            following = np.sqrt(low * high)
        if abs(following - inverse) <= 1e-12 * inverse:
            break
        inverse = following
    return float(1 / inverse)


def _require_logits(model, logits):
    count = int((~np.isfinite(logits)).sum())
    if logits.ndim != 2 or logits.shape[1] < 2 or count or not len(logits):
        raise ValueError(
            "`model` must give finite numbers (examples, classes) for two classes or more. "
            f"Received: outputs of shape {logits.shape}, {count} of them not finite"
        )
    sums = np.exp(logits).sum(1) if not ends_in_logits(model) else np.ones(1)
    if np.any(abs(sums - 1) > 0.02):
        raise ValueError(
            "`model` must end in probabilities, or in logits by a layer of linear activation. "
            f"Received: outputs whose sums reach from {sums.min()} to {sums.max()}"
        )


def _rows_of_classes(y, logits):
    y = np.asarray(y)
    count, classes = logits.shape
    if y.shape == logits.shape:
        if np.any(~(y >= 0)) or np.any(abs(y.sum(1) - 1) > 1e-3):
            raise ValueError(
                "`y` must hold probabilities that add up to 1 in each row. "
                f"Received: {int(np.isnan(y).sum())} NaN, sums from {y.sum(1).min()} to "
                f"{y.sum(1).max()}"
            )
        return y.astype("float64")
    if y.shape not in ((count,), (count, 1)):
        raise ValueError(
            "`y` must be a class for each example, or a row of the classes' probabilities. "
            f"Received: y of shape {y.shape} for outputs of shape {logits.shape}"
        )
    y = y.reshape(-1)
    wrong = ~np.isin(y, np.arange(classes))
    if wrong.any():
        raise ValueError(
            f"`y` must hold classes from 0 to {classes - 1}. "
            f"Received: {int(wrong.sum())} other values of {count}, such as {y[wrong][0]}"
        )
    return np.eye(classes)[y.astype(int)]
