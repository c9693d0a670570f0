"""The one registry of things that have a name: models, policies, recipes, plug-ins' layers.

What can be asked for by name is registered here, the library's own parts and those of plug-ins
alike; only the library's own layers are listed by `kerasbook.layers` itself. A plug-in is any
installed package that names modules in the entry-point group `kerasbook.plugins`; its modules are
imported once, by `load_plugins`, and register what they bring. A module that fails to import
gives one warning that names it, and nothing else breaks.
"""

import difflib
import fnmatch
import functools
import importlib.metadata
import warnings

ENTRY_POINT_GROUP = "kerasbook.plugins"
BUILT_IN = ("applications", "augmentation", "recipes")

_ENTRIES = {"layer": {}, "model": {}, "policy": {}, "recipe": {}}


def register(kind, name=None):
    """Returns a decorator that registers an object under a name and hands it back.

    Args:
        kind: One of `"layer"`, `"model"`, `"policy"`, `"recipe"`.
        name: Name to register under. `None` takes the object's `name` attribute, if that is
            a string, or else its `__name__`. Names of models are lower case.

    Returns:
        A decorator that returns its argument unchanged.

    Raises:
        ValueError: If `kind` is unknown, or the name is taken by another object.

    Example:
        >>> @kerasbook.registry.register("model")
        ... def TinyNet(include_top=True, weights=None, input_shape=None, classes=10):
        ...     ...
        >>> "tinynet" in kerasbook.registry.names("model")
        True
    """
    if kind not in _ENTRIES:
        raise ValueError(f"`kind` must be one of {sorted(_ENTRIES)}. Received: kind={kind!r}")

    def decorate(entry):
        own_name = getattr(entry, "name", None)
        key = name or (own_name if isinstance(own_name, str) else entry.__name__)
        key = key.lower() if kind == "model" else key
        taken = _ENTRIES[kind].get(key, entry)
        if taken is not entry and _origin(taken) != _origin(entry):
            raise ValueError(
                f"`name` must be free. Received: name={key!r}, which is a {kind} of "
                f"{_origin(taken)[0]}"
            )
        _ENTRIES[kind][key] = entry
        return entry

    return decorate


def _origin(entry):
    return getattr(entry, "__module__", None), getattr(entry, "__qualname__", repr(entry))


def names(kind, pattern="*"):
    """Returns the sorted names of a kind that match a wildcard pattern such as `"*net*"`."""
    load_plugins()
    return sorted(fnmatch.filter(_ENTRIES[kind], pattern))


def get(kind, name, argument=None):
    """Returns the object registered under a name.

    Args:
        kind: As in `register`.
        name: The name.
        argument: What the caller calls it, for the message; `None` is the kind.

    Raises:
        ValueError: If there is none; the message lists the nearest names.
    """
    load_plugins()
    try:
        return _ENTRIES[kind][name]
    except KeyError:
        raise ValueError(unknown(argument or kind, name, _ENTRIES[kind])) from None


def unknown(kind, name, candidates):
    """Returns the message for a name that is not there, with those most like it."""
    near = difflib.get_close_matches(str(name).lower(), sorted(candidates), n=3, cutoff=0.4)
    hint = f"Nearest: {', '.join(near)}." if near else f"Known: {', '.join(sorted(candidates))}."
    return f"`{kind}` must be a known name. Received: {kind}={name!r}. {hint}"


@functools.cache
def load_plugins():
    """Imports every plug-in module, once in the life of the process, after our own names."""
    for room in BUILT_IN:  # first, so that no plug-in takes a name of the library's own
        importlib.import_module(f"kerasbook.{room}")
    for entry_point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        try:
            entry_point.load()
        except (Exception, SystemExit) as error:  # it may fail in any way; the library goes on
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            warnings.warn(
                f"The plug-in {entry_point.name!r} ({entry_point.value}) failed to import "
                f"and is left out: {reason}",
                stacklevel=2,
            )
