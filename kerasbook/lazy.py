"""Attributes of a package that are imported when they are first asked for."""

import importlib


def attach(package, origins):
    """Returns `__getattr__` and `__dir__` for a package whose parts load on first use.

    Args:
        package: The package's `__name__`.
        origins: Dictionary from attribute to the module below the package that defines it;
            `None` stands for a submodule of that very name.

    Returns:
        The two functions, to be assigned at the package's top level.
    """

    def get_attribute(name):
        if name not in origins:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if origins[name] is None:
            return importlib.import_module(f"{package}.{name}")
        return getattr(importlib.import_module(f"{package}.{origins[name]}"), name)

    def list_attributes():
        return sorted(origins)

    return get_attribute, list_attributes
