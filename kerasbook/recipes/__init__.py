"""Bundled recipes: one run per file, whose name is the run's name."""

import importlib
import pkgutil

from kerasbook import registry


def list_recipes(pattern="*"):
    """Returns the sorted names of the library's and the plug-ins' recipes."""
    return registry.names("recipe", pattern)


def get_recipe(name):
    """Returns a recipe by its name.

    Raises:
        ValueError: If there is none; the message lists the nearest names.
    """
    return registry.get("recipe", name)


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
