"""Convolution as a matrix: Toeplitz, circulant, and blocks of these."""

import numpy as np
from keras import ops

from kerasbook.arguments import one_of, positive_integers
from kerasbook.ops.convolution import conv_output_length
from kerasbook.ops.windows import same_margins

PADDINGS = ("valid", "same", "full", "circular")
RANKS = {1: 1, 3: 1, 2: 2, 4: 2}  # of space, for a kernel of so many axes


def convolution_matrix(
    kernel, input_size, *, padding="valid", flip=False, strides=1, dilation_rate=1
):
    """Returns the matrix `C` for which `ravel(y) = C ravel(x)` is a convolution.

    With stride 1 the matrix of a sequence is a Toeplitz matrix, constant along its diagonals, and
    with `"circular"` padding a circulant one, every row the one above moved on by a place. The
    matrix of an image, `C[(i, j), (h, w)] = sum of the taps that lie on (h, w) for the output
    (i, j)`, consists of such blocks, and the blocks repeat in the same way.

    Its transpose is the transposed convolution, which takes the gradient of `y` to that of `x`.
    It holds `outputs * inputs` numbers, mostly zeros: to be studied, not for speed.

    Args:
        kernel: Float tensor of taps `(taps,)` or `(height, width)`, or with channels `(taps,
            channels, filters)` or `(height, width, channels, filters)`.
        input_size: Steps of the sequence; height and width of the image, or one integer for both.
        padding: `"valid"`, `"same"` or `"full"` as in `kerasbook.ops.conv`, or `"circular"`,
            where the inputs go round: output `i` sees the places `i`, `i + 1`, ... modulo the
            size, and with `flip` the places `i`, `i - 1`, ...
        flip: Whether to flip the kernel as the convolution of mathematics does;
            otherwise, as in the layers, it is laid over the inputs as it is.
        strides: Places between neighbouring outputs, an integer or one for each axis.
        dilation_rate: Places between neighbouring taps, an integer or one for each axis.

    Returns:
        Tensor `(outputs, inputs)` with the dtype of `kernel`. Places are counted row by row; with
        channels they vary fastest, as in `ravel` of inputs with the channels last.

    Raises:
        ValueError: If an argument is out of range, or the dilated kernel is larger than the
            inputs with `"valid"` or `"circular"` padding.

    Example:
        >>> x, w = np.array([1.0, 2, 3, 4]), np.array([5.0, 6, 7])
        >>> matrix = np.asarray(kerasbook.ops.convolution_matrix(w, 4, padding="full", flip=True))
        >>> matrix[:, 0].tolist()
        [5.0, 6.0, 7.0, 0.0, 0.0, 0.0]
        >>> (matrix @ x).tolist()
        [5.0, 16.0, 34.0, 52.0, 45.0, 28.0]

    Reference:
        Goodfellow et al., 2016, section 9.1, https://www.deeplearningbook.org/contents/convnets.html;
        Dumoulin and Visin, 2016, section 4.1, https://arxiv.org/abs/1603.07285
    """
    kernel = ops.convert_to_tensor(kernel)
    rank = RANKS.get(len(kernel.shape))
    if rank is None or 0 in kernel.shape:
        raise ValueError(
            "`kernel` must have one or two axes of taps, and besides them none or those of "
            f"channels and filters. Received: kernel of shape {tuple(kernel.shape)}"
        )
    taps = tuple(kernel.shape[:rank])
    sizes = positive_integers("input_size", input_size, rank)
    strides = positive_integers("strides", strides, rank)
    rates = positive_integers("dilation_rate", dilation_rate, rank)
    padding = one_of("padding", padding, PADDINGS)
    extents = [(count - 1) * rate + 1 for count, rate in zip(taps, rates, strict=True)]
    if padding in ("valid", "circular") and any(np.greater(extents, sizes)):
        raise ValueError(
            "The dilated kernel must not be larger than the inputs. Received: "
            f"input_size={sizes}, kernel of shape {tuple(kernel.shape)}, dilation_rate={rates}, "
            f"padding={padding!r}"
        )
    # (*taps, channels, filters)
    matrix = kernel if len(kernel.shape) > rank else ops.reshape(kernel, (*taps, 1, 1))
    for axis in zip(sizes, taps, strides, rates, strict=True):
        lies = ops.convert_to_tensor(_places_of_taps(*axis, padding, flip), matrix.dtype)
        # The axis of taps goes; those of this axis' outputs and inputs come at the end.
        matrix = ops.tensordot(matrix, lies, axes=([0], [2]))
    # (channels, filters, *(outputs, inputs of each axis))
    order = [*range(2, 2 + 2 * rank, 2), 1, *range(3, 3 + 2 * rank, 2), 0]
    inputs = int(np.prod(sizes)) * matrix.shape[0]
    return ops.reshape(ops.transpose(matrix, order), (-1, inputs))


def _places_of_taps(size, taps, stride, rate, padding, flip):
    """Returns `(outputs, size, taps)` of ones where a tap lies on a place, and zeros."""
    extent = (taps - 1) * rate + 1
    if padding == "circular":
        outputs = conv_output_length(size, taps, stride, "same", rate)
        before = extent - 1 if flip else 0
    else:
        outputs = conv_output_length(size, taps, stride, padding, rate)
        before = {"valid": 0, "full": extent - 1, "same": same_margins(size, extent, stride)[0]}
        before = before[padding]
    numbers = np.arange(taps)[::-1] if flip else np.arange(taps)
    seen = np.arange(outputs)[:, None] * stride - before + numbers * rate  # (outputs, taps)
    if padding == "circular":
        seen %= size
    return seen[:, None, :] == np.arange(size)[:, None]
