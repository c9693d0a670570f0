"""What the locally connected layers share: a kernel and a bias for every place."""

import math

import keras

from kerasbook import ops
from kerasbook.layers.convolution.kernel_layer import KernelLayer


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


def of_each(initializer, number):
    """Returns an initializer for `number` kernels in one variable, stacked before the channels.

    An initializer that scales its variance counts all axes before the channels as taps, and so
    every kernel's inputs and outputs `number` times.
    """
    if isinstance(initializer, keras.initializers.VarianceScaling):
        return keras.initializers.VarianceScaling(
            scale=initializer.scale * number,
            mode=initializer.mode,
            distribution=initializer.distribution,
            seed=initializer.seed,
        )
    return initializer
