"""What the convolutions of one, two and three dimensions share: groups, and Keras' arguments."""

from kerasbook import ops
from kerasbook.layers.arguments import divisible, positive_integer
from kerasbook.layers.convolution.kernel_layer import KernelLayer


class Convolution(KernelLayer):
    """Base of `Conv1D`, `Conv2D` and `Conv3D`, which set `rank`; arguments as in `Conv2D`."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.groups = positive_integer("groups", groups)
        if filters % groups:
            raise ValueError(
                "`filters` must be a multiple of `groups`. "
                f"Received: filters={filters}, groups={groups}"
            )

    def kernel_shape(self, channels, sizes):
        divisible("groups", self.groups, channels)
        return (*self.kernel_size, channels // self.groups, self.filters)

    def taps(self):
        """Returns the kernel as it is laid over the inputs."""
        return self.kernel

    def convolve(self, inputs):
        return self.slide(inputs, self.taps())

    def slide(self, inputs, kernel):
        """Returns the inputs convolved with a kernel of this layer's shape."""
        return ops.conv(
            inputs,
            kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def get_config(self):
        return {**super().get_config(), "groups": self.groups}
