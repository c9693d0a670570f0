"""The mean of several models' weights, with batch normalizations made to fit it."""

import keras
import numpy as np

from kerasbook.surgery import recalibrate_batch_norm
from kerasbook.surgery.batch_norm_statistics import BATCH_NORMS


def average_weights(models, data=None, *, batch_size=32):
    """Returns a model whose weights are the mean of those of several models.

    `w = mean(w_1, ..., w_n)` for every weight, in float64. It makes sense of models on one path:
    checkpoints of one run, best under a constant or cyclic learning rate; of models with several
    seeds the mean is worth nothing, take their `ensemble`. It serves at the cost of one model.

    The moving averages of batch normalizations do not fit the mean of the weights: the mean of
    activations is not the activation of the mean. So their statistics are computed anew
    over `data`, see `kerasbook.surgery.recalibrate_batch_norm`.

    Args:
        models: Models of one architecture, built, one at least. They do not change.
        data: Training inputs as the models take them, or batches of these, as for
            `recalibrate_batch_norm`; needed where there is a batch normalization, and there only.
        batch_size: Number of samples of a batch, where `data` is an array.

    Returns:
        A new `keras.Model`, not compiled. Variables that are no floats, such as seeds' states, are
        the first model's.

    Raises:
        ValueError: If there is no model, the weights' shapes differ, or `data` is missing.

    Example:
        >>> models = [kerasbook.applications.LeNet5() for _ in range(2)]
        >>> mean = kerasbook.evaluation.average_weights(models)
        >>> sum(np.asarray(model.weights[0])[0, 0, 0, 0] for model in models) / 2 == \\
        ...     np.asarray(mean.weights[0])[0, 0, 0, 0]
        np.True_

    Reference:
        Izmailov et al., 2018, section 3, https://arxiv.org/abs/1803.05407
    """
    models = list(models)
    shapes = {tuple(tuple(v.shape) for v in model.variables) for model in models}
    if len(shapes) != 1:
        raise ValueError(
            "`models` must be one or more of one architecture. "
            f"Received: {len(models)} models with {len(shapes)} lists of shapes"
        )
    average = keras.models.clone_model(models[0])
    norms = norms_to_fit(average, data)
    for variable, *values in zip(
        average.variables, *(model.variables for model in models), strict=True
    ):
        values = [keras.ops.convert_to_numpy(value) for value in values]
        mean = values[0]
        if keras.backend.is_float_dtype(variable.dtype):
            mean = np.mean([value.astype("float64") for value in values], 0)
        variable.assign(mean.astype(values[0].dtype))
    if norms:
        recalibrate_batch_norm(average, data, batch_size=batch_size)
    return average


def norms_to_fit(model, data):
    """Returns the batch normalizations of a model; if there is one, `data` must not be `None`."""
    norms = [layer for layer in model._flatten_layers() if isinstance(layer, BATCH_NORMS)]
    if norms and data is None:
        raise ValueError(
            "`data` must be given: the statistics of batch normalizations do not fit other "
            f"weights. Received: data=None for {len(norms)} of them"
        )
    return norms
