"""Classifiers seen as models that end in probabilities, which is what is averaged."""

import keras

TINY = 1e-37  # the smallest probability of which a logarithm is taken


def with_probabilities(model, name, *, images=True):
    """Returns a model with the same variables that ends in float32 probabilities.

    Args:
        model: A functional or `keras.Sequential` classifier, with one input and one output. If
            its last layer's activation is linear, its outputs are taken for logits.
        name: Name of the model that is returned.
        images: Whether the inputs have to be images.

    Raises:
        ValueError: If the model is of another kind.
    """
    require_one_to_one(model, images=images)
    outputs = keras.ops.cast(model.outputs[0], "float32")
    if ends_in_logits(model):
        outputs = keras.ops.softmax(outputs)
    return keras.Model(model.inputs[0], outputs, name=name)


def with_logits(model, name):
    """Returns a model with the same variables that ends in float32 logits.

    Of a model that ends in probabilities those are their logarithms: softmax does not see what
    is added to all of them.
    """
    require_one_to_one(model)
    outputs = keras.ops.cast(model.outputs[0], "float32")
    if not ends_in_logits(model):
        outputs = keras.ops.log(keras.ops.maximum(outputs, TINY))
    return keras.Model(model.inputs[0], outputs, name=name)


def ends_in_logits(model):
    """Tells whether the last layer's activation is linear."""
    return getattr(model.layers[-1], "activation", None) is keras.activations.linear


def require_one_to_one(model, *, images=False):
    """Raises a `ValueError` unless a model has one input, perhaps images, and one output."""
    shapes = [
        [tuple(tensor.shape) for tensor in getattr(model, side, None) or []]
        for side in ("inputs", "outputs")
    ]
    single = [len(side) for side in shapes] == [1, 1]
    if not isinstance(model, keras.Model) or not single or (images and len(shapes[0][0]) != 4):
        kind = "(batch, height, width, channels) " if images else ""
        raise ValueError(
            f"`model` must be a built functional or `Sequential` model from one input {kind}to one "
            f"output. Received: model={getattr(model, 'name', model)!r} with shapes {shapes}"
        )
