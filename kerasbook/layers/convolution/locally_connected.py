"""What the locally connected layers share: a kernel and a bias for every place."""

import math

import keras

from kerasbook import ops
from kerasbook.layers.convolution.kernel_layer import KernelLayer

# These draw every number by itself, whatever the shape; what is derived from them may not.
ELEMENTWISE = (
    keras.initializers.Constant,
    keras.initializers.Ones,
    keras.initializers.RandomNormal,
    keras.initializers.RandomUniform,
    keras.initializers.TruncatedNormal,
    keras.initializers.Zeros,
)


class LocallyConnected(KernelLayer):
    """Base of `LocallyConnected1D`, `2D` and `3D`; arguments as in `LocallyConnected2D`."""

    paddings = ("valid", "same")

    def kernel_shape(self, channels, sizes):
        if None in sizes:
            raise ValueError(
                "The sizes of the inputs must be static: every place has weights of its own. "
                f"Received: sizes of the outputs={sizes}"
            )
        return (*self.kernel_size, *sizes, channels, self.filters)

    def bias_shape(self, sizes):
        return (*sizes, self.filters)

    def kernel_start(self, sizes):
        return of_each(self.kernel_initializer, math.prod(sizes))

    def convolve(self, inputs):
        return ops.local_conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def multiply_adds(self, input_shape, output_shape):
        """Returns all taps of the kernel, which has some for each place."""
        return output_shape[0] * math.prod(self.kernel.shape)


def of_each(initializer, number):
    """Returns an initializer for `number` kernels in one variable, stacked before the channels.

    An initializer that scales its variance counts all axes before the channels as taps, and so
    every kernel's inputs and outputs `number` times. Any other that looks at the shape, such as
    an orthogonal one, is asked for every kernel by itself.
    """
    if type(initializer) in ELEMENTWISE:
        return initializer
    variance = keras.initializers.VarianceScaling
    if isinstance(initializer, variance) and type(initializer).__call__ is variance.__call__:
        return variance(
            scale=initializer.scale * number,
            mode=initializer.mode,
            distribution=initializer.distribution,
            seed=initializer.seed,
        )

    def one_by_one(shape, dtype=None):
        rank = len(shape) // 2 - 1  # (*taps, *places, channels, filters)
        of_one = (*shape[:rank], *shape[-2:])
        kernels = [
            _of_place(initializer, place)(of_one, dtype=dtype)
            for place in range(math.prod(shape[rank:-2]))
        ]
        return keras.ops.reshape(keras.ops.stack(kernels, rank), shape)

    return one_by_one


def _of_place(initializer, place):
    """Returns an initializer with a seed of its own; with one seed all kernels would be equal."""
    seed = getattr(initializer, "seed", None)
    if not isinstance(seed, int):
        return initializer
    return type(initializer).from_config({**initializer.get_config(), "seed": seed + place})
