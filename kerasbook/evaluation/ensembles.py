"""Ensembles: what several classifiers or regressors say together, as one model."""

import keras
from keras import ops

from kerasbook.evaluation.probabilities import require_one_to_one, with_probabilities


def ensemble(models):
    """Returns a model that gives the mean of several classifiers' probabilities.

    The members may be of any architecture; they may be runs of one recipe with several seeds, the
    best of a search, or snapshots of one run: checkpoints that
    `keras.callbacks.ModelCheckpoint("snapshots/{epoch:02d}.keras")` kept at the ends of the cycles
    of `keras.optimizers.schedules.CosineDecayRestarts`.

    Args:
        models: Functional or `keras.Sequential` classifiers of inputs of one shape into the same
            classes, one at least. Of one that ends in logits the softmax is taken.

    Returns:
        A functional `keras.Model` to float32 probabilities `(batch, classes)`. It
        shares its variables with the members, and can be saved and exported like any other.

    Raises:
        ValueError: If there is no model, or their inputs or classes differ.

    Example:
        >>> models = [kerasbook.applications.LeNet5() for _ in range(3)]
        >>> together = kerasbook.evaluation.ensemble(models)
        >>> tuple(together(np.zeros((2, 28, 28, 1), "float32")).shape)
        (2, 10)

    Reference:
        Hansen and Salamon, 1990, https://doi.org/10.1109/34.58871; snapshots: Huang et al., 2017,
        https://arxiv.org/abs/1704.00109; Loshchilov and Hutter, 2017, section 4.3,
        https://arxiv.org/abs/1608.03983
    """
    return _together(
        [with_probabilities(m, f"member_{n}", images=False) for n, m in enumerate(models, 1)],
        lambda outputs: ops.mean(outputs, 0),
        "ensemble",
    )


def gaussian_ensemble(models):
    """Returns a model that mixes the normal distributions of several regressors (deep ensemble).

    Each member says `N(m_i, s_i^2)` of every output. Their mixture of equal weights has the
    moments (law of total variance)

    `m = mean(m_i)`, `s^2 = mean(s_i^2) + mean((m_i - m)^2)`,

    the members' own noise, and what they do not agree about, which grows away from the data.
    Members are trained alike from several seeds.

    Args:
        models: Functional or `keras.Sequential` models of inputs of one shape, one at least, whose
            outputs `(batch, ..., 2 * size)` are means and then standard deviations, as
            those of `kerasbook.layers.GaussianHead`.

    Returns:
        A functional `keras.Model` to float32 outputs of the same shape and kind. It shares its
        variables with the members, and can be saved and exported like any other.

    Raises:
        ValueError: If there is no model, their inputs or outputs differ, or the outputs are no
            pairs.

    Example:
        >>> def member():
        ...     return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "softplus")])
        >>> together = kerasbook.evaluation.gaussian_ensemble([member() for _ in range(5)])
        >>> tuple(together(np.zeros((2, 3), "float32")).shape)
        (2, 4)

    Reference:
        Lakshminarayanan et al., 2017, section 2.4, https://arxiv.org/abs/1612.01474
    """
    members = []
    for number, model in enumerate(models, 1):
        require_one_to_one(model)
        outputs = ops.cast(model.outputs[0], "float32")
        members.append(keras.Model(model.inputs[0], outputs, name=f"member_{number}"))
    return _together(members, mix_gaussians, "gaussian_ensemble")


def mix_gaussians(outputs):
    """Returns the moments of an equal mixture of normal distributions, see `gaussian_ensemble`.

    Args:
        outputs: Array or tensor `(members, ..., 2 * size)` of means and then standard deviations,
            one row for each member, or for each prediction of a model that draws.

    Returns:
        Tensor `(..., 2 * size)`, the mixture's means and standard deviations.

    Raises:
        ValueError: If the last axis is odd.

    Example:
        >>> two = np.array([[1.0, 3.0], [5.0, 3.0]])  # means 1 and 5, deviations 3
        >>> np.asarray(kerasbook.evaluation.mix_gaussians(two)).round(3).tolist()
        [3.0, 3.606]
    """
    if outputs.shape[-1] % 2:
        raise ValueError(
            "`outputs` must hold means and then as many standard deviations in their last axis. "
            f"Received: outputs of shape {tuple(outputs.shape)}"
        )
    means, scales = ops.split(outputs, 2, axis=-1)
    mean = ops.mean(means, 0)
    variance = ops.mean(ops.square(scales) + ops.square(means - mean), 0)
    return ops.concatenate([mean, ops.sqrt(variance)], -1)


def _together(members, combine, name):
    """Returns a model of what `combine` makes of the members' stacked outputs."""
    shapes = {(member.input_shape, member.output_shape) for member in members}
    if len(shapes) != 1:
        raise ValueError(
            "`models` must be one or more with equal shapes of inputs and outputs. "
            f"Received: {len(members)} models of shapes {sorted(map(str, shapes))}"
        )
    inputs = keras.Input(members[0].input_shape[1:], dtype=members[0].inputs[0].dtype)
    outputs = combine(ops.stack([member(inputs) for member in members]))
    return keras.Model(inputs, outputs, name=name)
