"""Sends rows to experts of limited capacity and collects their results, without a loop.

Every expert has `capacity` slots, so that all experts work in one batched matrix product. Memory
grows with the number of slots, which is that of the rows times the choices of each.
"""

import fractions

from keras import ops

from kerasbook.ops.convolution import conv

# TensorFlow multiplies the number of rows, known only when the graph runs, by the numerator.
GREATEST_DENOMINATOR = 1_000_000


def expert_capacity(num_rows, num_experts, choices_per_row, capacity_factor):
    """Returns the number of slots of every expert.

    That is `ceil(capacity_factor * choices_per_row * num_rows / num_experts)`, but not more than
    there are rows, as no row is twice with one expert.

    Args:
        num_rows: An integer, or a scalar integer tensor.
        num_experts: Number of experts.
        choices_per_row: Number of experts that each row goes to, on average.
        capacity_factor: A number above 0.
    """
    share = fractions.Fraction(capacity_factor).limit_denominator(GREATEST_DENOMINATOR)
    share = max(share, fractions.Fraction(1, GREATEST_DENOMINATOR))
    share = share * choices_per_row / num_experts
    if isinstance(num_rows, int):
        return min(-(-num_rows * share.numerator // share.denominator), num_rows)
    rows = ops.cast(num_rows, "int64")
    slots = (rows * share.numerator + share.denominator - 1) // share.denominator
    return ops.cast(ops.minimum(slots, rows), "int32")


def expert_slots(choices, num_experts, capacity):
    """Gives the rows that chose an expert its slots, as long as there are any.

    All first choices come before all second ones, and so on; among equals the rows come in
    their order.

    Args:
        choices: Integer tensor `(rows, choices)` of experts, different ones in each row.
        num_experts: Number of experts.
        capacity: Number of slots of every expert.

    Returns:
        The slot of each choice `(rows, choices)`, `expert * capacity + place`; booleans of the
        same shape that tell which choices found one (of the others, the slot is any); and the row
        in each slot, `(num_experts, capacity)`; of empty slots, any row.
    """
    choices = ops.cast(choices, "int32")
    num_rows, each = ops.shape(choices)
    number = num_rows * each
    experts = ops.reshape(ops.transpose(choices), (number,))  # (choices * rows,)
    order = ops.cast(ops.argsort(experts), "int32")  # stable
    sizes = ops.segment_sum(ops.ones_like(experts), experts, num_experts)
    starts = ops.cumsum(sizes) - sizes
    places = ops.arange(number, dtype="int32") - ops.take(starts, ops.take(experts, order))
    places = ops.scatter(order[:, None], places, (number,))
    slots = experts * capacity + ops.minimum(places, capacity - 1)
    entries = starts[:, None] + ops.arange(capacity, dtype="int32")  # (experts, capacity)
    rows = ops.take(order, ops.minimum(entries, number - 1)) % ops.maximum(num_rows, 1)

    def as_choices(x):
        return ops.transpose(ops.reshape(x, (each, num_rows)))

    return as_choices(slots), as_choices(places < capacity), rows


def to_slots(x, rows):
    """Returns the rows `(rows, size)` of `x` in their slots, `(experts, capacity, size)`."""
    return ops.take(x, rows, axis=0)


def conv_per_expert(slots, kernel):
    """Cross-correlates every expert's slots with its own kernel under padding "same".

    Args:
        slots: Float tensor `(experts, capacity, ..., channels)`, one to three axes of space.
        kernel: Float tensor `(experts, ..., channels, filters)`.

    Returns:
        Float tensor `(experts, capacity, ..., filters)`.
    """
    experts, filters = kernel.shape[0], kernel.shape[-1]
    x = ops.moveaxis(slots, 0, -2)  # (capacity, ..., experts, channels)
    x = ops.reshape(x, (*ops.shape(x)[:-2], experts * x.shape[-1]))
    kernel = ops.moveaxis(kernel, 0, -2)  # (..., channels, experts, filters)
    kernel = ops.reshape(kernel, (*kernel.shape[:-2], experts * filters))
    x = conv(x, kernel, padding="same", data_format="channels_last")  # of a group per expert
    x = ops.reshape(x, (*ops.shape(x)[:-1], experts, filters))
    return ops.moveaxis(x, -2, 0)


def from_slots(results, slots, weights):
    """Returns for each row the weighted sum of what its experts made of it.

    Args:
        results: Float tensor `(experts, capacity, size)`.
        slots: Slots of the rows' choices, `(rows, choices)`.
        weights: Float tensor `(rows, choices)`, 0 where a choice found no slot.

    Returns:
        Float tensor `(rows, size)`.
    """
    chosen = ops.take(_as_rows(results), slots, axis=0)  # (rows, choices, size)
    return ops.sum(chosen * weights[..., None], axis=1)


def sums_of_slots(results, rows, weights, num_rows):
    """Returns for each row the weighted sum of what was made of it in any number of slots.

    Args:
        results: Float tensor `(experts, capacity, size)`.
        rows: The row in each slot, `(experts, capacity)`.
        weights: Float tensor `(experts, capacity)`.
        num_rows: Number of rows.

    Returns:
        Float tensor `(num_rows, size)`.
    """
    weighted = _as_rows(results * weights[..., None])
    return ops.segment_sum(weighted, ops.reshape(rows, (-1,)), num_rows)


def _as_rows(results):
    experts, capacity, size = ops.shape(results)
    return ops.reshape(results, (experts * capacity, size))
