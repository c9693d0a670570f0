"""Normalization on TensorFlow, which fuses nothing by itself: few passes over memory.

Passes that differences would need are saved by moving means out of sums, unless that costs digits.
"""

import tensorflow as tf

# In deviations; beyond, a sum about a mean of float32 is not the sum less its share of the mean.
LARGE_MEAN = 10.0


def group_normalization(x, groups, gamma, beta, epsilon):
    """Normalizes `(batch, places, channels)` by the statistics of groups of channels.

    Where a mean is large beside the deviation it has lost digits, and gets them back from the
    mean of what it leaves.
    """
    channels = x.shape[-1]

    def over_group(values):  # (batch, 1, c) -> the same, each group's mean in its channels
        grouped = tf.reshape(values, (-1, 1, groups, channels // groups))
        return tf.repeat(tf.reduce_mean(grouped, axis=-1), channels // groups, axis=-1)

    @tf.custom_gradient
    def normalize(x, gamma, beta):
        mean = over_group(tf.reduce_mean(x, axis=1, keepdims=True))
        squares = tf.math.squared_difference(x, mean)
        variance = over_group(tf.reduce_mean(squares, axis=1, keepdims=True))
        far = tf.reduce_any(tf.square(mean) > LARGE_MEAN**2 * (variance + epsilon))
        mean = tf.cond(
            far,
            lambda: mean + over_group(tf.reduce_mean(x - mean, axis=1, keepdims=True)),
            lambda: mean,
        )
        inverse = tf.math.rsqrt(variance + epsilon)
        scale = inverse * gamma
        outputs = x * scale + (beta - mean * scale)

        def gradient(upstream):
            # With n = (x - mean) / deviation and g = gamma * upstream, the gradient of x is
            # (g - mean(g) - n mean(g n)) / deviation, the means over places and group.
            sums = tf.reduce_sum(upstream, axis=1, keepdims=True)
            products = tf.cond(
                far,
                lambda: tf.reduce_sum(upstream * (x - mean), axis=1, keepdims=True),
                lambda: tf.reduce_sum(upstream * x, axis=1, keepdims=True) - mean * sums,
            )
            places = tf.cast(tf.shape(x)[1], x.dtype)
            mean_g = over_group(gamma * sums) / places
            mean_gn = inverse * over_group(gamma * products) / places
            slope = -inverse * inverse * mean_gn
            shift = -mean * slope - inverse * mean_g
            of_x = upstream * scale + (x * slope + shift)
            of_gamma = tf.reduce_sum(inverse * products, axis=(0, 1))
            return of_x, of_gamma, tf.reduce_sum(sums, axis=(0, 1))

        return outputs, gradient

    return normalize(x, gamma, beta)


@tf.custom_gradient
def filter_response_normalization(x, gamma, beta, threshold, epsilon):
    """Normalizes `(batch, places, channels)` by the mean squares over the places.

    A scalar `threshold` of `-inf` is none.
    """
    squares = tf.reduce_mean(tf.square(x), axis=1, keepdims=True)
    inverse = tf.math.rsqrt(squares + epsilon)
    scale = inverse * gamma
    has_threshold = len(threshold.shape) > 0
    outputs = x * scale + beta
    if has_threshold:
        outputs = tf.maximum(outputs, threshold)

    def gradient(upstream):
        passed = upstream
        if has_threshold:
            # The difference is 0 exactly where the threshold took the output's place.
            passed = tf.raw_ops.ReluGrad(gradients=upstream, features=outputs - threshold)
        sums = tf.reduce_sum(passed, axis=1, keepdims=True)
        products = tf.reduce_sum(passed * x, axis=1, keepdims=True)
        # Along the inputs themselves, and along epsilon, the outputs change by their norm alone.
        of_squares = -products * scale * tf.square(inverse) / 2
        places = tf.cast(tf.shape(x)[1], x.dtype)
        of_x = passed * scale + x * (2 * of_squares / places)
        of_gamma = tf.reduce_sum(products * inverse, axis=(0, 1))
        of_beta = tf.reduce_sum(sums, axis=(0, 1))
        of_threshold = tf.zeros_like(threshold)
        if has_threshold:
            all_sums = tf.reduce_sum(upstream, axis=1, keepdims=True)
            of_threshold = tf.reduce_sum(all_sums - sums, axis=(0, 1))
        return of_x, of_gamma, of_beta, of_threshold, tf.reduce_sum(of_squares)

    return outputs, gradient
