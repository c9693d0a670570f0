"""Statistics of batch normalizations over whole datasets, in place of moving averages."""

import itertools

import keras
import numpy as np

from kerasbook.surgery.batch_norm_statistics import (
    BATCH_NORMS,
    get_statistics,
    set_statistics,
)


def recalibrate_batch_norm(model, data, steps=None, *, batch_size=32):
    """Sets the averages of every batch normalization to exact statistics over data.

    The model runs once over the batches as in training: each normalization uses the statistics
    of its batch, dropout drops. From the means `m` and the (biased) variances `v` of the batches,
    weighted by their numbers of samples, come the statistics of all samples (each counts alike,
    whatever the size of its image),

    `mean = E[m]` and `variance = E[v + m^2] - mean^2`,

    the variance of the means included, in float64. Call it after a training, whose moving
    averages lag behind the weights, or after anything that changes weights. With one batch of
    all data the statistics are those of the whole data in every layer; with smaller ones, in
    layers behind another normalization, those of what the batches made of it.

    All batch normalizations within the model take part, Keras' and the library's, frozen ones
    too. No other variable changes, states of random layers included, and the layers' attributes
    are as before, even after an error; then the averages are as well. Of a normalization that
    is called more than once in the model, the last call counts.

    Args:
        model: A built model. It changes in place.
        data: An array of inputs, or batches: a `tf.data.Dataset`, a `keras.utils.PyDataset` or
            any iterable. A batch that is a tuple holds the inputs, then targets, which are not
            needed; other structures, such as a list or dictionary, are the model's inputs.
        steps: Number of batches; `None` takes all.
        batch_size: Number of samples of a batch, where `data` is an array.

    Raises:
        ValueError: If the model has no batch normalization, or there is no batch.

    Example:
        >>> norm = kerasbook.layers.BatchNormalization()
        >>> model = keras.Sequential([keras.Input((1,)), norm])
        >>> x = np.array([[1], [2], [6]], "float32")  # with mean 3 and variance 14 / 3
        >>> kerasbook.surgery.recalibrate_batch_norm(model, x, batch_size=2)
        >>> np.asarray(norm.moving_mean), np.asarray(norm.moving_variance).round(3)
        (array([3.], dtype=float32), array([4.667], dtype=float32))

    Reference:
        Ioffe and Szegedy, 2015, algorithm 2, https://arxiv.org/abs/1502.03167, which averages the
        batches' unbiased variances; Wu and Johnson, 2021, section 3,
        https://arxiv.org/abs/2105.07576, whose "precise" statistics these are.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(f"`model` must be a Keras model. Received: model={model!r}")
    norms = [
        layer for layer in model._flatten_layers() if isinstance(layer, BATCH_NORMS) and layer.built
    ]
    if not norms:
        raise ValueError(
            "`model` must be built and have a batch normalization. "
            f"Received: model={model.name!r} of class {type(model).__name__}"
        )
    pooled = [_Pooled() for _ in norms]
    attributes = [(norm.momentum, norm.trainable) for norm in norms]
    variables = [(v, keras.ops.convert_to_numpy(v)) for v in model.variables]
    averages = {id(v) for norm in norms for v in norm.non_trainable_variables}
    # Even with no momentum a call would keep what is not finite.
    starts = [
        (v, np.where(np.isfinite(value), value, 1)) for v, value in variables if id(v) in averages
    ]
    try:
        for norm in norms:
            norm.trainable = True
            norm.momentum = 0.0  # so that a call leaves the batch's own statistics
        for variable, value in starts:
            variable.assign(value)
        for inputs in itertools.islice(_batches(data, batch_size), steps):
            model(inputs, training=True)
            count = len(keras.tree.flatten(inputs)[0])
            for norm, statistics in zip(norms, pooled, strict=True):
                statistics.add(count, *get_statistics(norm))
            for variable, value in starts:  # renormalization asks for them
                variable.assign(value)
    finally:
        for norm, (momentum, trainable) in zip(norms, attributes, strict=True):
            norm.momentum, norm.trainable = momentum, trainable
        for variable, value in variables:
            variable.assign(value)
    if not pooled[0].count:
        raise ValueError(f"`data` must hold a batch. Received: data={data!r}, steps={steps}")
    for norm, statistics in zip(norms, pooled, strict=True):
        set_statistics(norm, statistics.mean, statistics.squares - statistics.mean**2)


class _Pooled:
    """The means of values and of their squares over batches, weighted by counts."""

    def __init__(self):
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, count, mean, variance):
        self.count += count
        share = count / self.count
        self.mean += share * (mean - self.mean)
        self.squares += share * (variance + mean**2 - self.squares)


def _batches(data, batch_size):
    """Yields the inputs of each batch."""
    batches = data
    if isinstance(data, keras.utils.PyDataset):
        numbers = itertools.count() if data.num_batches is None else range(data.num_batches)
        batches = (data[number] for number in numbers)
    elif hasattr(data, "shape"):
        batches = (data[i : i + batch_size] for i in range(0, len(data), batch_size))
    for batch in batches:
        yield batch[0] if isinstance(batch, tuple) else batch
