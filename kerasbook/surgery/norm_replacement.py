"""Models whose normalizations are replaced by those of another kind."""

import math

import keras

from kerasbook import layers
from kerasbook.layers.composite import NORMALIZATIONS, Composite
from kerasbook.layers.normalization.channel_normalization import ChannelNormalization
from kerasbook.layers.own_weights import parts_of
from kerasbook.surgery.batch_norm_statistics import BATCH_NORMS, get_statistics, set_statistics
from kerasbook.surgery.rebuilding import changed_config, copy_weights, put_in_place

NORMS = (
    *BATCH_NORMS,
    ChannelNormalization,
    keras.layers.GroupNormalization,
    keras.layers.LayerNormalization,
    keras.layers.RMSNormalization,
)
KINDS = (*NORMALIZATIONS, "layer")
# What a new normalization takes over from the one before, where both have it.
SHARED_ARGUMENTS = ("axis", "epsilon", "center", "scale", "trainable", "dtype")


def replace_norms(model, normalization):
    """Returns a model with other normalizations, and with the weights of all other layers.

    Replaced is every normalization by batch, group, layer, root mean square, instance or filter
    response, Keras' or the library's: the layers of the model and of models within it, by new
    ones of the same names, and those within the library's blocks. Kernels stay as they are. The
    new layers take over the channel axis, `epsilon`, `center`, `scale`, whether they train, the
    dtype, `gamma` and `beta` where both have them, and between two normalizations of the batch
    the statistics. So `"batch"` makes the fused layers of the library out of Keras' and keeps
    the function; any other kind changes it, and the model has to be trained further.

    Args:
        model: A built functional or `keras.Sequential` model.
        normalization: `"batch"`; `"group"`, of at most 32 groups; `"instance"`; `"layer"`, over
            all positions and channels; a layer of normalization, of which every place gets a
            copy with the axis, the dtype and the name of the layer before; or `None`, which
            leaves the inputs as they are. Blocks of the library then get biases, unless they
            were told otherwise; `fold_batch_norm` removes normalizations and keeps the function.

    Returns:
        A new model of the same class, not compiled. It shares no variable with `model`, which
        does not change.

    Raises:
        ValueError: If an argument is out of range, a normalization has several axes, stands
            within a layer of another kind, or the new one does not fit to its inputs; the message
            names the layer.

    Example:
        >>> model = keras.Sequential([keras.Input((9, 9, 3)), keras.layers.Conv2D(4, 3)])
        >>> model.add(keras.layers.BatchNormalization())
        >>> group = kerasbook.surgery.replace_norms(model, "group")
        >>> [type(layer).__name__ for layer in group.layers]
        ['Conv2D', 'GroupNormalization']

    Reference:
        Wu and He, 2018, section 4, https://arxiv.org/abs/1803.08494, where batch normalization
        is replaced by that of groups, and the networks are trained anew.
    """
    is_layer = isinstance(normalization, keras.layers.Layer)
    if isinstance(normalization, keras.Model) or not (
        is_layer or normalization is None or normalization in KINDS
    ):
        raise ValueError(
            f"`normalization` must be None, one of {KINDS} or a layer. "
            f"Received: normalization={normalization!r}"
        )

    def change(layer, entry, is_output):
        if isinstance(layer, NORMS):
            put_in_place(entry, _in_place_of(layer, normalization))
        elif isinstance(layer, Composite):
            if layer.normalization is not None:
                entry["config"]["normalization"] = _argument(normalization)
        elif layer is not None and _has_norms(layer):
            raise ValueError(
                f"The layer {layer.name!r} of class {type(layer).__name__} has a normalization "
                "within that cannot be replaced."
            )

    config = changed_config(model, change)
    new = type(model).from_config(config)
    copy_weights(model, new, replaced=NORMS, carry=_carry)
    return new


def _has_norms(layer):
    return any(isinstance(part, NORMS) or _has_norms(part) for part in parts_of(layer))


def _argument(normalization):
    """Returns the normalization as an argument in the config of a block."""
    if normalization == "layer":
        normalization = layers.GroupNormalization(1)
    if isinstance(normalization, keras.layers.Layer):
        return keras.saving.serialize_keras_object(normalization)
    return normalization


def _in_place_of(layer, normalization):
    """Returns the new layer for a normalization, not built."""
    axis = getattr(layer, "axis", -1)
    shape = layer.get_build_config()["input_shape"]
    if isinstance(axis, (tuple, list)):
        if len(axis) != 1:
            raise _misfit(layer, f"it normalizes over the axes {list(axis)} at once")
        (axis,) = axis
    old = {**layer.get_config(), "axis": axis}
    if normalization is None:
        return keras.layers.Identity(dtype=layer.dtype_policy.name)
    if normalization == "instance" and len(shape) < 3:
        raise _misfit(layer, f"its inputs {tuple(shape)} have no positions")
    if isinstance(normalization, keras.layers.Layer):
        kind, config = type(normalization), normalization.get_config()
        taken = {"axis", "dtype", "trainable"} & set(config)
    else:
        kind, config = _kind(normalization, shape[axis])
        taken = set(SHARED_ARGUMENTS) & set(kind(**config).get_config())
    config = {**config, **{name: old[name] for name in taken if name in old}}
    try:
        new = kind.from_config({**config, "name": layer.name})
        new.build(shape)
    except ValueError as error:
        raise _misfit(layer, str(error)) from error
    return kind.from_config(new.get_config())


def _kind(normalization, channels):
    """Returns the class of a normalization by its name, and its own arguments."""
    if normalization == "batch":
        return layers.BatchNormalization, {}
    if normalization == "instance":
        return layers.InstanceNormalization, {}
    groups = 1 if normalization == "layer" else math.gcd(32, channels)
    return layers.GroupNormalization, {"groups": groups}


def _carry(old, new):
    for name in ("gamma", "beta"):
        mine, its = getattr(old, name, None), getattr(new, name, None)
        if mine is not None and its is not None and tuple(mine.shape) == tuple(its.shape):
            its.assign(mine)
    if isinstance(old, BATCH_NORMS) and isinstance(new, BATCH_NORMS):
        set_statistics(new, *get_statistics(old))


def _misfit(layer, reason):
    return ValueError(
        f"The layer {layer.name!r} of class {type(layer).__name__} cannot be replaced: {reason}"
    )
