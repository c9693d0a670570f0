"""Ensembles: the mean of what several classifiers say, as one model."""

import keras

from kerasbook.evaluation.probabilities import with_probabilities


def ensemble(models):
    """Returns a model that gives the mean of several classifiers' probabilities.

    The members may be of any architecture; they may be runs of one recipe with several seeds, the
    best of a search, or snapshots of one run: checkpoints that
    `keras.callbacks.ModelCheckpoint("snapshots/{epoch:02d}.keras")` kept at the ends of the cycles
    of `keras.optimizers.schedules.CosineDecayRestarts`.

    Args:
        models: Functional or `keras.Sequential` classifiers of images of one shape into the same
            classes, one at least. Of one that ends in logits the softmax is taken.

    Returns:
        A functional `keras.Model` from images to float32 probabilities `(batch, classes)`. It
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
    members = [
        with_probabilities(model, f"member_{number}") for number, model in enumerate(models, 1)
    ]
    shapes = {(member.input_shape, member.output_shape) for member in members}
    if len(shapes) != 1:
        raise ValueError(
            "`models` must be one or more with equal shapes of inputs and outputs. "
            f"Received: {len(members)} models of shapes {sorted(map(str, shapes))}"
        )
    image = keras.Input(members[0].input_shape[1:], dtype=members[0].inputs[0].dtype)
    mean = keras.ops.mean(keras.ops.stack([member(image) for member in members]), 0)
    return keras.Model(image, mean, name="ensemble")
