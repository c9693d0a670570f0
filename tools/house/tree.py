"""The files of the project as text and as syntax trees, each read once."""

import ast
import functools
import os
import pathlib
import typing

AT_THE_ROOT = {"build", "dist", "runs"}  # what is no source


class Fault(typing.NamedTuple):
    """What is wrong at a line of a file, and the rule that says so."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class Tree:
    """The project below `root`; paths are relative to it, with `/`."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    @functools.cached_property
    def files(self):
        """The sorted paths of all files, without those of hidden folders and of builds."""
        found = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [
                name
                for name in folders
                if name[0] != "." and not name.endswith(("__pycache__", ".egg-info"))
            ]
            if pathlib.Path(folder) == self.root:
                folders[:] = set(folders) - AT_THE_ROOT
            found += [pathlib.Path(folder) / name for name in names]
        return sorted(path.relative_to(self.root).as_posix() for path in found)

    def python(self, *folders):
        """Returns the paths of the Python files below folders such as `kerasbook`."""
        prefixes = tuple(f"{folder}/" for folder in folders)
        return [path for path in self.files if path.endswith(".py") and path.startswith(prefixes)]

    def exists(self, path):
        return (self.root / path).exists()

    @functools.cache  # noqa: B019 (a process has one tree)
    def text(self, path):
        """Returns the text of a file; nothing where there is none."""
        file = self.root / path
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    @functools.cache  # noqa: B019
    def parsed(self, path):
        """Returns the syntax tree of a Python file."""
        return ast.parse(self.text(path), path)

    @functools.cache  # noqa: B019
    def imports(self, path):
        """Returns every import statement of a file, those inside functions too."""
        return [
            node
            for node in statements(self.parsed(path))
            if isinstance(node, (ast.Import, ast.ImportFrom))
        ]

    def classes(self, path):
        """Returns the classes at the top level of a file."""
        return [node for node in self.parsed(path).body if isinstance(node, ast.ClassDef)]


def statements(node):
    """Yields the statements below a node; it enters no expression, so it is quick."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for child in getattr(node, field, ()):
            yield child
            yield from statements(child)


def room(path):
    """Returns the room of a file of the package: its folder, or its name if it is in none."""
    return path.split("/")[1].removesuffix(".py")


def named_after(path):
    """Returns the lower-case name of the class that a file is named after."""
    return path.rsplit("/", 1)[1].removesuffix(".py").replace("_", "")
