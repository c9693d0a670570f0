"""What the tests of surgery ask of every changed model."""

import keras
import numpy as np


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def randomize(model, rng):
    """Gives all weights values of their own, such as a training does, and returns the model."""
    for weight in model.weights:
        if weight.dtype == "float32":
            weight.assign(rng.uniform(0.5, 1.5, weight.shape) * np.sign(numpy(weight) + 1e-9))
    return model


def changed(old, change, folder):
    """Changes a model, checks that the result is its own and saves, and returns it.

    Args:
        old: The model, which must stay as it is.
        change: Function that makes a changed model of it.
        folder: Where to save.
    """
    config, before = old.get_config(), [numpy(weight) for weight in old.weights]
    new = change(old)
    assert type(new) is type(old)
    assert old.get_config() == config
    for value, weight in zip(before, old.weights, strict=True):
        np.testing.assert_array_equal(value, numpy(weight))
    assert not {id(v) for v in old.variables} & {id(v) for v in new.variables}
    new.save(folder / "new.keras")
    again = keras.saving.load_model(folder / "new.keras")
    shape = tuple(8 if size is None else size for size in new.inputs[0].shape[1:])
    x = np.random.default_rng(1).normal(size=(2, *shape)).astype("float32")
    np.testing.assert_allclose(numpy(again(x)), numpy(new(x)), rtol=1e-5, atol=1e-5)
    return new


def same_kernels(old, new):
    """Tells whether two models have the same kernels, in the same order."""
    mine, its = ([numpy(w) for w in model.weights if "kernel" in w.name] for model in (old, new))
    return len(mine) == len(its) and all(map(np.array_equal, mine, its))
