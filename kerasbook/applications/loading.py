"""Loading a saved model with all that plug-ins add."""

import pathlib

import keras

from kerasbook import registry


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
