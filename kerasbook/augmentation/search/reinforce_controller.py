"""Reinforced search: a recurrent network that learns to propose rewarded policies."""

import numpy as np
from keras import ops

from kerasbook.arguments import positive_integer
from kerasbook.augmentation.search.controller import controller_of
from kerasbook.augmentation.search.search import Proposal, Search
from kerasbook.layers.arguments import number_of

DECAYS = 0.9, 0.999  # of Adam's averages
EPSILON = 1e-8


class ReinforceController(Search):
    """Proposes what an LSTM emits token by token, and makes more probable what was rewarded.

    With the weights w, the tokens of a policy `a = (a_1, ..., a_T)` have the probabilities
    `p_w(a_t | a_1 ... a_(t-1))`. After each `batch_size` complete trials Adam takes `num_passes`
    steps up the mean, over their policies and rewards R, of
    `sum_t min(r_t A, clip(r_t, 1 - clip, 1 + clip) A) + entropy_weight * sum_t H_t`, where
    `r_t` is the probability of the token divided by that when it was proposed, `A = R - b`,
    and `H_t` the entropy of what might stand at t: proximal policy optimization (PPO). The
    baseline b is the exponential average of the rewards before, at first the mean of the batch.

    With `clip=None` the sum is `sum_t A log p_t` instead, and with one pass this is REINFORCE with
    a baseline. What is drawn comes from `seed` and the candidate's number; tokens are found by the
    inverse of the cumulative distribution. A failed trial teaches nothing. Rewards should be of
    the order of 1, as accuracies are.

    Args:
        space: `PolicySpace`, its dictionary, or `None` for AutoAugment's.
        seed: Integer seed of what is proposed, and of the weights, at least 0.
        units: Units of the LSTM.
        learning_rate: Learning rate of Adam, above 0.
        batch_size: How many complete trials an update learns from.
        num_passes: Steps of an update.
        clip: How far the ratio may be from 1 and still be rewarded, in (0, 1), or `None`.
        entropy_weight: Reward of a nat of entropy of a token, at least 0. More explores longer.
        baseline_decay: Weight of the past in the baseline, in [0, 1).

    Raises:
        ValueError: If an argument is not as described.

    Example:
        >>> space = kerasbook.augmentation.search.PolicySpace(("rotate", "invert"), 1, 1)
        >>> search = kerasbook.augmentation.search.ReinforceController(space, units=4)
        >>> (candidate,) = search.ask()
        >>> search.tell(candidate, reward=0.5)
        >>> search.best.candidate == candidate
        True

    Reference:
        Cubuk et al., 2019, section 3 and appendix, https://arxiv.org/abs/1805.09501; Schulman et
        al., 2017, https://arxiv.org/abs/1707.06347. There 15,000 policies are tried, with a
        learning rate of 0.00035 and an entropy weight of 0.00001; our defaults are greater, to
        learn within some hundred.
    """

    def __init__(
        self,
        space=None,
        *,
        seed=0,
        units=100,
        learning_rate=0.003,
        batch_size=10,
        num_passes=8,
        clip=0.2,
        entropy_weight=0.003,
        baseline_decay=0.95,
    ):
        super().__init__(space, seed=seed)
        self.units = positive_integer("units", units)
        self.learning_rate = number_of(
            "learning_rate", learning_rate, "a number above 0", lambda x: x > 0
        )
        self.batch_size = positive_integer("batch_size", batch_size)
        self.num_passes = positive_integer("num_passes", num_passes)
        self.clip = clip
        if clip is not None:
            number_of("clip", clip, "a number in (0, 1), or None", lambda x: 0 < x < 1)
        self.entropy_weight = number_of(
            "entropy_weight", entropy_weight, "a number of at least 0", lambda x: x >= 0
        )
        self.baseline_decay = number_of(
            "baseline_decay", baseline_decay, "a number in [0, 1)", lambda x: 0 <= x < 1
        )
        length = int(np.prod(self.space.shape))
        self._controller = controller_of(self.space.sizes, length, units)
        self._weights = self._controller.initial_weights(seed)
        self._moments = [(np.zeros_like(w), np.zeros_like(w)) for w in self._weights]
        self._steps = 0
        self._baseline = None
        self._batch = []
        self._log_probs = {}  # of the candidates that await their reward, when they were drawn

    def _propose(self, number):
        generator = np.random.default_rng([self.seed, number])
        uniforms = generator.random((1, self._controller.length), dtype="float32")
        tokens, self._log_probs[number] = self._controller.sample(self._weights, uniforms)
        return Proposal(tokens.reshape(self.space.shape))

    def _learn(self, trial):
        log_probs = self._log_probs.pop(trial.candidate.number)
        if trial.reward is None:
            return
        self._batch.append((trial.tokens.reshape(1, -1), log_probs, trial.reward))
        if len(self._batch) == self.batch_size:
            self._update(*zip(*self._batch, strict=True))
            self._batch = []

    def _update(self, tokens, log_probs, rewards):
        if self._baseline is None:
            self._baseline = float(np.mean(rewards))
        with np.errstate(over="ignore"):
            advantages = np.subtract(rewards, self._baseline)[:, None].astype("float32")
        for reward in rewards:
            self._baseline += (1 - self.baseline_decay) * (reward - self._baseline)
        objective = reinforce_objective if self.clip is None else clipped_objective
        arguments = np.concatenate(tokens).astype("int32"), np.concatenate(log_probs), advantages
        numbers = np.float32(self.clip or 0), np.float32(self.entropy_weight)
        for _ in range(self.num_passes):
            gradients = self._controller.gradients(objective, self._weights, *arguments, *numbers)
            self._steps += 1
            self._weights, self._moments = adam_ascent(
                self._weights, gradients, self._moments, self._steps, self.learning_rate
            )


def ppo_objective(log_probs, old_log_probs, advantages, clip):
    """Returns what is maximized for each token, of the shape of `log_probs`.

    `min(r A, clip(r, 1 - clip, 1 + clip) A)` with the ratio `r = exp(log_probs - old_log_probs)`,
    and for `clip=None` `A log p`: its gradient is that of REINFORCE.

    Args:
        log_probs: Tensor of the tokens' log-probabilities.
        old_log_probs: The same, when they were drawn.
        advantages: Tensor A that goes with them.
        clip: Number or scalar tensor in (0, 1), or `None`.
    """
    if clip is None:
        return advantages * log_probs
    ratio = ops.exp(log_probs - old_log_probs)
    return ops.minimum(ratio * advantages, ops.clip(ratio, 1 - clip, 1 + clip) * advantages)


def clipped_objective(controller, weights, tokens, old_log_probs, advantages, clip, entropy_weight):
    """Returns the mean over policies of the summed `ppo_objective` and entropy bonus.

    Args:
        controller: A `Controller`.
        weights: List of its weights.
        tokens: Integer tensor `(batch, length)`.
        old_log_probs: Their log-probabilities when they were drawn, `(batch, length)`.
        advantages: Rewards less the baseline, `(batch, 1)`.
        clip: As in `ppo_objective`.
        entropy_weight: Weight of the entropy bonus.
    """
    log_probs, entropies = controller.log_probabilities(weights, tokens)
    terms = ppo_objective(log_probs, old_log_probs, advantages, clip)
    return ops.mean(ops.sum(terms + entropy_weight * entropies, axis=-1))


def reinforce_objective(
    controller, weights, tokens, old_log_probs, advantages, clip, entropy_weight
):
    """Returns the same as `clipped_objective` without a clip, whose argument is not used."""
    return clipped_objective(
        controller, weights, tokens, old_log_probs, advantages, None, entropy_weight
    )


def adam_ascent(weights, gradients, moments, step, learning_rate):
    """Returns weights and moments after Adam's step up the gradients.

    Gradients that are not finite, as those of a reward too great for float32, change nothing.

    Args:
        weights: List of arrays.
        gradients: List of arrays of their shapes.
        moments: List of pairs: averages of the gradients and of their squares.
        step: Number of the step, from 1.
        learning_rate: Learning rate.
    """
    if not all(np.isfinite(g).all() for g in gradients):
        return weights, moments
    one, two = DECAYS
    moments = [
        (one * m + (1 - one) * g, two * v + (1 - two) * g * g)
        for (m, v), g in zip(moments, gradients, strict=True)
    ]
    rate = learning_rate * np.sqrt(1 - two**step) / (1 - one**step)
    weights = [
        w + np.float32(rate) * m / (np.sqrt(v) + np.float32(EPSILON))
        for w, (m, v) in zip(weights, moments, strict=True)
    ]
    return weights, moments
