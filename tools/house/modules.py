"""What holds for every file: it is described, short and tested, and says nothing of a machine."""

import ast
import re

from house.tree import Fault

LIMIT = 500
MACHINE = re.compile(r"/(?:work|farm|root)/|/home/\w+/|/tmp/\w+")
# Words that first lines of docstrings avoid; CONTRIBUTING.md says what to write instead.
OLD_WORDS = re.compile(r"\b(?:anew|ere|hence|lest|seldom|thereof|therein|whereof|wherein)\b", re.I)


def each_module_is_short_and_described(tree):
    """A module begins with a docstring, has at most 500 lines and a name that tells."""
    for path in tree.python("kerasbook", "tools"):
        length = len(tree.text(path).splitlines())
        if length > LIMIT:
            yield Fault(path, LIMIT + 1, "length", f"{length} lines; the limit is {LIMIT}")
        if path.endswith("/utils.py"):
            yield Fault(path, 1, "name", "utils.py says nothing about what it holds")
        if not ast.get_docstring(tree.parsed(path)):
            yield Fault(path, 1, "docstring", "a module begins with what it promises")


def each_module_has_its_test(tree):
    """`kerasbook/room/name.py` has `tests/room/test_name.py`."""
    for path in tree.python("kerasbook"):
        folder, name = path.removeprefix("kerasbook/").rpartition("/")[::2]
        if name == "__init__.py":
            continue
        test = "/".join(part for part in ("tests", folder, f"test_{name}") if part)
        if not tree.exists(test):
            yield Fault(path, 1, "test", f"its test {test} is missing")


def no_path_of_a_machine(tree):
    """Sources, pages and records hold no path of the machine that they were made on."""
    for path in tree.files:
        page = path.endswith(".md") and "/" not in path
        record = path.startswith("benchmarks/") and path.endswith(".json")
        if path.endswith(".py") or page or record:
            text = tree.text(path)
            found = MACHINE.search(text)
            if found:
                line = text.count("\n", 0, found.start()) + 1
                yield Fault(path, line, "machine", f"{found[0]} is a path of one machine")


def first_lines_are_plain(tree):
    """First lines of docstrings avoid the old words that readers stumble over."""
    for path in tree.python("kerasbook"):
        if not OLD_WORDS.search(tree.text(path)):
            continue
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                first = (ast.get_docstring(node) or "").split("\n")[0]
                word = OLD_WORDS.search(first)
                if word:
                    yield Fault(path, getattr(node, "lineno", 1), "words", f"{word[0]!r}: {first}")


def pages_name_what_is_there(tree):
    """Files that README.md and benchmarks/README.md name or link exist."""
    pages = {
        "README.md": (
            r"`((?:benchmarks|examples|kerasbook|tests|tools)/[\w/.]+)`",
            r"\]\(([\w./]+)\)",
        ),
        "benchmarks/README.md": (r"!\[[^\]]*\]\(([\w./]+)\)",),
        "CONTRIBUTING.md": (r"`((?:benchmarks|examples|kerasbook|tests|tools)/[\w/.]+)`",),
    }
    for page, patterns in pages.items():
        text = tree.text(page)
        for found in (match for pattern in patterns for match in re.finditer(pattern, text)):
            if not (tree.root / page).parent.joinpath(found[1]).exists():
                line = text.count("\n", 0, found.start()) + 1
                yield Fault(page, line, "link", f"{found[1]} is not there")


RULES = [
    each_module_is_short_and_described,
    each_module_has_its_test,
    no_path_of_a_machine,
    first_lines_are_plain,
    pages_name_what_is_there,
]
