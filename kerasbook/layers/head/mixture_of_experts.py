"""A mixture of any layers, weighted by a gate that sees the same inputs."""

import functools

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasbook")
class MixtureOfExperts(keras.layers.Layer):
    """Sums the results of all experts, weighted by the softmax of a gate.

    `y = sum_k g_k(x) f_k(x)` with `g(x) = softmax(gate(x))`. Every expert sees every input; where
    each input should cost a few experts only, see `SparseMixtureOfExperts`.

    Args:
        experts: List of Keras layers or models, different ones whose outputs have one shape;
            mixtures of experts among them, see `HierarchicalMixtureOfExperts`.
        gate: Keras layer or model that gives a logit for each expert: `(batch, num_experts)`, or
            with further axes in between, `(batch, time, num_experts)`, as many of the experts'
            outputs, for weights of every position.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`. Experts and gate keep
            policies of their own; the softmax is taken in at least float32.

    Call arguments:
        inputs: What the experts and the gate take.
        training: Passed on to experts and gate by Keras. Defaults to `False`.

    Returns:
        Tensor with the shape of an expert's outputs in the layer's compute dtype.

    Raises:
        ValueError: If there is no expert, or one is no layer or twice in the list; or, when the
            shapes are known, if the experts' outputs differ, or the gate has not one logit for
            each of them or other axes than they have.

    Example:
        >>> from keras.layers import Dense
        >>> layer = kerasbook.layers.MixtureOfExperts([Dense(4), Dense(4), Dense(4)], Dense(3))
        >>> x = np.ones((2, 5), "float32")
        >>> tuple(layer(x).shape), np.asarray(layer.responsibilities(x)).sum(-1).round(4).tolist()
        ((2, 4), [1.0, 1.0])

    Reference:
        Jacobs et al., 1991, https://doi.org/10.1162/neco.1991.3.1.79. Murphy, Probabilistic
        Machine Learning: An Introduction, 2022, section 13.6.2, https://probml.github.io/book1
    """

    def __init__(self, experts, gate, **kwargs):
        super().__init__(**kwargs)
        experts = list(experts) if isinstance(experts, (list, tuple)) else [experts]
        if not experts or not all(isinstance(each, keras.layers.Layer) for each in experts):
            raise ValueError(
                f"`experts` must be a list of one or more Keras layers. Received: {experts!r}"
            )
        if len({id(each) for each in experts}) < len(experts):
            raise ValueError(
                f"`experts` must be different layers. Received: experts={_names(experts)}"
            )
        if not isinstance(gate, keras.layers.Layer):
            raise ValueError(f"`gate` must be a Keras layer. Received: gate={gate!r}")
        self.experts = experts
        self.gate = gate
        self.supports_masking = all(each.supports_masking for each in (*experts, gate))

    def build(self, input_shape):
        for layer in (*self.experts, self.gate):
            if not layer.built:
                layer.build(input_shape)
        self.compute_output_shape(input_shape)

    def receptive_field_steps(self):
        """Returns the branches' steps for `kerasbook.receptive_field`."""
        return [[part] for part in (*self.experts, self.gate)]

    def compute_output_shape(self, input_shape):
        shapes = [tuple(each.compute_output_shape(input_shape)) for each in self.experts]
        if len(set(shapes)) > 1:
            raise ValueError(f"`experts` must have outputs of one shape. Received: shapes {shapes}")
        shape = shapes[0]
        gate_shape = tuple(self.gate.compute_output_shape(input_shape))
        if gate_shape[-1] != len(self.experts):
            raise ValueError(
                f"`gate` must have one output for each of the {len(self.experts)} experts. "
                f"Received: a gate with outputs of shape {gate_shape}"
            )
        between, of_experts = gate_shape[1:-1], shape[1:-1]
        if len(between) > len(of_experts) or any(
            None not in sizes and sizes[0] != sizes[1]
            for sizes in zip(between, of_experts, strict=False)
        ):
            raise ValueError(
                "Between the batch and the logits the axes of the `gate` must be the experts'. "
                f"Received: a gate with outputs of shape {gate_shape}, experts of {shape}"
            )
        return shape

    def call(self, inputs, training=False):
        weights = ops.cast(self.responsibilities(inputs), self.compute_dtype)
        weighted = (
            self._weight(weights, number, ops.cast(expert(inputs), self.compute_dtype))
            for number, expert in enumerate(self.experts)
        )
        return functools.reduce(ops.add, weighted)

    @staticmethod
    def _weight(weights, number, outputs):
        weight = weights[..., number]
        missing = len(outputs.shape) - len(weight.shape)
        return outputs * ops.reshape(weight, (*ops.shape(weight), *(1,) * missing))

    def responsibilities(self, inputs):
        """Returns the experts' weights `g(x)`, of the gate's shape and at least float32."""
        logits = self.gate(inputs)
        return ops.softmax(ops.cast(logits, keras.backend.result_type(logits.dtype, "float32")))

    def get_config(self):
        return {
            **super().get_config(),
            "experts": [serialized(each) for each in self.experts],
            "gate": serialized(self.gate),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        read = functools.partial(
            keras.saving.deserialize_keras_object, custom_objects=custom_objects
        )
        experts = [read(each) for each in config["experts"]]
        return cls(**{**config, "experts": experts, "gate": read(config["gate"])})


def serialized(layer):
    """Returns a layer's description without its inputs' shape, which is not in the signature."""
    description = keras.saving.serialize_keras_object(layer)
    description.pop("build_config", None)
    return description


def _names(layers):
    return [layer.name for layer in layers]
