"""Image classifiers seen as models that end in probabilities, which is what is averaged."""

import keras


def with_probabilities(model, name):
    """Returns a model with the same variables that ends in float32 probabilities.

    Args:
        model: A functional or `keras.Sequential` classifier of images, with one input and one
            output. If its last layer's activation is linear, its outputs are taken for logits.
        name: Name of the model that is returned.

    Raises:
        ValueError: If the model is of another kind.
    """
    shapes = [
        [tuple(tensor.shape) for tensor in getattr(model, side, None) or []]
        for side in ("inputs", "outputs")
    ]
    single = [len(side) for side in shapes] == [1, 1]
    if not isinstance(model, keras.Model) or not single or len(shapes[0][0]) != 4:
        raise ValueError(
            "`model` must be a built functional or `Sequential` model from one input (batch, "
            "height, width, channels) to one output. "
            f"Received: model={getattr(model, 'name', model)!r} with shapes {shapes}"
        )
    outputs = keras.ops.cast(model.outputs[0], "float32")
    if getattr(model.layers[-1], "activation", None) is keras.activations.linear:
        outputs = keras.ops.softmax(outputs)
    return keras.Model(model.inputs[0], outputs, name=name)
