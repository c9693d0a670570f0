"""The negative log-likelihood of packed mixtures, with the gradient written out."""

import keras
from keras import ops

from kerasbook.ops.missing import refuse_nan
from kerasbook.ops.mixtures import log_sum


def negative_log_likelihood(mixture, y_true, y_pred, gradient_limit=None):
    """Returns minus the log density of each target under its packed mixture.

    The gradient is written out, which takes fewer passes over memory than deriving each step,
    and has each row's own gradient before it is multiplied from above: by a weight, the share in a
    mean, or the scale of a loss in half precision. That own gradient is limited, so that its
    direction stays and that scale may rise and fall as ever.

    Args:
        mixture: The `Mixture` that the predictions are of.
        y_true: Targets `(..., output_size)`; of one number, they may lack the last axis.
        y_pred: Packed tensor.
        gradient_limit: Greatest length of the gradient of a value with respect to its row of
            `y_pred`; `None` for no limit.

    Returns:
        Tensor `(...)`, at least float32.

    Raises:
        ValueError: If the two do not fit each other, or targets are NaN, see `refuse_nan`.
    """
    if y_pred.shape[-1] != mixture.packed_size:
        raise ValueError(
            f"`y_pred` must have {mixture.packed_size} numbers on its last axis, for targets of "
            f"{mixture.output_size} and {mixture.num_components} components. Received: y_pred of "
            f"shape {tuple(y_pred.shape)}, y_true of shape {tuple(y_true.shape)}"
        )
    y_pred = ops.cast(y_pred, keras.backend.result_type(y_pred.dtype, "float32"))
    targets = mixture.aligned("y_true", refuse_nan("y_true", y_true), y_pred)
    axes = (tuple(targets.shape)[:-1], tuple(y_pred.shape)[:-1])
    if len(axes[0]) != len(axes[1]) or any(
        None not in sizes and sizes[0] != sizes[1] for sizes in zip(*axes, strict=True)
    ):
        raise ValueError(
            "`y_true` must have the axes of `y_pred`. Received: y_true of shape "
            f"{tuple(y_true.shape)}, y_pred of shape {tuple(y_pred.shape)}"
        )

    @ops.custom_gradient
    def likelihood(packed, targets):
        log_weights, locations, scales = mixture.parts(packed)
        z = mixture.standardized(targets[..., None, :] - locations, scales)
        log_density, shares = log_sum(mixture.log_joint(log_weights, scales, z))

        def gradient(*args, upstream=None):
            if upstream is None:  # torch hands it over by name
                (upstream,) = args
            of_locations, slopes = mixture.slopes(log_weights, scales, z, shares)
            of_targets = upstream[..., None] * ops.sum(of_locations, axis=-2)
            if gradient_limit is not None:
                squares = ops.sum(ops.square(slopes), axis=-1)
                upstream = upstream * ops.minimum(gradient_limit * ops.rsqrt(squares), 1.0)
            return -upstream[..., None] * slopes, of_targets

        return -log_density, gradient

    return likelihood(y_pred, targets)
