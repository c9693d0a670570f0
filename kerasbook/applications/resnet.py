"""Residual networks of 18, 34 and 50 layers, after activation (version 1).

ResNet50 has the biases, the order of variables and the strides of `keras.applications`, so that
its weights can be copied over. ResNet18 and ResNet34, which Keras lacks, are the networks of
the paper, without biases before a batch normalization.
"""

import keras

from kerasbook import layers
from kerasbook.applications import parts
from kerasbook.registry import register

EPSILON = 1.001e-5


def basic_block(x, filters, *, strides, shortcut, name):
    """Adds two 3 x 3 convolutions to what comes in; `shortcut` projects that by 1 x 1."""
    identity = x
    if shortcut:
        identity = _conv_norm(x, filters, 1, strides=strides, use_bias=False, name=f"{name}_0")
    x = _conv_norm(x, filters, 3, strides=strides, use_bias=False, name=f"{name}_1")
    x = keras.layers.Activation("relu", name=f"{name}_1_relu")(x)
    x = _conv_norm(x, filters, 3, use_bias=False, name=f"{name}_2")
    x = keras.layers.Add(name=f"{name}_add")([identity, x])
    return keras.layers.Activation("relu", name=f"{name}_out")(x)


def bottleneck_block(x, filters, *, strides, shortcut, name):
    """Adds 1 x 1, 3 x 3 and 1 x 1 convolutions, the last with four times the filters."""
    identity = x
    if shortcut:
        identity = _conv_norm(x, 4 * filters, 1, strides=strides, name=f"{name}_0")
    x = _conv_norm(x, filters, 1, strides=strides, name=f"{name}_1")
    x = keras.layers.Activation("relu", name=f"{name}_1_relu")(x)
    x = _conv_norm(x, filters, 3, name=f"{name}_2")
    x = keras.layers.Activation("relu", name=f"{name}_2_relu")(x)
    x = _conv_norm(x, 4 * filters, 1, name=f"{name}_3")
    x = keras.layers.Add(name=f"{name}_add")([identity, x])
    return keras.layers.Activation("relu", name=f"{name}_out")(x)


def _conv_norm(x, filters, kernel_size, *, strides=1, use_bias=True, padding="same", name):
    if strides > 1 and kernel_size > 1:  # pad alike on both sides; "same" would not
        x = keras.layers.ZeroPadding2D(kernel_size // 2, name=f"{name}_pad")(x)
        padding = "valid"
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding=padding,
        use_bias=use_bias,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)


def _resnet(
    block,
    depths,
    *,
    include_top,
    weights,
    input_shape,
    pooling,
    classes,
    classifier_activation,
    name,
    low_resolution,
):
    bottleneck = block is bottleneck_block
    minimum = 1 if low_resolution else 7
    image = parts.image_input(input_shape, 224, include_top, minimum)
    if low_resolution:
        x = _conv_norm(image, 64, 3, use_bias=bottleneck, name="conv1")
        x = keras.layers.Activation("relu", name="conv1_relu")(x)
    else:
        x = _conv_norm(image, 64, 7, strides=2, use_bias=bottleneck, name="conv1")
        x = keras.layers.Activation("relu", name="conv1_relu")(x)
        x = keras.layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = keras.layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, depth in enumerate(depths):
        for number in range(depth):
            first = number == 0
            x = block(
                x,
                64 * 2**stage,
                strides=2 if first and stage else 1,
                shortcut=first and (bottleneck or stage > 0),
                name=f"conv{stage + 2}_block{number + 1}",
            )
    if include_top:
        x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = parts.classifier(x, classes, classifier_activation)
    else:
        x = parts.pool(x, pooling)
    return parts.with_weights(keras.Model(image, x, name=name), weights)


@register("model")
def ResNet18(
    include_top=True,
    weights=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet18",
    *,
    low_resolution=False,
):
    """Builds ResNet-18: eight basic blocks, 11,689,512 trainable parameters for 1,000 classes.

    Args:
        include_top: Whether to end in the classifier; else in the last feature maps.
        weights: `None`, or the path of a weights file.
        input_shape: `(height, width, channels)`; `None` is (224, 224, 3), or any size without
            the top.
        pooling: Pooling of the feature maps without the top: `None`, `"avg"` or `"max"`.
        classes: Number of classes.
        classifier_activation: Activation of the classifier; `None` returns logits.
        name: Name of the model.
        low_resolution: Whether to begin with a 3 x 3 convolution of stride 1 and no pooling,
            as is usual for images of 32 to 64 pixels.

    Returns:
        A `keras.Model` from float images `(batch, height, width, channels)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> model = kerasbook.applications.ResNet18(
        ...     input_shape=(32, 32, 3), classes=10, low_resolution=True
        ... )
        >>> model.output.shape
        (None, 10)

    Reference:
        He et al., 2016, table 1, https://arxiv.org/abs/1512.03385
    """
    return _resnet(basic_block, (2, 2, 2, 2), **locals())


@register("model")
def ResNet34(
    include_top=True,
    weights=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet34",
    *,
    low_resolution=False,
):
    """Builds ResNet-34: sixteen basic blocks; all else as in `ResNet18`."""
    return _resnet(basic_block, (3, 4, 6, 3), **locals())


@register("model")
def ResNet50(
    include_top=True,
    weights=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet50",
    *,
    low_resolution=False,
):
    """Builds ResNet-50: sixteen bottleneck blocks; arguments as in `ResNet18`.

    Its variables are those of `keras.applications.ResNet50`, in the same order and shapes:
    `model.set_weights(other.get_weights())` copies them over.
    """
    return _resnet(bottleneck_block, (3, 4, 6, 3), **locals())
