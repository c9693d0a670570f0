"""The network of a reinforced search: an LSTM that emits a policy token by token.

It holds no state. Its weights are arrays that its functions are given, so that it does not matter
in which scope of a strategy, or on which device, the model that is searched for is trained.
"""

import functools

import keras
import numpy as np
from keras import ops

from kerasbook.ops import compiled, value_and_gradients

SCALE = 0.2  # the weights begin between -0.2 and 0.2
NEVER = -1e9  # logit of what is not of a token's kind: its probability is 0, its logarithm finite


class Controller:
    """One layer of an LSTM over tokens, each fed back by an embedding.

    `e_t = E[token_(t-1)]` with a row of its own to begin with, `(h_t, c_t) = LSTM(e_t, h_(t-1),
    c_(t-1))` from zeros, `p_t = softmax(W h_t + b)` over the values of the kind of token t. The
    kinds take turns. All is done in float32, on the CPU, for which a graph this small is meant.

    Args:
        sizes: How many values the kinds of tokens have, a tuple.
        length: Number of tokens.
        units: Units of the LSTM and of the embedding.
    """

    def __init__(self, sizes, length, *, units):
        vocabulary = sum(sizes)
        self.length = length
        self.firsts = np.resize(np.cumsum((0, *sizes[:-1])), length).astype("int32")
        self.lasts = self.firsts + np.resize(sizes, length).astype("int32") - 1
        values = np.arange(vocabulary)
        of_kind = (values >= self.firsts[:, None]) & (values <= self.lasts[:, None])
        self.mask = np.where(of_kind, 0, NEVER).astype("float32")  # (length, vocabulary)
        self.embedding = keras.layers.Embedding(vocabulary + 1, units, dtype="float32")
        self.cell = keras.layers.LSTMCell(units, dtype="float32")
        self.recurrent = keras.layers.RNN(self.cell, return_sequences=True, dtype="float32")
        self.head = keras.layers.Dense(vocabulary, dtype="float32")
        self.embedding.build()
        self.recurrent.build((None, length, units))
        self.head.build((None, units))
        self.variables = [
            *self.embedding.trainable_variables,
            *self.cell.trainable_variables,
            *self.head.trainable_variables,
        ]
        self._sample = compiled(self._sample_step_by_step)
        self._gradients = {}

    def initial_weights(self, seed):
        """Returns weights to begin with, a list of arrays, the same ones on every backend.

        They are the embedding's rows, kernel, recurrent kernel and bias of the LSTM (input,
        forget, cell, output), kernel and bias of the head; uniform in [-0.2, 0.2].

        Args:
            seed: Integer seed, at least 0.
        """
        # A spawned sequence: what is drawn for the candidates does not come from it.
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
        shapes = [tuple(variable.shape) for variable in self.variables]
        return [generator.uniform(-SCALE, SCALE, s).astype("float32") for s in shapes]

    def sample(self, weights, uniforms):
        """Finds tokens by the inverse of their cumulative distribution.

        Token t is the least value whose probability, with that of all lesser ones, exceeds the
        uniform number t.

        Args:
            weights: List of arrays as in `initial_weights`.
            uniforms: Numbers in [0, 1) `(batch, length)`.

        Returns:
            Tokens `(batch, length)`, from 0 within their kind, and the logarithms of their
            probabilities, two arrays.
        """
        with keras.device("cpu:0"):
            tokens, log_probs = self._sample(
                [ops.convert_to_tensor(w) for w in weights],
                ops.convert_to_tensor(np.asarray(uniforms, "float32")),
            )
            return ops.convert_to_numpy(tokens), ops.convert_to_numpy(log_probs)

    def log_probabilities(self, weights, tokens):
        """Returns the logarithms of the probabilities of tokens, and the entropies.

        Args:
            weights: List of tensors as in `initial_weights`.
            tokens: Integer tensor `(batch, length)`, from 0 within their kind.

        Returns:
            Two tensors `(batch, length)`, each token's after those before it.
        """
        values = ops.cast(tokens, "int32") + ops.convert_to_tensor(self.firsts)
        begin = ops.full_like(values[:, :1], len(self.mask[0]))
        with self._scope(weights):
            before = ops.concatenate([begin, values[:, :-1]], axis=1)
            outputs = self.recurrent(self.embedding(before))
            logits = self.head(outputs) + ops.convert_to_tensor(self.mask)
        log_probs = ops.log_softmax(logits, axis=-1)  # (batch, length, vocabulary)
        entropies = -ops.sum(ops.exp(log_probs) * log_probs, axis=-1)
        return ops.take_along_axis(log_probs, values[..., None], axis=-1)[..., 0], entropies

    def gradients(self, objective, weights, *arguments):
        """Returns the gradients of an objective with respect to the weights, a list of arrays.

        Args:
            objective: Function of the controller, its weights and the arguments, a scalar. It is
                compiled once and kept, so it must be one that lasts.
            weights: List of arrays as in `initial_weights`.
            *arguments: Arrays.
        """
        if objective not in self._gradients:

            def of_weights(weights, *arguments):
                return value_and_gradients(lambda w: objective(self, w, *arguments), weights)[1]

            self._gradients[objective] = compiled(of_weights)
        with keras.device("cpu:0"):
            gradients = self._gradients[objective](
                [ops.convert_to_tensor(w) for w in weights],
                *(ops.convert_to_tensor(x) for x in arguments),
            )
            return [ops.convert_to_numpy(g) for g in gradients]

    def _scope(self, weights):
        """In it the layers' variables have these values."""
        return keras.StatelessScope(state_mapping=list(zip(self.variables, weights, strict=True)))

    def _sample_step_by_step(self, weights, uniforms):
        batch, units = uniforms.shape[0], self.cell.units

        def step(carry, this):
            hidden, state, value, _ = carry
            uniform, mask, last = this
            hidden, (_, state) = self.cell(self.embedding(value), [hidden, state])
            log_probs = ops.log_softmax(self.head(hidden) + mask, axis=-1)
            below = ops.cumsum(ops.exp(log_probs), axis=-1) <= uniform[:, None]
            # Rounding may leave the sum of all a little below 1, and the number above it.
            value = ops.minimum(ops.sum(ops.cast(below, "int32"), axis=-1), last)
            log_prob = ops.take_along_axis(log_probs, value[:, None], axis=-1)[:, 0]
            carry = hidden, state, value, log_prob
            return carry, carry  # TensorFlow wants both of one structure

        zeros = ops.zeros((batch, units), "float32")
        begin = ops.full((batch,), len(self.mask[0]), "int32")
        carry = zeros, zeros, begin, ops.zeros((batch,), "float32")
        constants = [ops.convert_to_tensor(x) for x in (self.mask, self.lasts, self.firsts)]
        with self._scope(weights):
            _, (_, _, values, log_probs) = ops.scan(
                step, carry, (ops.transpose(uniforms), *constants[:2])
            )
        return ops.transpose(values) - constants[2], ops.transpose(log_probs)


@functools.lru_cache(maxsize=8)
def controller_of(sizes, length, units):
    """Returns the `Controller` of a shape, the one that was compiled before if there is one."""
    return Controller(sizes, length, units=units)
