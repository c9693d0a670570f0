"""LeNet-5: two convolutions and three dense layers for small images of characters."""

import keras

from kerasbook import layers
from kerasbook.applications import parts
from kerasbook.layers.arguments import positive_integer, positive_integers
from kerasbook.registry import register

POOLINGS = {"average": keras.layers.AveragePooling2D, "max": keras.layers.MaxPooling2D}


@register("model")
def LeNet5(
    include_top=True,
    weights=None,
    input_shape=(28, 28, 1),
    pooling=None,
    classes=10,
    classifier_activation="softmax",
    name="lenet5",
    *,
    filters=(6, 16),
    kernel_size=5,
    units=(120, 84),
    activation="tanh",
    downsampling="average",
    dropout=0.0,
):
    """Builds LeNet-5.

    A size-preserving convolution, a 2 x 2 pooling, a convolution without padding, a second
    pooling, two hidden dense layers, the classifier.

    Args:
        include_top: Whether to end in the dense layers and the classifier; else in the feature
            maps of the second pooling.
        weights: `None`, or the path of a weights file.
        input_shape: `(height, width, channels)`; static with the top.
        pooling: Pooling of the feature maps without the top: `None`, `"avg"` or `"max"`.
        classes: Number of classes.
        classifier_activation: Activation of the classifier; `None` returns logits.
        name: Name of the model.
        filters: Channels of the two convolutions.
        kernel_size: Height and width of both kernels, pixels.
        units: Units of the two hidden dense layers.
        activation: Activation of all hidden layers.
        downsampling: `"average"` or `"max"`, the kind of the 2 x 2 pooling layers.
        dropout: Probability of dropping a unit before the classifier, in [0, 1).

    Returns:
        A `keras.Model` from float images `(batch, height, width, channels)`.

    Raises:
        ValueError: If an argument is out of range, or the image too small for the kernel.

    Example:
        >>> kerasbook.applications.LeNet5().count_params()
        61706

    Reference:
        LeCun et al., 1998, section II.B, https://doi.org/10.1109/5.726791. Every map of the
        second convolution sees all maps of the first, the pooling has no weights, and the
        classifier is a softmax instead of radial basis functions.
    """
    kernel_size = positive_integer("kernel_size", kernel_size)
    filters = positive_integers("filters", filters, 2)
    units = positive_integers("units", units, 2)
    if downsampling not in list(POOLINGS):
        raise ValueError(
            f"`downsampling` must be one of {sorted(POOLINGS)}. "
            f"Received: downsampling={downsampling!r}"
        )
    image = parts.image_input(input_shape, 28, include_top, minimum=2 * (kernel_size + 1))
    pool = POOLINGS[downsampling]
    x = layers.Conv2D(filters[0], kernel_size, padding="same", activation=activation, name="conv1")(
        image
    )
    x = pool(2, name="pool1")(x)
    x = layers.Conv2D(filters[1], kernel_size, activation=activation, name="conv2")(x)
    x = pool(2, name="pool2")(x)
    if include_top:
        x = keras.layers.Flatten(name="flatten")(x)
        for number, size in enumerate(units, 1):
            x = keras.layers.Dense(size, activation=activation, name=f"dense{number}")(x)
        if dropout:
            x = keras.layers.Dropout(dropout, name="dropout")(x)
        x = parts.probabilities(parts.dense_classifier(x, classes), classifier_activation)
    else:
        x = parts.pool(x, pooling)
    return parts.with_weights(keras.Model(image, x, name=name), weights)
