"""Models for images of another number of channels."""

import keras
import numpy as np

from kerasbook import layers
from kerasbook.arguments import positive_integer
from kerasbook.surgery.batch_norm_statistics import float64
from kerasbook.surgery.rebuilding import changed_config, copy_weights, references_within

CONVOLUTIONS = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
)
# Numbers of layers without weights that may be one for each channel.
CONSTANTS = {
    keras.layers.Normalization: ("input_mean", "input_variance"),
    keras.layers.Rescaling: ("scale", "offset"),
}


def change_input_channels(model, channels):
    """Returns a model for images of another number of channels, and with the same weights.

    The kernels of the convolutions that read the image are adapted; all other weights stay. With
    fewer channels, kernel `c` is the sum of the old kernels `c, c + channels, ...`: for one
    channel the sum over all, so that a grey image gives what it gave as a grey image of three
    equal channels. With more, the old kernels are repeated in turn, each divided by the number
    of its copies: twice as many channels have each kernel twice, halved. Thus an image whose
    channels are all equal gives the same results before and after, whatever the numbers.

    The image may pass layers without weights first, such as paddings, croppings, rescaling and
    augmentation, and models within the model; several convolutions may read it, also within the
    library's blocks.

    Args:
        model: A built functional or `keras.Sequential` model of one input.
        channels: Number of channels of the new model's images, 1 or more.

    Returns:
        A new model of the same class, not compiled. It shares no variable with `model`, which
        does not change.

    Raises:
        ValueError: If an argument is out of range, or a layer that reads the image cannot be
            adapted: one with weights for each channel, such as a depthwise convolution or a
            normalization, or a convolution in groups. The message names the layer.

    Example:
        >>> model = kerasbook.applications.LeNet5()  # of grey images
        >>> kerasbook.surgery.change_input_channels(model, 3).input_shape
        (None, 28, 28, 3)

    Reference:
        Wightman's timm, https://github.com/huggingface/pytorch-image-models, sums and repeats
        likewise, and divides by `channels / old channels`, which is the same wherever the one
        is a multiple of the other.
    """
    positive_integer("channels", channels)
    config = changed_config(model, lambda layer, entry, is_output: None)
    if len(model.inputs) != 1 or len(model.inputs[0].shape) < 3:
        raise ValueError(
            "`model` must have one input, of images. Received: inputs of the shapes "
            f"{[tuple(x.shape) for x in model.inputs]}"
        )
    axis = _channel_axis(model)
    old_channels = model.inputs[0].shape[axis]
    _set_channels(model, config, axis, channels)
    try:
        new = type(model).from_config(config)
    except Exception as error:
        raise ValueError(
            f"`channels` must be a number that every layer takes. Received: channels={channels}, "
            f"for which a layer fails: {error}"
        ) from error

    def assign(layer, mine, its):
        if tuple(mine.shape) == tuple(its.shape):
            its.assign(mine)
            return
        kernel = float64(mine)
        # With groups a kernel has only some of the channels.
        reads_image = mine.name == "kernel" and kernel.shape[-2] == old_channels
        if not (isinstance(layer, CONVOLUTIONS) and reads_image):
            raise _depends(layer, f"weights {mine.name!r} of the shape {tuple(mine.shape)} depend")
        its.assign(np.einsum("...io,ij->...jo", kernel, _mixing(old_channels, channels)))

    copy_weights(model, new, assign=assign)
    return new


def _depends(layer, what):
    return ValueError(
        f"The layer {layer.name!r} of class {type(layer).__name__} cannot be adapted: its {what} "
        "on the channels."
    )


def _mixing(old, new):
    """Returns the matrix (old, new) of the kernels' parts in the new ones; its rows sum to 1."""
    places = np.arange(max(old, new))
    matrix = np.zeros((old, new))
    matrix[places % old, places % new] = 1
    return matrix / matrix.sum(axis=1, keepdims=True)


def _channel_axis(model):
    """Returns the axis of the channels, as the layers with weights have it.

    A padding, say, may take the channels for a side of the image on purpose.
    """
    layers = [layer for layer in model._flatten_layers() if layer.weights]
    formats = {getattr(layer, "data_format", None) for layer in layers}
    return 1 if "channels_first" in formats else -1


def _set_channels(model, config, axis, channels):
    """Sets the channels of a config's input, and of those of models within that read it."""
    by_name = {layer.name: layer for layer in model.layers}
    reads_image = True  # in a sequential model, the layers up to the first with weights
    images = set()
    for entry in config["layers"]:
        name = entry["config"]["name"]
        layer = by_name.get(name)
        sources = {source for source, _, _ in references_within(entry.get("inbound_nodes", []))}
        if entry["class_name"] == "InputLayer":  # which is none of a sequential model's layers
            shape = list(entry["config"]["batch_shape"])
            shape[axis] = channels
            entry["config"]["batch_shape"] = shape
            images.add(name)
            continue
        if isinstance(model, keras.Sequential):
            reads = reads_image
        else:
            reads = bool(sources) and sources <= images
        for constant in CONSTANTS.get(type(layer), ()) if reads else ():
            if np.size(getattr(layer, constant)) > 1:
                raise _depends(layer, f"constant `{constant}` depends")
        if reads and isinstance(layer, keras.Model):
            _set_channels(layer, entry["config"], axis, channels)
        if reads and not getattr(layer, "weights", ()):
            images.add(name)
        else:
            reads_image = False
