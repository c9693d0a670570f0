"""Loading a saved model with all that plug-ins add, and saving weights in one step."""

import pathlib

import keras

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
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a `.keras` file. Received: path={str(path)!r}")
    try:
        return keras.saving.load_model(path, **arguments)
    except (ValueError, OSError, KeyError, TypeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} cannot be loaded as a Keras model: {reason}") from error


def save_weights(model, path):
    """Writes the weights of a model, to be given back by `weights=path`.

    The file is written beside its place and then takes it, so that an interrupted write leaves
    the old file.

    Args:
        model: The built `keras.Model`.
        path: The file; its name must end in `.weights.h5`, and its folder exist.

    Raises:
        ValueError: If the name ends otherwise, or the model is not built.

    Example:
        >>> import tempfile
        >>> path = tempfile.mkdtemp() + "/mine.weights.h5"
        >>> kerasbook.applications.save_weights(kerasbook.applications.LeNet5(), path)
        >>> kerasbook.applications.LeNet5(weights=path).name
        'lenet5'
    """
    if not str(path).endswith(".weights.h5"):
        raise ValueError(f"`path` must end in '.weights.h5'. Received: path={str(path)!r}")
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(f"`model` must be a built Keras model. Received: model={model!r}")
    with replacing(path) as draft:
        model.save_weights(draft)
