"""Which file uses which: imports, resolved to the modules that define the names.

`from kerasbook.layers import Conv2D` and `layers.Conv2D` use `conv2d.py`, not all that the package
`layers` exports. A test that takes a package as a whole (`layers.__all__`, `list_models`) uses all
of its modules; for a module of the library this would connect everything, so there it does not.
Imports are found in the text, not in the syntax tree: this is quicker, and it sees those of the
programs that tests hold as strings, too.
"""

import collections
import re

from house.layers import models

SOURCES = ("kerasbook", "tests", "benchmarks", "tools", "examples")
ALL_FILES = ("setup.cfg", "pyproject.toml")
README = "README.md"
ROWS = (README, "tests/catalog.py")  # have a row for each public thing, each layer
HOUSE = "tests/test_house.py"  # checks all files

FROM = re.compile(r"^[ \t'\"]*from ([\w.]+) import (?:\(([^)]*)\)|([\w ,]+))", re.MULTILINE)
IMPORT = re.compile(r"^[ \t'\"]*import (\w[\w., ]*)", re.MULTILINE)
ALIAS = re.compile(r"(\w[\w.]*)(?: as (\w+))?")
COMMENT = re.compile(r"#.*")
DEFINITION = re.compile(r"^(?:def|class) (\w+)|^(\w+(?:, \w+)*)(?:: [^=\n]+)? = ", re.MULTILINE)
FIXTURE = re.compile(r"^@pytest\.fixture.*\ndef (\w+)\(.*\n((?:[ \t].*\n|\n)*)", re.MULTILINE)


class Graph:
    """The uses of a tree's files: `users[path]` has the files that use `path`.

    A path that ends in `/` is a room as a whole, which uses all of its modules.
    """

    def __init__(self, tree):
        self.tree = tree
        self.files = set(tree.python(*SOURCES))
        self.tests = {path for path in self.files if is_test(path)}
        self.definitions = {path: definitions(tree.text(path)) for path in self.files}
        self.places = collections.defaultdict(set)  # of a name, the modules that define it
        self.users = collections.defaultdict(set)
        named = set(re.findall(r"\w+", tree.text(README)))
        for path in tree.python("kerasbook"):
            folder = path.rpartition("/")[0]
            self.users[path] |= {f"{folder}/", "/".join(folder.split("/")[:2]) + "/"}
            names = {name for name in self.definitions[path] if name[0].isupper()}
            if named & (names | {name.lower() for name in names}):
                self.users[path].add(README)
            for name in self.definitions[path]:
                self.places[name].add(path)
        registered = _registered(tree)
        for path in self.files:
            for used in self._used(path):
                if not _is_export(path, used):
                    self.users[used].add(path)
            for name in set(re.findall(r"[\"'](\w+)[\"']", tree.text(path))) & set(registered):
                self.users[registered[name]].add(path)

    def affected(self, changed):
        """Returns the distance of each test file that a change of files reaches.

        The test of a changed module has the distance 0; what uses the module, and the test of
        that, has 1, and so on; a row is no step of the way. The nearest come first.
        """
        distances = dict.fromkeys(changed, 0)
        todo = collections.deque(changed)
        while todo:
            path = todo.popleft()
            users = self._whole(path) if path in changed else self._fixtures(path)
            for user in users | self._mentions(path) | self.users[path]:
                distance = distances[path] + (user not in ROWS)
                if distance < distances.get(user, distance + 1):
                    distances[user] = distance
                    todo.append(user) if user not in ROWS else todo.appendleft(user)
        reached = {}
        for path, distance in distances.items():
            for test in {path, own_test(path)} & self.tests:
                reached[test] = min(distance, reached.get(test, distance))
        return dict(sorted(reached.items(), key=lambda item: (item[1], item[0])))

    def _whole(self, path):
        """Returns what a change of a file reaches besides its users."""
        folder, _, name = path.rpartition("/")
        if path in ALL_FILES:
            return self.tests
        if name == "conftest.py":
            return {test for test in self.tests if test.startswith(f"{folder}/")}
        found = set() if is_test(path) else {HOUSE} & self.tests
        if path.startswith("kerasbook/") and path not in self.files:  # data of a package
            while folder and f"{folder}/__init__.py" not in self.files:
                folder = folder.rpartition("/")[0]
            found.add(f"{folder}/__init__.py")
        return found

    def _fixtures(self, path):
        """Returns the tests that name a fixture of a `conftest.py` that imports the library."""
        if not path.endswith("conftest.py"):
            return set()
        names = [
            n
            for n, body in FIXTURE.findall(self.tree.text(path))
            if "import kerasbook" in body or "from kerasbook" in body
        ]
        pattern = re.compile(rf"\b(?:{'|'.join(names)})\b")
        return {t for t in self.tests if names and pattern.search(self.tree.text(t))}

    def _mentions(self, path):
        """Returns the tests that name a page or a script, or the folders that a record is in."""
        if path.startswith(("kerasbook/", "tests/")) or path.endswith("/"):
            return set()
        *folders, name = (f'"{part}"' for part in path.split("/"))
        found = set()
        for test in self.tests:
            text = self.tree.text(test)
            if name in text or (folders and all(folder in text for folder in folders)):
                found.add(test)
        return found

    def _used(self, path):
        """Yields the files and rooms that a file uses."""
        text = COMMENT.sub("", self.tree.text(path))
        bound = {}  # modules and packages by the names that the file gives them
        for module, several, one in FROM.findall(text):
            for name, alias in ALIAS.findall(several or one):
                yield from self._behind(f"{module}.{name}", path)
                bound[alias or name] = f"{module}.{name}"
        for names in IMPORT.findall(text):
            for name, alias in ALIAS.findall(names):
                yield from self._behind(name, path)
                bound[alias or name.split(".")[0]] = name if alias else name.split(".")[0]
        for local, full in bound.items():
            if self._file(full):
                for attributes in set(re.findall(rf"\b{local}((?:\.\w+)+)", text)):
                    yield from self._behind(full + attributes, path)

    def _file(self, name):
        """Returns the file of a module by its dotted name, or `None`."""
        base = name.replace(".", "/")
        for folder in ("", "tests/", "tools/", "benchmarks/"):
            for path in (f"{folder}{base}.py", f"{folder}{base}/__init__.py"):
                if path in self.files:
                    return path
        return None

    def _behind(self, name, user):
        """Yields what is behind a dotted name: its module, and where the attribute is defined."""
        parts = name.split(".")
        ends = range(len(parts), 0, -1)
        end = next((end for end in ends if self._file(".".join(parts[:end]))), None)
        if end is None:
            return
        file = self._file(".".join(parts[:end]))
        yield file
        if not file.endswith("/__init__.py") or end == len(parts):
            return
        attribute, folder = parts[end], file.removesuffix("__init__.py")
        if attribute in self.definitions[file] and attribute != "__version__":
            if user.startswith("tests/"):
                yield folder
        else:
            yield from (path for path in self.places[attribute] if path.startswith(folder))


def is_test(path):
    """Whether a path is that of a test file."""
    name = path.rsplit("/", 1)[-1]
    return path.startswith("tests/") and name.startswith("test_") and name.endswith(".py")


def own_test(path):
    """Returns the path of a module's test file, be it there or not."""
    folder, _, name = path.rpartition("/")
    room, _, rest = folder.partition("/")
    if room == "tools":
        rest = folder
    elif room != "kerasbook":
        return None
    return "/".join(part for part in ("tests", rest, f"test_{name}") if part)


def definitions(text):
    """Returns the names that a module defines at its top level; what it imports is not its own."""
    found = set()
    for function, values in DEFINITION.findall(text):
        found |= {function} if function else set(values.split(", "))
    return found


def _registered(tree):
    """Returns the modules by what the registry calls their models and recipes."""
    recipes = {p.rsplit("/", 1)[1][:-3]: p for p in tree.python("kerasbook/recipes")}
    return recipes | {name.lower(): path for name, (path, _) in models(tree).items()}


def _is_export(path, used):
    """Whether an `__init__.py` imports a module of its own package, to be had from there."""
    folder, _, name = path.rpartition("/")
    return name == "__init__.py" and used.startswith(f"{folder}/")
