"""A tree of mixtures of experts."""

import itertools
import types

import keras
from keras import ops

from kerasbook.arguments import positive_integers
from kerasbook.layers.head.mixture_of_experts import MixtureOfExperts, serialized


@keras.saving.register_keras_serializable(package="kerasbook")
class HierarchicalMixtureOfExperts(keras.layers.Layer):
    """Splits the inputs among experts softly, by a tree of gates.

    `y = sum_i g_i(x) sum_j g_{j|i}(x) ... f_{ij...}(x)`: the root's gate weights its branches, each
    branch has a gate of its own for the branches below it, to any depth, and at the leaves stand
    the experts. An expert thus has the product of the gates on its path, and the weights of
    all sum to one.

    The tree is made of `MixtureOfExperts`, its `root`; for branches that differ, nest those by
    hand: any expert of theirs may be a mixture.

    Args:
        branching: Numbers of branches at each level, the root's first: `(2, 3)` has two branches
            of three experts each.
        expert: Keras layer or model of which every leaf gets a new copy, with weights of its own.
        gate: Keras layer or model of which every gate gets a copy, before a dense layer of its
            logits; `None` leaves the dense layer alone.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`. Experts and gates keep
            policies of their own; softmax is taken in at least float32.

    Call arguments:
        inputs: What the experts and the gates take. The gates' dense layers act on the last axis,
            so that every position has weights of its own unless `gate` takes the positions away,
            as `keras.layers.GlobalAveragePooling2D()` does.
        training: Passed on to experts and gates by Keras. Defaults to `False`.

    Returns:
        Tensor with the shape of an expert's outputs in the layer's compute dtype.

    Raises:
        ValueError: If `branching` is no list of positive integers, `expert` or `gate` no layer,
            or the gates' axes are not those of the experts' outputs.

    Example:
        >>> from keras.layers import Dense
        >>> layer = kerasbook.layers.HierarchicalMixtureOfExperts((2, 3), Dense(4))
        >>> x = np.ones((2, 5), "float32")
        >>> tuple(layer(x).shape), tuple(layer.responsibilities(x).shape)
        ((2, 4), (2, 6))

    Reference:
        Jordan and Jacobs, 1994, section 2, https://doi.org/10.1162/neco.1994.6.2.181; its gates
        are linear, `gate=None`.
    """

    def __init__(self, branching, expert, *, gate=None, **kwargs):
        super().__init__(**kwargs)
        if not (isinstance(branching, (list, tuple)) and branching):
            raise ValueError(
                "`branching` must be a list of one or more positive integers. "
                f"Received: branching={branching!r}"
            )
        self.branching = positive_integers("branching", branching)
        for name, layer in (("expert", expert), ("gate", gate)):
            if not isinstance(layer, keras.layers.Layer) and (name, layer) != ("gate", None):
                raise ValueError(f"`{name}` must be a Keras layer. Received: {name}={layer!r}")
        self._templates = types.SimpleNamespace(expert=expert, gate=gate)  # no parts of the layer
        self.root = self._node(self.branching, itertools.count())
        self.supports_masking = self.root.supports_masking

    @property
    def expert(self):
        """The layer of which the leaves are copies."""
        return self._templates.expert

    @property
    def gate(self):
        """The layer of which the gates begin with copies, or `None`."""
        return self._templates.gate

    def _node(self, branching, numbers):
        """Returns the tree below a node: an expert, or a mixture of the trees below it."""
        if not branching:
            return _new_copy(self.expert, next(numbers))
        options = {"dtype": self.dtype_policy}
        gate = keras.layers.Dense(branching[0], **options)
        if self.gate is not None:
            gate = keras.Sequential([_new_copy(self.gate, next(numbers)), gate])
        branches = [self._node(branching[1:], numbers) for _ in range(branching[0])]
        return MixtureOfExperts(branches, gate, **options)

    def build(self, input_shape):
        self.root.build(input_shape)

    def call(self, inputs, training=False):
        return self.root(inputs)

    def responsibilities(self, inputs):
        """Returns the weights of all experts, the products of the gates above them.

        Returns:
            Tensor `(batch, ..., num_experts)` in at least float32, the experts of the first branch
            first.
        """
        return _products(self.root, inputs)

    def receptive_field_steps(self):
        """Returns the branches' steps for `kerasbook.receptive_field`."""
        return [[self.root]]

    def compute_output_shape(self, input_shape):
        return self.root.compute_output_shape(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "branching": list(self.branching),
            "expert": serialized(self.expert),
            "gate": None if self.gate is None else serialized(self.gate),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        layers = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects)
            for name in ("expert", "gate")
        }
        return cls(**{**config, **layers})


def _products(node, inputs):
    """Returns the weights of the experts below a node of the tree."""
    weights = node.responsibilities(inputs)
    if not isinstance(node.experts[0], MixtureOfExperts):
        return weights
    below = [_products(each, inputs) for each in node.experts]
    return ops.concatenate([weights[..., i, None] * each for i, each in enumerate(below)], axis=-1)


def _new_copy(layer, number):
    """Returns a new layer like another; two with one seed would begin alike."""
    config = _with_seeds_beyond(layer.get_config(), number)
    return type(layer).from_config({**config, "name": None})


def _with_seeds_beyond(config, number):
    """Returns a config in which every integer under "seed" is greater by `number`."""
    if isinstance(config, (list, tuple)):
        return type(config)(_with_seeds_beyond(each, number) for each in config)
    if not isinstance(config, dict):
        return config
    return {
        key: value + number
        if key == "seed" and type(value) is int
        else _with_seeds_beyond(value, number)
        for key, value in config.items()
    }
