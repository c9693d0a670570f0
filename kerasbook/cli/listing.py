"""The command `list`."""

from kerasbook.cli.parsing import add_command, add_data_dir

LIST = """\
Prints the names of what there is, the parts of plug-ins among them.

  kerasbook list models
"""

KINDS = ("models", "layers", "operations", "policies", "recipes", "datasets")


def add(commands):
    """Adds the command to the parser's."""
    listing = add_command(commands, "list", LIST, "show what there is", _list)
    listing.add_argument("kind", nargs="?", choices=KINDS, help="one kind only")
    add_data_dir(listing)


def _list(arguments):
    if arguments.kind:
        print("\n".join(_names(arguments.kind, arguments.data_dir)))
        return
    for kind in ("models", "layers", "operations", "policies", "recipes"):
        print(f"{kind}:", *_names(kind, None), sep="\n  ", end="\n\n")
    count = len(_names("datasets", arguments.data_dir)) - 1
    print("datasets:", "digits", f"and {count:,} of TFDS: kerasbook list datasets", sep="\n  ")


def _names(kind, data_dir):
    if kind == "models":
        from kerasbook.applications import list_models as names
    elif kind == "layers":
        from kerasbook.layers import list_layers as names
    elif kind == "operations":
        from kerasbook.augmentation import list_operations as names
    elif kind == "policies":
        from kerasbook.augmentation import list_policies as names
    elif kind == "recipes":
        from kerasbook.recipes import list_recipes as names
    else:
        from kerasbook.training.input.data import list_datasets

        return list_datasets(data_dir)
    return names()
