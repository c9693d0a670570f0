"""Checkpoints: a `.keras` file with the optimizer's state, and where the run was.

A `.keras` file is a zip archive; the position of the run travels in it as one more member, so
that weights, optimizer and position appear in one rename or not at all. With it go the states
of the model's random layers, which Keras does not save.
"""

import json
import zipfile

from kerasbook.training.files import replacing

_MEMBER = "kerasbook.json"


def save(model, path, position=None):
    """Writes a model, with its optimizer's state if it is compiled, in one step.

    Args:
        model: The `keras.Model`.
        path: The `.keras` file.
        position: Dictionary in plain JSON, or `None` for a model without its optimizer.
    """
    with replacing(path) as draft:
        model.save(draft, include_optimizer=position is not None)
        if position is not None:
            with zipfile.ZipFile(draft, "a") as archive:
                seeds = [seed.numpy().tolist() for seed in seed_states(model)]
                archive.writestr(_MEMBER, json.dumps({"position": position, "seeds": seeds}))


def restore(model, path):
    """Loads what `save` wrote into a compiled model of the same kind; returns the position.

    Raises:
        ValueError: If the file is damaged, or the checkpoint of another model.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            state = json.loads(archive.read(_MEMBER))
        if not model.optimizer.built:  # a second time would double its variables
            model.optimizer.build(model.trainable_variables)
        model.load_weights(path)
        for seed, value in zip(seed_states(model), state["seeds"], strict=True):
            seed.assign(value)
    except (KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"The checkpoint {path} cannot be resumed from: {str(error).splitlines()[0]}"
        ) from error
    return state["position"]


def seed_states(model):
    """Returns the variables that hold the states of a model's random layers."""
    return [v for v in model.variables if v.name == "seed_generator_state"]
