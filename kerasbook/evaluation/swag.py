"""Predictions averaged over weights that are drawn from what SWAG collected."""

import keras
import numpy as np

from kerasbook.arguments import positive_integer
from kerasbook.evaluation.weights import norms_to_fit
from kerasbook.layers.regularization.monte_carlo_dropout import mean_and_deviation
from kerasbook.surgery import recalibrate_batch_norm


def swag_predict(
    model, swag, inputs, *, samples=30, data=None, scale=1.0, batch_size=32, seed=None
):
    """Predicts with many samples of the weights, and returns mean and standard deviation.

    `p(y | x) = 1/S sum_s p(y | x, w_s)` with `w_s` drawn from the normal distribution that a
    `kerasbook.callbacks.SWAG` found. For every sample the statistics of batch normalizations are
    computed anew over `data`, as no others fit its weights. Afterwards the model is as before.

    A classifier has to end in probabilities, which is what is averaged. Of a model that gives
    means and standard deviations keep the samples apart and see `mix_gaussians`.

    Args:
        model: The trained model, or one of the same architecture.
        swag: The callback, after training.
        inputs: What `model.predict` takes, and can take again.
        samples: Number of samples of the weights, the `S` of the formula.
        data: Training inputs, or batches of them, as for
            `kerasbook.surgery.recalibrate_batch_norm`; needed where there is a batch
            normalization, and there only.
        scale: Factor of the weights' deviations; 0 predicts with their mean.
        batch_size: Number of inputs at once.
        seed: Integer that makes the result the same every time; `None` draws afresh.

    Returns:
        The mean over the predictions and their standard deviation (divided by `samples`), each a
        float64 array like the one that `predict` returns, or a structure of them.

    Raises:
        ValueError: If `samples` is no positive integer, `swag` collected fewer than two times or
            weights of other shapes, or `data` is missing.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.1), "mse")
        >>> swag = kerasbook.callbacks.SWAG(start_epoch=5)
        >>> x = np.array([[0, 1], [1, 0], [1, 1]], "float32")
        >>> _ = model.fit(x, x.sum(1), epochs=10, callbacks=[swag], verbose=0)
        >>> mean, deviation = kerasbook.evaluation.swag_predict(model, swag, x, samples=3)
        >>> mean.shape, deviation.shape
        ((3, 1), (3, 1))

    Reference:
        Maddox et al., 2019, algorithm 1, https://arxiv.org/abs/1902.02476
    """
    positive_integer("samples", samples)
    shapes = [list(variable.shape) for variable in model.trainable_variables]
    generator = np.random.default_rng(seed)
    if swag.count and shapes != swag.shapes:
        raise ValueError(
            "`model` must have the weights that `swag` collected. "
            f"Received: shapes {shapes}, collected {swag.shapes}"
        )
    norms = norms_to_fit(model, data)
    kept = [(v, keras.ops.convert_to_numpy(v)) for v in model.variables]

    def predictions():
        for _ in range(samples):
            weights = swag.apply(swag.draw(generator), scale)
            for variable, value in zip(model.trainable_variables, weights, strict=True):
                variable.assign(value)
            if norms:
                recalibrate_batch_norm(model, data, batch_size=batch_size)
            yield model.predict(inputs, batch_size=batch_size, verbose=0)

    try:
        return mean_and_deviation(predictions())
    finally:
        for variable, value in kept:
            variable.assign(value)
