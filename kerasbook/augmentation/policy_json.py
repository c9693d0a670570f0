"""Policies as data: JSON in and out."""

import json
import pathlib

import keras

from kerasbook import registry
from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.image_augmentation import ImageAugmentation

VERSION = 1
FIELDS = {"type", "arguments"}
LAYER_ARGUMENTS = {"name", "trainable", "dtype"}


def to_json(policy, path=None):
    """Returns a policy as a plain dictionary, from which `from_json` makes it again.

    The dictionary holds the version of the format, the class and its arguments. Policies within
    are such dictionaries too, without the version.

    Args:
        policy: An `Augmentation`, of this library or one's own.
        path: File to write it to besides, or `None`.

    Returns:
        A dictionary of JSON values.
    """
    described = {"version": VERSION, **_described(policy)}
    if path is not None:
        text = json.dumps(described, indent=2)  # before the file is touched
        pathlib.Path(path).write_text(text + "\n")
    return described


def from_json(described):
    """Returns the policy of a dictionary of `to_json`, or of the file that holds it.

    Arguments that the dictionary leaves out have their defaults.

    Args:
        described: A dictionary, or the path of a JSON file.

    Raises:
        ValueError: If the file is no JSON, the version another one, a field or a class
            unknown, or an argument wrong.
    """
    source = "The policy"
    if not isinstance(described, dict):
        source = f"The policy of {described}"
        try:
            described = json.loads(pathlib.Path(described).read_text())
        except OSError as error:
            raise ValueError(f"{source} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ValueError(f"{source} is no JSON: {error}") from error
    if not isinstance(described, dict) or described.get("version") != VERSION:
        version = described.get("version") if isinstance(described, dict) else described
        raise ValueError(f"{source} must have version {VERSION}. Received: version={version!r}")
    try:
        return _made({key: value for key, value in described.items() if key != "version"})
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ValueError(f"{source} is not valid: {error}") from error


def _described(policy):
    arguments = {}
    for name, value in policy.get_config().items():
        if name in LAYER_ARGUMENTS:
            continue
        if name == "augmentations":
            value = [_described(child) for child in policy.augmentations]
        elif name == "augmentation":
            value = _described(policy.augmentation)
        arguments[name] = value
    return {"type": type(policy).__name__, "arguments": json.loads(json.dumps(arguments))}


def _made(described):
    if not isinstance(described, dict) or set(described) != FIELDS:
        fields = sorted(described) if isinstance(described, dict) else described
        raise ValueError(f"a policy must have 'type' and 'arguments'. Received: {fields!r}")
    classes = _classes()
    name, arguments = described["type"], described["arguments"]
    if not isinstance(name, str) or name not in classes:
        raise ValueError(registry.unknown("type", name, classes))
    if not isinstance(arguments, dict):
        raise ValueError(f"`arguments` must be a dictionary. Received: arguments={arguments!r}")
    arguments = dict(arguments)
    if "augmentations" in arguments:
        arguments["augmentations"] = [_made(child) for child in arguments["augmentations"]]
    if "augmentation" in arguments:
        arguments["augmentation"] = _made(arguments["augmentation"])
    return classes[name](**arguments)


def _classes():
    """Returns the library's and all registered augmentations by name."""
    import kerasbook.augmentation as room

    registry.load_plugins()
    own = {name: getattr(room, name) for name in dir(room) if name[0].isupper()}
    registered = keras.saving.get_custom_objects().values()
    return {
        **{c.__name__: c for c in registered if _is_augmentation(c)},
        **{name: c for name, c in own.items() if _is_augmentation(c)},
    }


def _is_augmentation(value):
    is_class = isinstance(value, type) and issubclass(value, Augmentation)
    return is_class and value not in (Augmentation, ImageAugmentation)
