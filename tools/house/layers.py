"""What is public has its file, its docstring, its rows: layers, losses, metrics, models."""

import ast
import functools
import re

from house.tree import Fault, named_after

SECTIONS = ("Args", "Call arguments", "Returns", "Raises", "Example", "Reference")
SIBLING = re.compile(r"[Aa]ll else\s+is\s+as\s+in\s+`(\w+)`")
# Registered, since models that are saved hold them, but not for users.
INTERNAL = {"Dropout": "the blocks' own; users have Keras' layer of this name"}
# Layers that keep the order of Keras' arguments without being subclasses of Keras' layers.
KERAS_ORDER = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "GroupNormalization"), "Keras has the layer"),
    **dict.fromkeys((f"LocallyConnected{rank}D" for rank in (1, 2, 3)), "Keras 2 had the layer"),
}
REGISTERED = ("layers", "losses", "metrics", "initializers")


@functools.cache
def public(tree, room):
    """Returns the public classes of a room: `{name: (path, class)}`, one a file.

    A file's public class has the file's name and is registered with Keras; callbacks, which
    are not saved, are subclasses of Keras' instead.
    """
    found = {}
    for path in tree.python(f"kerasbook/{room}"):
        for node in tree.classes(path):
            if node.name.lower() != named_after(path) or node.name in INTERNAL:
                continue
            if room == "callbacks":
                is_public = any(base.startswith("keras.callbacks.") for base in _bases(node))
            else:
                is_public = _is_registered(node)
            if is_public:
                found[node.name] = (path, node)
    return found


def models(tree):
    """Returns the models' functions: `{name: (path, line)}`.

    A family's `size` returns them, or what makes them is told their name. Those whose names end
    in `Test` are for tests alone.
    """
    found = {}
    for path in tree.python("kerasbook/applications"):
        for node in tree.parsed(path).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                name = ast.unparse(node.targets[0])
                first = node.value.args[0] if node.value.args else None
                is_named = isinstance(first, ast.Constant) and first.value == name
                is_size = ast.unparse(node.value.func).endswith("size")
                if (is_named or is_size) and name[0].isupper() and not name.endswith("Test"):
                    found[name] = (path, node.lineno)
    return found


def each_public_layer_has_its_file(tree):
    """A class that is registered with Keras has the name of its file."""
    for room in ("layers", "losses", "metrics"):
        for path in tree.python(f"kerasbook/{room}"):
            for node in tree.classes(path):
                if _is_registered(node) and node.name.lower() != named_after(path):
                    message = f"{node.name} is registered in a file of another name"
                    yield Fault(path, node.lineno, "file", message)


def docstrings_have_their_sections(tree):
    """A layer's docstring has all sections in order, and describes all arguments."""
    for name, (path, node) in public(tree, "layers").items():
        for message in _docstring_faults(tree, name, path, node):
            yield Fault(path, node.lineno, "docstring", f"{name}: {message}")


def _docstring_faults(tree, name, path, node):
    text = ast.get_docstring(node) or ""
    sections = SECTIONS
    # A sibling that fixes an argument of another layer says so, and what it does to shapes.
    sibling = SIBLING.search(text)
    if sibling:
        _, other = public(tree, "layers").get(sibling[1], (None, None))
        if other is None:
            yield f"all else is as in {sibling[1]}, which is no public layer"
        elif re.search(r"[Aa]ll else is", ast.get_docstring(other) or ""):
            yield f"all else is as in {sibling[1]}, which is a sibling too"
        sections = ("Call arguments", "Returns", "Example")
    places = [text.find(f"\n{section}:\n") for section in sections]
    missing = [section for section, place in zip(sections, places, strict=True) if place == -1]
    if missing:
        yield f"no section {', '.join(missing)}"
        return
    if places != sorted(places):
        yield f"its sections are not in the order {', '.join(sections)}"
        return
    if sibling:
        return
    if "https://" not in text[places[-1] :]:
        yield "the reference has no link"
    constructor = _constructor(tree, path, node)
    if constructor is None or "**kwargs: All further arguments of" in text:
        return
    arguments = {argument.arg for argument in _positional(constructor)}
    arguments |= {argument.arg for argument in constructor.args.kwonlyargs}
    described = set(re.findall(r"^    (\w+): ", text[places[0] : places[1]], re.MULTILINE))
    for argument in sorted(arguments - described):
        yield f"the argument {argument} is not described"
    for argument in sorted(described - arguments):
        yield f"{argument} is described, but no argument"


def at_most_two_positional_arguments(tree):
    """A layer takes at most two arguments by position, unless Keras has the layer."""
    for name, (path, node) in public(tree, "layers").items():
        if name in KERAS_ORDER or f"keras.layers.{name}" in _bases(node):
            continue
        constructor = _constructor(tree, path, node)
        if constructor is not None and len(_positional(constructor)) > 2:
            count = len(_positional(constructor))
            yield Fault(path, node.lineno, "arguments", f"{name} takes {count} by position")


def _constructor(tree, path, node):
    """Returns the `__init__` of a class, its own or that of a base in the package, or `None`."""
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            return item
    for base in _bases(node):
        place, other = _resolve(tree, path, base)
        found = _constructor(tree, place, other) if other is not None else None
        if found is not None:
            return found
    return None


def _resolve(tree, path, name):
    """Returns the file and the class of a base, `(None, None)` if it is none of the package."""
    for node in tree.classes(path):
        if node.name == name:
            return path, node
    for statement in tree.imports(path):
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                file = statement.module.replace(".", "/") + ".py"
                if (alias.asname or alias.name) == name and tree.text(file):
                    return _resolve(tree, file, alias.name)
    room, _, name = name.rpartition(".")
    return public(tree, "layers").get(name, (None, None)) if room == "layers" else (None, None)


def _positional(function):
    return [*function.args.posonlyargs, *function.args.args][1:]


def _bases(node):
    return [ast.unparse(base) for base in node.bases]


def _is_registered(node):
    return any("register_keras_serializable" in ast.unparse(d) for d in node.decorator_list)


def each_layer_has_its_rows(tree):
    """A public layer is in the catalog of promises, the benchmarks' cases and the README."""
    catalog = tree.text("tests/catalog.py")
    readme = tree.text("README.md")
    cases = "".join(tree.text(path) for path in tree.python("benchmarks/layer_cases"))
    timed = set(re.findall(r"\blayers\.(\w+)", cases))
    listed = set(re.findall(r"\brow\(\s*layers\.(\w+)|\bCase\(\s*\"(\w+)\"", catalog))
    listed = {name for pair in listed for name in pair}
    for name, (path, node) in public(tree, "layers").items():
        if name not in listed:
            yield Fault(path, node.lineno, "catalog", f"{name} has no row in tests/catalog.py")
        if name not in timed:
            message = f"{name} has no case in benchmarks/layer_cases"
            yield Fault(path, node.lineno, "benchmark", message)
        if not re.search(rf"^\| `{name}` \|", readme, re.MULTILINE):
            yield Fault(path, node.lineno, "readme", f"{name} has no row in README.md")


def readme_names_all(tree):
    """The README names every public loss, metric, callback, initializer and model."""
    readme = tree.text("README.md")
    named = set(re.findall(r"`(?:\w+\.)*(\w+)|\bcallbacks\.(\w+)", readme))
    named = {name for pair in named for name in pair}
    for room in ("losses", "metrics", "callbacks", "initializers"):
        for name, (path, node) in public(tree, room).items():
            if name not in named:
                yield Fault(path, node.lineno, "readme", f"README.md does not name `{name}`")
    for name, (path, line) in models(tree).items():
        if name.lower() not in named:
            yield Fault(path, line, "readme", f"README.md does not name `{name.lower()}`")


RULES = [
    each_public_layer_has_its_file,
    docstrings_have_their_sections,
    at_most_two_positional_arguments,
    each_layer_has_its_rows,
    readme_names_all,
]
