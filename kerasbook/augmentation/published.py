"""The published policies: data files of this folder, found by name."""

import functools
import json
import pathlib

from kerasbook import registry

FOLDER = pathlib.Path(__file__).parent / "policies"
# The policies of the paper were found on reduced datasets; some libraries say so in the name.
ALIASES = {f"reduced_{name}": name for name in ("cifar10", "imagenet", "svhn")}


def published_names():
    """Returns the sorted names of the published policies."""
    return sorted([path.stem for path in FOLDER.glob("*.json")] + list(ALIASES))


@functools.cache
def published_policy(name):
    """Returns a published policy as the dictionary of its file.

    Raises:
        ValueError: If there is none of this name; the message lists the nearest names.
    """
    if name not in published_names():
        raise ValueError(registry.unknown("policy", name, published_names()))
    return json.loads((FOLDER / f"{ALIASES.get(name, name)}.json").read_text())
