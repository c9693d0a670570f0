"""The network of a reinforced search, its objective and their gradients, in float64 NumPy."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def distributions(weights, sizes, tokens):
    """Returns of each place of tokens (batch, length) the distribution, given those before it.

    A list of arrays (batch, values), one for each place; tokens are from 0 within their kind.
    """
    embedding, kernel, recurrent_kernel, bias, head, head_bias = (
        np.asarray(w, "float64") for w in weights
    )
    tokens = np.asarray(tokens)
    firsts = np.cumsum([0, *sizes])
    hidden = state = np.zeros((len(tokens), len(recurrent_kernel)))
    rows = np.full(len(tokens), firsts[-1])  # the embedding's last row begins
    results = []
    for t, column in enumerate(tokens.T):
        first, end = firsts[t % 3], firsts[t % 3 + 1]
        i, f, c, o = np.split(embedding[rows] @ kernel + hidden @ recurrent_kernel + bias, 4, 1)
        state = sigmoid(f) * state + sigmoid(i) * np.tanh(c)
        hidden = sigmoid(o) * np.tanh(state)
        scores = np.exp(hidden @ head[:, first:end] + head_bias[first:end])
        results.append(scores / scores.sum(1, keepdims=True))
        rows = first + column
    return results


def log_probabilities(weights, sizes, tokens):
    """Returns log-probabilities and entropies of tokens (batch, length)."""
    tables = distributions(weights, sizes, tokens)
    places = np.arange(len(tokens))
    chosen = [np.log(p)[places, k] for p, k in zip(tables, np.asarray(tokens).T, strict=True)]
    entropies = [-(p * np.log(p)).sum(1) for p in tables]
    return np.stack(chosen, 1), np.stack(entropies, 1)


def objective(weights, sizes, tokens, old_log_probs, advantages, clip, entropy_weight):
    """Returns the mean over the policies of summed PPO terms and entropy bonus.

    Without a `clip` it is REINFORCE's `A log p`.
    """
    log_probs, entropies = log_probabilities(weights, sizes, tokens)
    total = entropy_weight * entropies.sum()
    for row, old_row, advantage in zip(log_probs, old_log_probs, advantages, strict=True):
        for log_prob, old in zip(row, old_row, strict=True):
            if clip is None:
                total += advantage * log_prob
                continue
            ratio = np.exp(log_prob - old)
            clipped = ratio > 1 + clip if advantage > 0 else ratio < 1 - clip
            total += advantage * ((1 + clip if advantage > 0 else 1 - clip) if clipped else ratio)
    return total / len(tokens)


def gradients(function, weights, step=1e-5):
    """Returns the centred differences of a function of weights with respect to all of them."""
    weights = [np.array(w, "float64") for w in weights]
    results = []
    for w in weights:
        slopes = np.zeros_like(w)
        for place in np.ndindex(*w.shape):
            middle = w[place]
            w[place] = middle + step
            above = function(weights)
            w[place] = middle - step
            slopes[place] = (above - function(weights)) / (2 * step)
            w[place] = middle
        results.append(slopes)
    return results
