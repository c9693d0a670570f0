"""Where the tests' helpers are, and which tests are marked `slow`."""

import ast
import json

from house.tree import Fault

RECORD = "tests/full_run.json"


def helpers_have_their_folder(tree):
    """Files in `tests` are tests, but for those of `helpers`, `conftest.py` and the catalog."""
    for path in tree.python("tests"):
        name = path.rsplit("/", 1)[1]
        known = name.startswith("test_") or name == "conftest.py" or path == "tests/catalog.py"
        if not (known or path.startswith("tests/helpers/")):
            yield Fault(path, 1, "helpers", "no test; helpers are in tests/helpers")


def slow_tests_give_their_reason(tree):
    """Each mark `slow` has one argument: why the test costs, and what covers its code quickly."""
    for path in tree.python("tests"):
        if "slow" not in tree.text(path):
            continue
        module = tree.parsed(path)
        called = {id(n.func): n for n in ast.walk(module) if isinstance(n, ast.Call)}
        for node in ast.walk(module):
            if _is_slow(node) and not _is_reason(called.get(id(node)), module):
                message = "the mark slow has exactly one string, its reason"
                yield Fault(path, node.lineno, "slow", message)


def tests_above_10_seconds_are_slow(tree):
    """What took above 10 seconds in the recorded full run is marked `slow`, if still there."""
    if not tree.text(RECORD):
        return
    for test in json.loads(tree.text(RECORD)).get("above_10_seconds", []):
        path, *names = test.split("[")[0].split("::")
        if not tree.text(path):
            continue
        module = tree.parsed(path)
        nodes, scope = [], module
        for name in names:
            scope = _defined(scope, name)
            if scope is None:
                break
            nodes.append(scope)
        if scope is not None and not _marked(module, nodes):
            message = f"{names[-1]} took above 10 seconds and is not marked slow"
            yield Fault(path, scope.lineno, "slow", message)


def _is_slow(node):
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "slow"
        and ast.unparse(node.value).split(".")[-1] == "mark"
    )


def _is_reason(call, module):
    if call is None or call.keywords or len(call.args) != 1:
        return False
    (reason,) = call.args
    if isinstance(reason, ast.Name):
        reason = _values(module).get(reason.id)
    if not isinstance(reason, ast.Constant) or not isinstance(reason.value, str):
        return False
    return bool(reason.value.strip())


def _values(module):
    """Returns what the names at the top level of a module stand for: values and functions."""
    values = {}
    for node in module.body:
        if isinstance(node, ast.Assign):
            values |= {t.id: node.value for t in node.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.FunctionDef):
            values[node.name] = node
    return values


def _defined(scope, name):
    kinds = (ast.FunctionDef, ast.ClassDef)
    return next((n for n in scope.body if isinstance(n, kinds) and n.name == name), None)


def _marked(module, nodes):
    """Whether a decorator, a parameter or `pytestmark` holds the mark, by a name too."""
    values = _values(module)
    todo = [decorator for node in nodes for decorator in node.decorator_list]
    for scope in (module, *nodes):
        todo += [v for n, v in _values(scope).items() if n == "pytestmark"]
    seen = set()
    while todo:
        for node in ast.walk(todo.pop()):
            if _is_slow(node):
                return True
            if isinstance(node, ast.Name) and node.id in values and node.id not in seen:
                seen.add(node.id)
                todo.append(values[node.id])
    return False


RULES = [helpers_have_their_folder, slow_tests_give_their_reason, tests_above_10_seconds_are_slow]
