"""TensorFlow kernels of `conv2d`, channels last: native where the gradient exists.

`tf.nn.conv2d` runs every forward pass, but on a CPU its gradient may be missing for grouped or
dilated kernels (without oneDNN always, with it in float16 and float64). One probe for each case
finds out, on the machine at hand; where the gradient is missing, groups are split and
concatenated, and a dilated kernel is summed tap by tap.
"""

import functools
import threading

import tensorflow as tf


def conv2d(inputs, kernel, strides, padding, dilation_rate):
    """Cross-correlates; arguments as in `kerasbook.ops.conv2d`, without "full"."""
    inputs, kernel = tf.convert_to_tensor(inputs), tf.convert_to_tensor(kernel)
    groups = inputs.shape[-1] // kernel.shape[2]
    dilated = max(dilation_rate) > 1
    dtype = inputs.dtype.name
    padding = padding.upper()
    if inputs.shape[0] == 0:  # for an empty batch oneDNN's kernel returns a wrong shape
        return tf.zeros(_output_shape(inputs, kernel, strides, padding, dilation_rate), dtype)
    if has_native_gradient(dtype, groups > 1, dilated):
        return tf.nn.conv2d(inputs, kernel, strides, padding, dilations=dilation_rate)
    if groups > 1:
        parts = zip(tf.split(inputs, groups, -1), tf.split(kernel, groups, -1), strict=True)
        outputs = [conv2d(x, k, strides, padding, dilation_rate) for x, k in parts]
        return tf.concat(outputs, -1)
    return _sum_of_taps(inputs, kernel, strides, padding, dilation_rate)


def _output_shape(inputs, kernel, strides, padding, dilation_rate):
    sizes = tf.shape(inputs)[1:3]
    if padding == "VALID":
        sizes -= (tf.constant(kernel.shape[:2]) - 1) * tf.constant(dilation_rate)
    rows, columns = tf.unstack((sizes - 1) // tf.constant(strides) + 1)
    return [0, rows, columns, kernel.shape[3]]


@functools.cache
def has_native_gradient(dtype, grouped, dilated):
    """Tells, by trying once, whether `tf.nn.conv2d` has a gradient for such a kernel."""
    if not grouped and not dilated:
        return True
    answer = []
    # A thread of its own has neither the graph nor the replica that the caller may be in.
    probe = threading.Thread(target=lambda: answer.append(_probe(dtype, grouped, dilated)))
    probe.start()
    probe.join()
    return answer[0]


def _probe(dtype, grouped, dilated):
    inputs = tf.ones((1, 5, 5, 2), dtype)
    kernel = tf.ones((2, 2, 1 if grouped else 2, 2), dtype)
    try:
        with tf.GradientTape() as tape:
            tape.watch([inputs, kernel])
            outputs = tf.nn.conv2d(inputs, kernel, 1, "SAME", dilations=2 if dilated else 1)
        tape.gradient(outputs, [inputs, kernel])
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
        return False
    return True


def _sum_of_taps(inputs, kernel, strides, padding, dilation_rate):
    """Sums, over the kernel's taps, a strided view of the input times the tap's matrix."""
    spans = [
        ((size - 1) * rate, stride)
        for size, rate, stride in zip(kernel.shape[:2], dilation_rate, strides, strict=True)
    ]
    sizes = tf.shape(inputs)[1:3]
    if padding == "SAME":
        margins = [(0, 0)]
        for axis, (span, stride) in enumerate(spans):
            steps = (sizes[axis] - 1) // stride
            total = tf.maximum(steps * stride + span + 1 - sizes[axis], 0)
            margins.append((total // 2, total - total // 2))
        inputs = tf.pad(inputs, [*margins, (0, 0)])
        sizes = tf.shape(inputs)[1:3]
    height, width = (
        sizes[axis] - span for axis, (span, _) in enumerate(spans)
    )  # of the strided view
    outputs = 0
    for u in range(kernel.shape[0]):
        for v in range(kernel.shape[1]):
            top, left = u * dilation_rate[0], v * dilation_rate[1]
            view = inputs[
                :, top : top + height : strides[0], left : left + width : strides[1]
            ]  # (batch, rows, columns, channels)
            outputs += tf.tensordot(view, kernel[u, v], 1)
    return outputs
