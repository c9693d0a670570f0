"""Max pooling that tells where the maxima stood."""

import keras

from kerasbook import ops as kernels
from kerasbook.layers.pooling.window_pooling2d import WindowPooling2D
from kerasbook.layers.told import of_pool


@keras.saving.register_keras_serializable(package="kerasbook")
class MaxPoolingWithArgmax2D(WindowPooling2D):
    """Takes the greatest value of each window, and the place in the image where it stands.

    `y = max x` over the window, and its index is `row * width + column`, counted from 0 in the
    image that came in, for each image and channel apart. Of equal values the first of the
    window is taken, row by row, and the gradient goes to its place alone.

    Args:
        pool_size: Height and width of a window in pixels, or one integer for both.
        strides: Pixels between neighbouring windows, two integers or one; `None` takes
            `pool_size`.
        padding: `"valid"` pads nothing; `"same"` pads to `ceil(size / stride)` outputs with
            what is never the greatest.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`.

    Returns:
        Two tensors `(batch, new_height, new_width, channels)`, or with the channels first: the
        values in the layer's compute dtype, and the indices in int32, for `MaxUnpooling2D`.

    Raises:
        ValueError: If an argument is out of range, or a window larger than inputs of a static
            size under `"valid"` padding.

    Example:
        >>> x = np.array([[1, 5, 2], [3, 4, 9]], "float32").reshape(1, 2, 3, 1)
        >>> values, indices = kerasbook.layers.MaxPoolingWithArgmax2D(2, strides=1)(x)
        >>> np.asarray(values).ravel().tolist(), np.asarray(indices).ravel().tolist()
        ([5.0, 9.0], [1, 5])

    Reference:
        Zeiler and Fergus, 2014, section 2.1 ("switches"), https://arxiv.org/abs/1311.2901. The
        indices are those of `torch.nn.MaxPool2d(return_indices=True)`; those of
        `tf.nn.max_pool_with_argmax` are `index * channels + channel`.
    """

    receptive_field_steps = of_pool

    def call(self, inputs):
        x = self.to_channels_last(inputs)
        outputs = kernels.max_pool_with_argmax(x, self.pool_size, self.strides, self.padding)
        return tuple(self.from_channels_last(output) for output in outputs)

    def compute_output_shape(self, input_shape):
        return (super().compute_output_shape(input_shape),) * 2

    def compute_output_spec(self, inputs):
        shape, _ = self.compute_output_shape(inputs.shape)
        return keras.KerasTensor(shape, self.compute_dtype), keras.KerasTensor(shape, "int32")
