"""What the tiled convolutions share: kernels that the places of the output use in turn."""

import math

from kerasbook import ops
from kerasbook.layers.arguments import positive_integers
from kerasbook.layers.convolution.kernel_layer import KernelLayer
from kerasbook.layers.convolution.locally_connected import of_each


class TiledConvolution(KernelLayer):
    """Base of `TiledConv1D` and `TiledConv2D`; arguments as in `TiledConv2D`."""

    def __init__(self, filters, kernel_size, *, tile, **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        self.tile = positive_integers("tile", tile, self.rank)

    def kernel_shape(self, channels, sizes):
        return (*self.kernel_size, *self.tile, channels, self.filters)

    def bias_shape(self, sizes):
        return (*self.tile, self.filters)

    def kernel_start(self, sizes):
        return of_each(self.kernel_initializer, math.prod(self.tile))

    def call(self, inputs):
        outputs = ops.tiled_conv(
            inputs,
            self.kernel,
            self.bias,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self.activation(outputs)

    def multiply_adds(self, input_shape, output_shape):
        """Returns the taps of one kernel of the tile at each place."""
        products = super().multiply_adds(input_shape, output_shape)
        return products // math.prod(self.tile)

    def get_config(self):
        return {**super().get_config(), "tile": list(self.tile)}
