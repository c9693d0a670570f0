"""Loading a saved model with all that plug-ins add, and saving weights in one step."""

import pathlib

import h5py
import keras
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from kerasbook import registry
from kerasbook.files import replacing


def load_model(path, **arguments):
    """Loads a `.keras` file; layers of kerasbook and of plug-ins need no `custom_objects`.

    Args:
        path: The file.
        **arguments: Passed to `keras.saving.load_model`, e.g. `compile=False`.

    Returns:
        The `keras.Model`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not a Keras model.
    """
    import kerasbook.layers  # noqa: F401  registers the layers that the file may name

    registry.load_plugins()
    path = pathlib.Path(str(path))
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a `.keras` file. Received: path={str(path)!r}")
    try:
        return keras.saving.load_model(path, **arguments)
    except (ValueError, OSError, KeyError, TypeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} cannot be loaded as a Keras model: {reason}") from error


def save_weights(model, path):
    """Writes the weights of a model by the names of its layers, to be given back by `weights=path`.

    The file is written beside its place and then takes it, so that an interrupted write leaves
    the old file. It is a safetensors file, which other libraries read, too.

    Args:
        model: The built `keras.Model`.
        path: The file; its name must end in `.safetensors`, and its folder exist.

    Raises:
        ValueError: If the name ends otherwise, there is no such folder, or the model is not built.

    Example:
        >>> import tempfile
        >>> path = tempfile.mkdtemp() + "/mine.safetensors"
        >>> kerasbook.applications.save_weights(kerasbook.applications.LeNet5(), path)
        >>> kerasbook.applications.LeNet5(weights=path).name
        'lenet5'
    """
    given, path = path, pathlib.Path(path or "")
    if path.suffix != ".safetensors" or not path.parent.is_dir() or path.is_dir():
        raise ValueError(
            "`path` must end in '.safetensors', in a folder that exists. "
            f"Received: path={str(given)!r}"
        )
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(f"`model` must be a built Keras model. Received: model={model!r}")
    arrays = {w.path: keras.ops.convert_to_numpy(w.value) for w in model.weights}
    with replacing(path) as draft:
        save_file({key: np.ascontiguousarray(value) for key, value in arrays.items()}, draft)


def with_weights(model, weights):
    """Loads a model's weights from a file, unless `weights` is `None`, and returns the model.

    Args:
        model: The model.
        weights: `None`, or the path of a file of `save_weights`; or of Keras' `save_weights`, whose
            name ends in `.h5`. Weights of auxiliary classifiers may be left over.

    Raises:
        ValueError: If `weights` is neither, or the file is damaged or that of another network.
    """
    if weights is None:
        return model
    path = pathlib.Path(weights) if isinstance(weights, (str, pathlib.Path)) else None
    if path is None or not path.is_file():
        raise ValueError(
            "`weights` must be None or the path of a weights file. "
            f"Received: weights={str(weights)!r}"
        )
    try:
        if path.suffix == ".h5":
            _load_h5(model, path)
        else:
            _assign(model, load_file(path))
    except (ValueError, OSError, KeyError, SafetensorError) as error:
        reason = " ".join((str(error).strip() or type(error).__name__).split())
        raise ValueError(
            f"`weights` must be the file of a {model.name} with these arguments. "
            f"Received: weights={str(weights)!r}, which does not fit or is damaged: {reason}"
        ) from error
    return model


def _assign(model, arrays):
    """Gives every weight the array of its name; none is changed unless all fit."""
    places = {weight.path: weight for weight in model.weights}
    for name, place in places.items():
        if name not in arrays:
            raise ValueError(f"it has no {name!r}")
        if arrays[name].shape != tuple(place.shape):
            raise ValueError(f"{name!r} has the shape {arrays[name].shape}, not {place.shape}")
    left = [name for name in arrays if name not in places and not name.startswith("auxiliary")]
    if left:
        raise ValueError(f"there is no place for {left[0]!r}")
    for name, place in places.items():
        place.assign(arrays[name])


def _load_h5(model, path):
    """Loads a file of Keras, which numbers layers and leaves out those that it has no place for."""
    sizes = []  # of the model's own numbers; a compiled one's optimizer has more
    with h5py.File(path) as file:
        file.visititems(
            lambda name, entry: (
                sizes.append(entry.size)
                if isinstance(entry, h5py.Dataset)
                and "/vars/" in name
                and "seed_gen" not in name
                and not name.startswith("optimizer/")
                else None
            )
        )
    if sum(sizes) != model.count_params():
        raise ValueError(f"it has {sum(sizes):,} numbers, not {model.count_params():,}")
    model.load_weights(path)
