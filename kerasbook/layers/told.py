"""What layers tell of themselves: how they move a receptive field, and what they compute.

`kerasbook.receptive_field` and `kerasbook.analysis.cost` ask a layer by the methods
`receptive_field_steps` and `multiply_adds`. A class takes one of these functions as its method,
`receptive_field_steps = position_wise`, or writes its own. A layer whose outputs can take the
place of its inputs in memory has the attribute `works_in_place = True`.
"""

import math


def position_wise(layer):
    """Steps of a layer that treats each position apart."""
    return [[]]


def all_positions(layer):
    """Steps of a layer each of whose outputs sees all positions."""
    return [[(None, 1, "valid")]]


def of_pool(layer):
    """Steps of a pooling layer: its window's."""
    return [[(layer.pool_size, layer.strides, layer.padding)]]


def along_axis(layer, rank, data_format):
    """Steps of a layer that works along `layer.axis`: none if that is the axis of the channels."""
    axes = layer.axis if isinstance(layer.axis, (tuple, list)) else (layer.axis,)
    channels = rank - 1 if data_format == "channels_last" else 1
    same = {axis % rank for axis in axes} == {channels}
    return position_wise(layer) if same else all_positions(layer)


def along_last_axis(layer, rank, data_format):
    """Steps of a layer that sums over the last axis, which has to be that of the channels.

    Raises:
        ValueError: If it is not.
    """
    if data_format != "channels_last":
        raise ValueError("it sums over the last axis, which is not that of the channels")
    return position_wise(layer)


def no_products(layer, input_shape, output_shape):
    """Multiply-adds of a layer whose weights multiply numbers one by one."""
    return 0


def products_of_kernel(layer, input_shape, output_shape):
    """Multiply-adds of a convolution: the taps of `layer.kernel` at each position."""
    return places(layer, output_shape) * math.prod(layer.kernel.shape)


def products_of_matrix(layer, input_shape, output_shape):
    """Multiply-adds of a dense layer: all of `layer.kernel` for each row."""
    return math.prod(input_shape[:-1]) * math.prod(layer.kernel.shape)


def places(layer, shape):
    """Returns the number of positions of all images in a tensor with channels."""
    first = getattr(layer, "data_format", None) == "channels_first"
    return math.prod(shape) // shape[1 if first else -1]
