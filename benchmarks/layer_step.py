"""A train step of one layer alone, on TensorFlow and on torch, and the cases to be timed.

A step is the forward pass and the gradients of inputs and weights, from a given gradient of the
outputs, so that no loss and no optimizer is timed, but for losses that a layer adds itself.
"""

import dataclasses
import importlib.util
import inspect
import os

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Case:
    """A layer and its rivals.

    Attributes:
        name: The layer's call, as the tables show it.
        ours: Function that returns our layer.
        rivals: Dictionary from a name to a function that returns a rival: "Keras" (its own
            layer) and "Keras composition" (the obvious way with its layers) return Keras layers;
            "torch" takes the module `torch` and returns a `torch.nn.Module`.
        shape: Shape of the inputs, channels last; or a list of several, for several inputs.
        pairs: How often each is timed.
        positive: Whether the inputs are not negative, as after a ReLU.
    """

    name: str
    ours: callable
    rivals: dict
    shape: tuple
    pairs: int = 31
    positive: bool = False

    def inputs(self):
        """Returns the list of inputs, NumPy arrays with the channels last."""
        shapes = self.shape if isinstance(self.shape, list) else [self.shape]
        generator = np.random.default_rng(0)
        arrays = [generator.normal(size=shape).astype("float32") for shape in shapes]
        return [np.abs(array) for array in arrays] if self.positive else arrays

    def steps(self):
        """Returns a dictionary from each rival's name, "kerasbook" first, to its train step.

        Where torch is not installed, there is none of it.
        """
        steps = {"kerasbook": keras_step(self.ours(), self.inputs())}
        for name, make in self.rivals.items():
            if name == "torch":
                if importlib.util.find_spec("torch") is None:
                    continue
                import torch

                steps[name] = torch_step(torch, make(torch), self.inputs())
            else:
                steps[name] = keras_step(make(), self.inputs())
        return steps


def keras_step(layer, arrays):
    """Returns a compiled train step of a Keras layer."""
    inputs = [tf.constant(array) for array in arrays]
    arguments = inputs[0] if len(inputs) == 1 else inputs
    mode = {"training": True} if "training" in inspect.signature(layer.call).parameters else {}
    gradients = [
        tf.constant(np.random.default_rng(1).normal(size=output.shape).astype("float32"))
        for output in tf.nest.flatten(layer(arguments, **mode))
        if output.dtype.is_floating
    ]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = tf.nest.flatten(layer(arguments, **mode))
            outputs = [output for output in outputs if output.dtype.is_floating]
            losses = list(layer.losses)
        weights = [weight.value for weight in layer.trainable_weights]
        targets, upstream = outputs + losses, gradients + [tf.ones_like(loss) for loss in losses]
        # The outputs are returned as well: what nobody asks for TensorFlow does not compute.
        return targets, tape.gradient(targets, [*inputs, *weights], output_gradients=upstream)

    return step


def torch_step(torch, module, arrays):
    """Returns a train step of a torch module, its inputs and weights in channels-last format."""
    torch.set_num_threads(len(os.sched_getaffinity(0)))

    def tensor(array):
        if array.ndim == 4:
            moved = torch.tensor(array).permute(0, 3, 1, 2)
            return moved.contiguous(memory_format=torch.channels_last)
        if array.ndim in (3, 5):
            return torch.tensor(np.ascontiguousarray(np.moveaxis(array, -1, 1)))
        return torch.tensor(array)

    module = module.train()
    if arrays[0].ndim == 4:
        module = module.to(memory_format=torch.channels_last)
    inputs = [tensor(array).requires_grad_() for array in arrays]
    weights = [weight for weight in module.parameters() if weight.requires_grad]

    def outputs_of():
        outputs = module(*inputs)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return [output for output in outputs if output.is_floating_point()]

    gradients = [torch.randn_like(output) for output in outputs_of()]
    return lambda: torch.autograd.grad(outputs_of(), [*inputs, *weights], gradients)
