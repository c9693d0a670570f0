"""TensorFlow kernels of `conv`, channels last: native where the gradient exists.

TensorFlow runs every two-dimensional forward pass, but on a CPU its gradient may be missing for
grouped or dilated kernels (without oneDNN always, with it in float16 and float64), and in three
dimensions there the forward pass may be as well. One probe for each case finds out, on the
machine at hand; where something is missing, groups are split and concatenated, and a dilated
or depthwise kernel is summed tap by tap. One dimension is two dimensions, the first of size one.
"""

import functools
import itertools
import threading

import tensorflow as tf

ERRORS = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, tf.errors.NotFoundError)


def conv(inputs, kernel, strides, padding, dilation_rate):
    """Cross-correlates; arguments as in `kerasbook.ops.conv`, padding "valid" or "same"."""
    inputs, kernel = tf.convert_to_tensor(inputs), tf.convert_to_tensor(kernel)
    if len(strides) == 1:
        inputs, kernel = tf.expand_dims(inputs, 1), tf.expand_dims(kernel, 0)
        outputs = conv(inputs, kernel, (1, *strides), padding, (1, *dilation_rate))
        return tf.squeeze(outputs, 1)
    groups = inputs.shape[-1] // kernel.shape[-2]
    dilated = max(dilation_rate) > 1
    padding = padding.upper()
    if len(strides) == 2 and set(kernel.shape[:-2]) == {1} and strides[0] != strides[1]:
        # oneDNN's gradient of such a kernel writes where it must not, and the process dies.
        inputs, strides = inputs[:, :: strides[0], :: strides[1]], (1, 1)
    if len(strides) == 3 and padding == "SAME" and _leaps(kernel, strides, dilation_rate):
        # TensorFlow's own margins are wrong there.
        inputs, padding = _pad_same(inputs, kernel, strides, dilation_rate), "VALID"
    if inputs.shape[0] == 0:  # for an empty batch oneDNN's kernel returns a wrong shape
        shape = _output_shape(inputs, kernel, strides, padding, dilation_rate)
        return tf.zeros(shape, inputs.dtype)
    if has_native_gradient(len(strides), inputs.dtype.name, groups > 1, dilated):
        return _native(inputs, kernel, strides, padding, dilation_rate)
    if groups > 1 and kernel.shape[-2] > 1:
        parts = zip(tf.split(inputs, groups, -1), tf.split(kernel, groups, -1), strict=True)
        outputs = [conv(x, k, strides, padding, dilation_rate) for x, k in parts]
        return tf.concat(outputs, -1)
    return _sum_of_taps(inputs, kernel, strides, padding, dilation_rate)


def _native(inputs, kernel, strides, padding, dilation_rate):
    if len(strides) == 2:
        return tf.nn.conv2d(inputs, kernel, strides, padding, dilations=dilation_rate)
    return tf.nn.conv3d(inputs, kernel, (1, *strides, 1), padding, dilations=(1, *dilation_rate, 1))


def _output_shape(inputs, kernel, strides, padding, dilation_rate):
    sizes = tf.shape(inputs)[1:-1]
    if padding == "VALID":
        sizes -= (tf.constant(kernel.shape[:-2]) - 1) * tf.constant(dilation_rate)
    sizes = tf.unstack((sizes - 1) // tf.constant(strides) + 1)
    return [0, *sizes, kernel.shape[-1]]


@functools.cache
def has_native_gradient(rank, dtype, grouped, dilated):
    """Tells, by trying once, whether TensorFlow's operation and its gradient run for a case."""
    if not grouped and not dilated:
        return True
    answer = []
    # A thread of its own has neither the graph nor the replica that the caller may be in.
    probe = threading.Thread(target=lambda: answer.append(_probe(rank, dtype, grouped, dilated)))
    probe.start()
    probe.join()
    return answer[0]


def _probe(rank, dtype, grouped, dilated):
    inputs = tf.ones((1, *(5,) * rank, 2), dtype)
    kernel = tf.ones((*(2,) * rank, 1 if grouped else 2, 2), dtype)
    rate = (2 if dilated else 1,) * rank
    try:
        with tf.GradientTape() as tape:
            tape.watch([inputs, kernel])
            outputs = _native(inputs, kernel, (1,) * rank, "SAME", rate)
        tape.gradient(outputs, [inputs, kernel])
    except ERRORS:
        return False
    return True


def _sum_of_taps(inputs, kernel, strides, padding, dilation_rate):
    """Sums, over the kernel's taps, a strided view of the input times the tap's matrix."""
    if padding == "SAME":
        inputs = _pad_same(inputs, kernel, strides, dilation_rate)
    taps, spans = kernel.shape[:-2], _spans(kernel, dilation_rate)
    sizes = tf.unstack(tf.shape(inputs)[1:-1])
    lengths = [size - span for size, span in zip(sizes, spans, strict=True)]
    outputs = 0
    for tap in itertools.product(*map(range, taps)):
        starts = [place * rate for place, rate in zip(tap, dilation_rate, strict=True)]
        view = [
            slice(start, start + length, stride)
            for start, length, stride in zip(starts, lengths, strides, strict=True)
        ]
        if kernel.shape[-2] == 1:  # of one channel each: depthwise
            multiplier = kernel.shape[-1] // inputs.shape[-1]
            outputs += tf.repeat(inputs[:, *view], multiplier, -1) * kernel[tap][0]
        else:
            outputs += tf.tensordot(inputs[:, *view], kernel[tap], 1)
    return outputs


def _spans(kernel, dilation_rate):
    """Returns the pixels from a kernel's first tap to its last along each axis."""
    return [(size - 1) * rate for size, rate in zip(kernel.shape[:-2], dilation_rate, strict=True)]


def _leaps(kernel, strides, dilation_rate):
    """Tells whether the strides leave pixels out that no output sees."""
    spans = _spans(kernel, dilation_rate)
    return any(stride > span + 1 for stride, span in zip(strides, spans, strict=True))


def _pad_same(inputs, kernel, strides, dilation_rate):
    """Pads as "same" says, so that "valid" remains to be done."""
    sizes = tf.unstack(tf.shape(inputs)[1:-1])
    margins = []
    for size, span, stride in zip(sizes, _spans(kernel, dilation_rate), strides, strict=True):
        total = tf.maximum((size - 1) // stride * stride + span + 1 - size, 0)
        margins.append((total // 2, total - total // 2))
    return tf.pad(inputs, [(0, 0), *margins, (0, 0)])
