"""Rearrangements of the channel axis."""

from keras import ops


def channel_shuffle(inputs, groups, axis=-1):
    """Interleaves the channels of `groups` equal groups.

    Channel `g * n + i`, with `n` channels in a group, moves to `i * groups + g`.

    Args:
        inputs: Tensor of rank 2 or more with a static size along `axis`.
        groups: Number of groups, a divisor of that size.
        axis: The channel axis.

    Returns:
        Tensor with the shape and dtype of `inputs`.
    """
    axis %= len(inputs.shape)
    sizes = list(ops.shape(inputs))
    channels = inputs.shape[axis]
    split = [*sizes[:axis], groups, channels // groups, *sizes[axis + 1 :]]
    order = list(range(len(split)))
    order[axis], order[axis + 1] = axis + 1, axis
    return ops.reshape(ops.transpose(ops.reshape(inputs, split), order), sizes)
