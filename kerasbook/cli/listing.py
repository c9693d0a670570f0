"""The command `list`."""

from kerasbook.cli.parsing import add_command, add_data_dir

LIST = """\
Prints the names of what there is, the parts of plug-ins among them; of models a table.

  kerasbook list models
  kerasbook list models "*shuffle*"

The table has for each model its weights, the multiplications with additions for one image of its
default size, the memory of the weights and of one image's activations, and the paper.
"""

KINDS = ("models", "layers", "operations", "policies", "recipes", "datasets")


def add(commands):
    """Adds the command to the parser's."""
    listing = add_command(commands, "list", LIST, "show what there is", _list)
    listing.add_argument("kind", nargs="?", choices=KINDS, help="one kind only")
    listing.add_argument("pattern", nargs="?", default="*", help='of models only, e.g. "resnet*"')
    add_data_dir(listing)


def _list(arguments):
    if arguments.kind == "models":
        print(_models(arguments.pattern))
        return
    if arguments.kind:
        print("\n".join(_names(arguments.kind, arguments.data_dir)))
        return
    for kind in ("models", "layers", "operations", "policies", "recipes"):
        print(f"{kind}:", *_names(kind, None), sep="\n  ", end="\n\n")
    count = len(_names("datasets", arguments.data_dir)) - 1
    print("datasets:", "digits", f"and {count:,} of TFDS: kerasbook list datasets", sep="\n  ")


def _models(pattern):
    """Returns the table of the models whose names match a pattern."""
    from kerasbook.applications import list_models
    from kerasbook.applications.information import infos

    names = list_models(pattern)
    if not names:
        raise ValueError(f"`pattern` must match a model. Received: pattern={pattern!r}")
    rows = [("name", "weights", "multiply-adds", "memory", "activations", "image", "paper")]
    for info in infos(names):
        numbers = (
            _short(info.parameters),
            _short(info.multiply_adds),
            f"{_short(info.weight_memory)}B",
            f"{_short(info.activation_memory)}B",
            " x ".join(map(str, info.input_shape)),
        )
        rows.append((info.name, *numbers, info.paper))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *numbers, paper in rows:
        cells = [text.rjust(width) for text, width in zip(numbers, widths[1:-1], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *cells, paper]).rstrip())
    return "\n".join(lines)


def _short(number):
    """Returns a number in three digits with a decimal prefix, e.g. `11.7 M`."""
    for factor, prefix in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= 0.9995 * factor:
            return f"{number / factor:.3g} {prefix}"
    return f"{number} "


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
