"""Maps from within a classification model, by names that all families share."""

import dataclasses
import re

import keras

from kerasbook import registry
from kerasbook.applications.graph import operations, stride_of


@dataclasses.dataclass(frozen=True)
class FeatureMap:
    """A map that `features` can return.

    Attributes:
        name: `"stem"`, `"stage1"` and so on; `"stage3a"` for a part of a stage.
        layer: Name of the layer that makes it, the last one of this part of the network.
        stride: Pixels of the image between neighbours of the map.
        channels: Number of its channels.
    """

    name: str
    layer: str
    stride: int
    channels: int


def feature_maps(model):
    """Returns the maps that `features` can return of a model, from the image on.

    Args:
        model: A model of `kerasbook.applications`, with or without its top, also one that was
            saved and loaded again.

    Returns:
        List of `FeatureMap`.

    Raises:
        ValueError: If the model has no such maps.

    Example:
        >>> model = kerasbook.applications.ResNet18(include_top=False)
        >>> [(entry.name, entry.stride) for entry in kerasbook.applications.feature_maps(model)]
        [('stem', 4), ('stage1', 4), ('stage2', 8), ('stage3', 16), ('stage4', 32)]
    """
    if not isinstance(model, keras.Model) or not getattr(model, "outputs", None):
        raise ValueError(f"`model` must be a functional model. Received: model={model!r}")
    last = {}
    for operation in operations(model, within=False):
        match = re.match(r"(stem|stage\d+)([a-z]?)_", operation.name)
        if match and len(operation.output.shape) == 4:
            for name in (match[1] + match[2], match[1]):
                last.pop(name, None)  # so that the order is that of the maps
                last[name] = operation
    if not last:
        raise ValueError(
            "`model` must have layers that are named after their stage, as those of "
            f"`kerasbook.applications` are. Received: model={model.name!r}"
        )
    return [
        FeatureMap(name, layer.name, stride_of(layer.output), layer.output.shape[-1])
        for name, layer in last.items()
    ]


def features(model, names=None):
    """Returns a model that maps images to maps from within a classification model.

    The maps share their layers and weights with the model. A stage ends where the next one begins
    to have fewer pixels, so that the same name has in most families the same stride; what is
    left of the model after the last map is not in the result.

    Args:
        model: A model of `kerasbook.applications`, with or without its top.
        names: List of names, see `feature_maps`; `None` takes the stem and all whole stages.

    Returns:
        A `keras.Model` from images to a list of maps `(batch, height, width, channels)`, in the
        order of `names`; to one map if `names` is a string.

    Raises:
        ValueError: If the model has no map of such a name.

    Example:
        >>> model = kerasbook.applications.ResNet18(input_shape=(64, 96, 3))
        >>> maps = kerasbook.applications.features(model, ["stage2", "stage4"])
        >>> [tuple(shape) for shape in maps.output_shape]
        [(None, 8, 12, 128), (None, 2, 3, 512)]
    """
    layers = {entry.name: entry.layer for entry in feature_maps(model)}
    if names is None:
        names = [name for name in layers if not re.fullmatch(r"stage\d+[a-z]", name)]
    wanted = [names] if isinstance(names, str) else names
    if not isinstance(wanted, (list, tuple)) or not wanted:
        raise ValueError(
            f"`names` must be a name, a list of names or None. Received: names={names!r}"
        )
    for name in wanted:
        if name not in layers:
            raise ValueError(registry.unknown("names", name, layers))
    by_name = {operation.name: operation for operation in operations(model, within=False)}
    maps = [by_name[layers[name]].output for name in wanted]
    outputs = maps[0] if isinstance(names, str) else maps
    return keras.Model(model.input, outputs, name=f"{model.name}_features")
