"""Dense evaluation: a classifier's mean over every place of a larger image, in one pass."""

import keras

from kerasbook import surgery
from kerasbook.evaluation.probabilities import with_probabilities


def dense_evaluation(model, *, shifts=((0, 0),)):
    """Returns a model for images of any size: a classifier's mean over all places of the image.

    A classifier with `Flatten` becomes a convolution by `kerasbook.surgery.dense_to_convolution`,
    which scores every crop of the model's size at its total stride `s` in one pass; the mean is
    taken of the probabilities of all places. With `shifts=((0, 0), (s/2, 0), (0, s/2), (s/2, s/2))`
    the image is passed four times, which gives every crop at half the stride. The crops are
    exact where no layer pads; where one does, see there.

    A classifier with global pooling is called on the larger image as it is: it averages
    features, not probabilities.

    Args:
        model: A built functional or `keras.Sequential` classifier of images.
        shifts: Pairs of pixels by which the image is moved up and to the left before a pass.

    Returns:
        A functional `keras.Model` from images `(batch, height, width, channels)`, at least as
        large as the model's own after each shift, to float32 probabilities `(batch, classes)`.
        It shares no variable with `model`. For mirror images, or several scales, give it to
        `average_views`.

    Raises:
        ValueError: If the model has a layer that cannot take larger images; the message names it;
            or a shift is negative.

    Example:
        >>> model = kerasbook.applications.LeNet5()
        >>> wide = kerasbook.evaluation.dense_evaluation(model)
        >>> tuple(wide(np.zeros((1, 36, 40, 1), "float32")).shape)
        (1, 10)

    Reference:
        Sermanet et al., 2014 (OverFeat), section 3.5, https://arxiv.org/abs/1312.6229; Simonyan and
        Zisserman, 2015, section 3.2, https://arxiv.org/abs/1409.1556
    """
    shifts = [tuple(shift) for shift in shifts]
    if not shifts or not all(len(s) == 2 and min(s) >= 0 for s in shifts):
        raise ValueError(f"`shifts` must be pairs of at least 0. Received: shifts={shifts}")
    with_probabilities(model, "classifier")  # refuses what is no classifier
    network = with_probabilities(_of_any_size(model), "places")
    image = keras.Input((None, None, model.inputs[0].shape[-1]), dtype=model.inputs[0].dtype)
    in_a_row = keras.layers.Reshape((-1, model.outputs[0].shape[-1]), dtype="float32")
    places = [in_a_row(network(image[:, down:, right:])) for down, right in shifts]
    places = keras.ops.concatenate(places, 1) if len(places) > 1 else places[0]
    return keras.Model(image, keras.ops.mean(places, 1), name=model.name)


def _of_any_size(model):
    """Returns the classifier as a convolution, or, with global pooling, on an open input."""
    if any(isinstance(layer, keras.layers.Flatten) for layer in model.layers):
        return surgery.dense_to_convolution(model)
    [inputs] = model.inputs
    image = keras.Input((None, None, inputs.shape[-1]), dtype=inputs.dtype)
    try:
        copy = keras.models.clone_model(model, input_tensors=image)
    except ValueError as error:
        raise ValueError(
            f"`model` must take images of any size but for `Flatten`. Received: {error}"
        ) from error
    copy.set_weights(model.get_weights())
    return copy
