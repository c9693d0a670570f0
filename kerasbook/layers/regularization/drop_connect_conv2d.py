"""A convolution that drops weights while it trains."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.arguments import boolean, integer_seed, rate_below_one
from kerasbook.layers.convolution.conv2d import Conv2D


@keras.saving.register_keras_serializable(package="kerasbook")
class DropConnectConv2D(Conv2D):
    """A 2-D convolution that zeroes random weights, for each image its own.

    While training, the kernel is `w * m / (1 - rate)` with `m ~ Bernoulli(1 - rate)` drawn for
    every weight; otherwise it is `w`. A dropped weight is missing at every place of the image.
    Biases are not dropped.

    With a kernel for each image, TensorFlow convolves the images one by one. `per_image=False`
    takes one mask for the whole batch, at hardly more than `Conv2D`'s cost.

    Args:
        filters: Number of output channels, a multiple of `groups`.
        kernel_size: Height and width of the kernel in taps, or one integer for both.
        rate: Probability of zeroing a weight, in `[0, 1)`.
        per_image: Whether every image has its own mask.
        seed: Integer seed; `None` draws a fresh one.
        **kwargs: All further arguments of `Conv2D`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`; `channels` a multiple of `groups`.
        training: Whether to drop. Defaults to `False`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first, in the
        layer's compute dtype.

    Raises:
        ValueError: If `rate` is not in [0, 1), or as `Conv2D` does.

    Example:
        >>> layer = kerasbook.layers.DropConnectConv2D(4, 3, rate=0.2)
        >>> tuple(layer(np.ones((2, 8, 9, 3), "float32"), training=True).shape)
        (2, 6, 7, 4)

    Reference:
        Wan et al., 2013, section 3, https://proceedings.mlr.press/v28/wan13.html, who drop the
        weights of dense layers; what holds for `DropConnectDense` holds here.
    """

    def __init__(self, filters, kernel_size, *, rate=0.5, per_image=True, seed=None, **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        self.rate = rate_below_one("rate", rate)
        self.per_image = boolean("per_image", per_image)
        self.seed = integer_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if training and self.rate > 0:
            return self.apply(inputs, self.draw(ops.shape(inputs)[0]))
        return super().call(inputs)

    def draw(self, batch_size, seed=None):
        """Draws which weights survive: booleans `(batch_size or 1, *kernel.shape)`."""
        if seed is None:
            seed = self.seed_generator
        masks = batch_size if self.per_image else 1
        return kernels.random_uniform((masks, *self.kernel.shape), seed) >= self.rate

    def apply(self, inputs, survives):
        """Zeroes the weights that do not survive and divides the others by `1 - rate`."""
        x = ops.cast(inputs, self.compute_dtype)
        kernel = ops.cast(survives, self.compute_dtype) * (self.kernel / (1 - self.rate))
        convolve = kernels.conv_per_image if self.per_image else kernels.conv
        outputs = convolve(
            x,
            kernel if self.per_image else ops.squeeze(kernel, 0),
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self.finish(outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "per_image": self.per_image,
            "seed": self.seed,
        }
