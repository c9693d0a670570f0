"""Gradients that are not those of the function, with the reason why."""

from keras import ops


def with_limited_gradient(function, rows, limit):
    """Returns `function(rows)`, whose gradient with respect to a row is at most `limit` long.

    What is limited is the gradient of a row's own value. What multiplies it from above, such as a
    weight, the share in a mean or the scale of a loss in half precision, is not: the
    direction stays, and that scale may be raised and lowered as ever.

    Args:
        function: From a tensor `(..., n)` to one `(...)`, row by row.
        rows: Float tensor `(..., n)`.
        limit: Greatest length, above 0; `None` for no limit.

    Returns:
        Tensor `(...)`.
    """
    if limit is None:
        return function(rows)

    @ops.custom_gradient
    def shorten(extended):
        def gradient(*args, upstream=None):
            if upstream is None:  # torch hands it over by name
                (upstream,) = args
            slope, above = upstream[..., :-1], upstream[..., -1:]
            # Squares of the greatest gradients would overflow.
            greatest = ops.maximum(ops.max(ops.abs(slope), axis=-1, keepdims=True), 1e-30)
            squares = ops.sum(ops.square(slope / greatest), axis=-1, keepdims=True)
            length = greatest * ops.sqrt(squares)
            allowed = limit * ops.abs(above)
            kept = ops.where(length > allowed, allowed / length, 1.0)
            return ops.concatenate([kept * slope, above], axis=-1)

        return extended + 0.0, gradient

    # The number behind each row is zero and added to its value, so that its gradient tells what
    # comes from above.
    extended = shorten(ops.concatenate([rows, ops.zeros_like(rows[..., :1])], axis=-1))
    return function(extended[..., :-1]) + extended[..., -1]
