"""Which expert gets which row, by how much, and the losses that keep the experts busy alike."""

import collections

from keras import ops

from kerasbook.ops.expert_dispatch import expert_slots

# Keeps the squared variation of no rows at all finite.
SMALLEST_SQUARE = 1e-10
# Of the noise: an expert's load needs a slope whatever the weights.
SMALLEST_DEVIATION = 1e-6

Routing = collections.namedtuple(
    "Routing", ("rows", "slots", "weights", "load", "overflow", "dropped", "imbalance", "z")
)
Routing.__doc__ = """What becomes of rows, as routers return it.

Attributes:
    rows: The row in each slot, `(experts, capacity)`; of empty slots, any row.
    slots: Slots of the choices `(rows, choices)`, or `None` where the experts choose.
    weights: Weights of the choices, 0 where there was no slot; or of the slots.
    load: The part of all choices that fell on each expert, `(experts,)`.
    overflow: The part of all choices that found no slot.
    dropped: The part of the rows that no expert took.
    imbalance: The loss that is least where all experts are equally busy, a scalar.
    z: The mean over the rows of `logsumexp(logits)^2`, which keeps logits small.
"""


def route_switch(logits, num_choices, capacity):
    """Sends each row to the experts of its greatest probabilities, which are its weights.

    Args:
        logits: Float tensor `(rows, experts)`.
        num_choices: Number of experts of each row.
        capacity: Number of slots of each expert.

    Returns:
        A `Routing`.
    """
    probabilities = ops.softmax(logits)
    weights, experts = _greatest(probabilities, num_choices)
    load = _load(experts, logits)
    imbalance = switch_imbalance(probabilities, load)
    return _routing(logits, weights, experts, load, imbalance, capacity)


def route_noisy_top_k(logits, deviation, noise, num_choices, capacity):
    """Sends each row to the experts of its greatest noisy logits; weights are their softmax.

    Args:
        logits: Float tensor `(rows, experts)`.
        deviation: Standard deviations of the noise, of the same shape.
        noise: Draws of mean 0 and variance 1, of the same shape, or `None` for none.
        num_choices: Number of experts of each row.
        capacity: Number of slots of each expert.

    Returns:
        A `Routing`.
    """
    deviation = ops.maximum(deviation, SMALLEST_DEVIATION)
    scores = logits if noise is None else logits + noise * deviation
    greatest, experts = _greatest(scores, num_choices)
    weights = ops.softmax(greatest)
    load = _load(experts, logits)
    imbalance = noisy_imbalance(weights, experts, logits, scores, deviation)
    return _routing(logits, weights, experts, load, imbalance, capacity)


def route_expert_choice(logits, capacity):
    """Lets each expert take the rows of its greatest probabilities, which are the weights.

    Args:
        logits: Float tensor `(rows, experts)`.
        capacity: Number of rows that each expert takes.

    Returns:
        A `Routing`; the load is equal and nothing overflows, by construction.
    """
    num_rows, num_experts = ops.shape(logits)
    weights, rows = _greatest(ops.transpose(ops.softmax(logits)), capacity)
    taken = ops.reshape(rows, (-1,))
    experts_of_row = ops.segment_sum(ops.ones_like(taken), taken, num_rows)
    return Routing(
        rows=rows,
        slots=None,
        weights=weights,
        load=ops.full((num_experts,), 1 / num_experts, logits.dtype),
        overflow=ops.zeros((), logits.dtype),
        dropped=_part_without(ops.cast(experts_of_row, logits.dtype)),
        imbalance=ops.zeros((), logits.dtype),
        z=router_z(logits),
    )


def _routing(logits, weights, experts, load, imbalance, capacity):
    """Returns the `Routing` of the experts that the rows chose, with weights."""
    slots, found, rows = expert_slots(experts, logits.shape[-1], capacity)
    found = ops.cast(found, logits.dtype)
    return Routing(
        rows=rows,
        slots=slots,
        weights=weights * found,
        load=load,
        overflow=_mean_of_rows(1 - ops.mean(found, axis=-1)),
        dropped=_part_without(ops.sum(found, axis=-1)),
        imbalance=imbalance,
        z=router_z(logits),
    )


def switch_imbalance(probabilities, load):
    """Returns `E sum_e f_e P_e`, 1 for equal shares and `E` if one expert gets everything.

    Args:
        probabilities: Float tensor `(rows, experts)`, of which `P_e` are the means.
        load: The part `f_e` of the choices that fell on each expert.
    """
    return probabilities.shape[-1] * ops.sum(load * _mean_of_rows(probabilities))


def noisy_imbalance(weights, experts, logits, scores, deviation):
    """Returns `CV(importance)^2 + CV(load)^2`, squared coefficients of variation over the experts.

    An expert's importance is the sum of its weights. Its load is here the sum of the
    probabilities that it would be chosen if its noise were drawn anew: the normal distribution
    function of `(logit - threshold) / deviation`, where the threshold is the least score of the
    chosen experts, or for those the greatest score of the others.

    Args:
        weights: Weights of the chosen experts, `(rows, choices)`.
        experts: Chosen experts, `(rows, choices)`.
        logits: Float tensor `(rows, experts)` without noise.
        scores: The same with noise.
        deviation: Standard deviations of the noise, of the same shape.
    """
    num_choices, num_experts = weights.shape[-1], logits.shape[-1]
    importance = ops.segment_sum(
        ops.reshape(weights, (-1,)), ops.reshape(experts, (-1,)), num_experts
    )
    loss = _squared_variation(importance)
    if num_choices < num_experts:  # otherwise every expert is chosen always
        greatest, _ = ops.top_k(scores, num_choices + 1)
        least, greatest_of_others = greatest[:, -2:-1], greatest[:, -1:]
        threshold = ops.where(scores >= least, greatest_of_others, least)
        probability = (1 + ops.erf((logits - threshold) / (deviation * 2**0.5))) / 2
        loss = loss + _squared_variation(ops.sum(probability, axis=0))
    return loss


def router_z(logits):
    """Returns the mean over the rows of `logsumexp(logits)^2`."""
    return _mean_of_rows(ops.square(ops.logsumexp(logits, axis=-1)))


def _greatest(scores, number):
    values, places = ops.top_k(scores, number)
    return values, ops.cast(places, "int32")


def _load(experts, logits):
    """Returns the part of the choices `(rows, choices)` that fell on each expert."""
    experts = ops.reshape(experts, (-1,))
    counts = ops.segment_sum(ops.ones_like(experts), experts, logits.shape[-1])
    total = ops.maximum(ops.sum(counts), 1)
    return ops.cast(counts, logits.dtype) / ops.cast(total, logits.dtype)


def _part_without(experts_of_row):
    return _mean_of_rows(ops.cast(ops.equal(experts_of_row, 0), experts_of_row.dtype))


def _mean_of_rows(x):
    """Returns the mean over the first axis, 0 where there is no row."""
    number = ops.cast(ops.maximum(ops.shape(x)[0], 1), x.dtype)
    return ops.sum(x, axis=0) / number


def _squared_variation(x):
    return ops.var(x) / (ops.square(ops.mean(x)) + SMALLEST_SQUARE)
