"""Breaks the library one line at a time and tells whether the tests of the room notice.

    python tools/mutations.py draw --seed 0 --out tools/breaks.json
    python tools/mutations.py run --root TREE --out after.json
    python tools/mutations.py compare before.json after.json

`draw` takes lines of every room by chance and breaks each in one way: a sign, a bound, an axis, a
dropped term, swapped arguments, a missing `training` or mask, a skipped check, a condition. `run`
applies one break after the other to copies of a tree and runs the tests of the module, then those
of its room, until one fails. A test that fails without the break as well catches nothing.
`compare` prints a table by room and fails where a break that was caught is not caught any more.
"""

import argparse
import ast
import collections
import dataclasses
import json
import multiprocessing
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parent.parent
BREAKS = ROOT / "tools" / "breaks.json"  # drawn by chance
PICKED = ROOT / "tools" / "picked_breaks.json"  # by hand: what expensive tests are there for
COPIED = ("kerasbook", "tests", "benchmarks", "examples", "tools")
# How many breaks each room gets, by the beginning of its path.
ROOMS = {
    "ops": 10,
    "layers/activation": 2,
    "layers/block": 5,
    "layers/convolution": 6,
    "layers/head": 6,
    "layers/normalization": 3,
    "layers/pooling": 3,
    "layers/regularization": 3,
    "initializers": 2,
    "losses": 3,
    "metrics": 2,
    "augmentation/operations": 4,
    "augmentation/search": 4,
    "augmentation": 6,
    "callbacks": 3,
    "applications": 7,
    "analysis": 3,
    "surgery": 4,
    "evaluation": 3,
    "serving": 2,
    "visual": 2,
    "training/engine": 6,
    "training/input": 4,
    "training/cluster": 2,
    "training": 6,
    "testing": 2,
    "cli": 3,
    "recipes": 2,
    "": 3,
}
# Calls whose arguments are not swapped, and arguments whose values are not changed: such a break
# fails at once wherever the line runs, or is a matter of taste.
NOT_SWAPPED = {"isinstance", "getattr", "hasattr", "zip", "positive_integer", "super"}
NOT_CHANGED = {"stacklevel", "figsize", "dpi", "indent", "help", "timeout"}
OPERATORS = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
}
COMPARISONS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
}


@dataclasses.dataclass(frozen=True)
class Break:
    """One line of a file, and what takes its place."""

    room: str
    kind: str
    file: str
    line: str
    broken: str

    @property
    def name(self):
        """The file and the broken line, short."""
        return f"{self.file}: {self.broken.strip()[:70]}"

    def apply(self, text):
        """Returns a file's text with the break; `ValueError` if the line is not there once."""
        lines = text.splitlines(keepends=True)
        places = [i for i, line in enumerate(lines) if line.rstrip("\n") == self.line]
        if len(places) != 1:
            raise ValueError(f"{self.file} has {len(places)} lines {self.line.strip()!r}, not one")
        lines[places[0]] = self.broken + "\n"
        return "".join(lines)


def candidates(text):
    """Yields `(kind, line, broken line)` of every break that a file's text offers."""
    lines = text.splitlines()
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, (ast.FunctionDef, ast.Lambda)):
            body = function.body if isinstance(function.body, list) else [function.body]
            for statement in body:
                for node in _nodes(statement):
                    for kind, start, end, new in _changes(node):
                        yield from _one_line(lines, kind, start, end, new)


def _nodes(statement):
    """Walks a statement, but not into messages, functions of their own and documentation."""
    if isinstance(statement, (ast.Raise, ast.FunctionDef, ast.JoinedStr, ast.Assert)):
        return
    if isinstance(statement, ast.keyword) and statement.arg in NOT_CHANGED:
        return
    yield statement
    for child in ast.iter_child_nodes(statement):
        yield from _nodes(child)


def _one_line(lines, kind, start, end, new):
    (row, first), (last_row, last) = start, end
    line = lines[row - 1]
    if row != last_row or not line.isascii():
        return
    broken = line[:first] + new + line[last:]
    if lines.count(line) == 1 and broken != line:
        yield kind, line, broken


def _changes(node):
    """Yields `(kind, start, end, new text)` of what may be broken at a node."""
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        between = _end(node.left), _start(node.right)
        if not isinstance(node.left, ast.Constant) or not isinstance(node.left.value, str):
            yield "sign", *between, f" {OPERATORS[type(node.op)][1]} "
            yield "dropped term", _end(node.left), _end(node), ""
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield (
            "bound",
            _end(node.left),
            _start(node.comparators[0]),
            (f" {COMPARISONS[type(node.ops[0])][1]} "),
        )
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, (ast.And, ast.Or)):
        word = " or " if isinstance(node.op, ast.And) else " and "
        yield "condition", _end(node.values[0]), _start(node.values[1]), word
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        if not isinstance(node.operand, ast.Constant):
            yield "sign", _start(node), _start(node.operand), ""
    elif isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise):
        yield "skipped check", _start(node.test), _end(node.test), "False"
    elif isinstance(node, ast.Call):
        yield from _changes_of_call(node)
    elif isinstance(node, ast.Constant) and type(node.value) is int and node.value > 1:
        yield "constant", _start(node), _end(node), str(node.value + 1)


def _changes_of_call(node):
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    names = [argument for argument in node.args[:2] if isinstance(argument, ast.Name)]
    if len(names) == 2 and name not in NOT_SWAPPED:
        first, second = node.args[:2]
        yield "swapped arguments", _start(first), _end(second), f"{second.id}, {first.id}"
    for keyword in node.keywords:
        value = keyword.value
        if keyword.arg == "axis" and isinstance(value, (ast.Constant, ast.UnaryOp)):
            new = "0" if isinstance(value, ast.UnaryOp) else "-1"
            yield "axis", _start(value), _end(value), new
        elif keyword.arg in ("training", "mask"):
            yield f"missing {keyword.arg}", _start(value), _end(value), "None"
        elif keyword.arg == "keepdims" and isinstance(value, ast.Constant):
            yield "axis", _start(value), _end(value), str(not value.value)


def _start(node):
    return node.lineno, node.col_offset


def _end(node):
    return node.end_lineno, node.end_col_offset


def draw(root, seed):
    """Returns the breaks that a seed chooses: of each room its number, of each file one or two."""
    generator = random.Random(seed)
    package = root / "kerasbook"
    files = collections.defaultdict(list)
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package).as_posix()
        if path.name != "__init__.py":
            folder = place.rpartition("/")[0]
            room = next(name for name in ROOMS if folder == name or not name)
            files[room].append((place, list(candidates(path.read_text()))))
    breaks = []
    for room, number in ROOMS.items():
        # Files come in random order, again and again where there are too few.
        queue, taken = [], set()
        while number and (queue or not taken or len(taken) < number):
            if not queue:
                queue = generator.sample(files[room], len(files[room]))
                if not any(found for _, found in queue):
                    break
            place, found = queue.pop()
            found = [c for c in found if (place, c[1]) not in taken and _parses(root, place, c)]
            if not found:
                continue
            kind = generator.choice(sorted({c[0] for c in found}))
            _, line, broken = generator.choice([c for c in found if c[0] == kind])
            taken.add((place, line))
            breaks.append(
                Break(room or "arguments, files", kind, f"kerasbook/{place}", line, broken)
            )
            number -= 1
    return breaks


def _parses(root, place, candidate):
    """Tells whether a file is still Python with a break, whose ends know no parentheses."""
    one = Break("", "", f"kerasbook/{place}", *candidate[1:])
    try:
        ast.parse(one.apply((root / one.file).read_text()))
    except SyntaxError:
        return False
    return True


def stages(root, broken):
    """Returns lists of pytest's arguments: the module's own test, then what else its room has."""
    place = pathlib.PurePosixPath(broken.file).relative_to("kerasbook")
    folder = root / "tests" / place.parent
    own = folder / f"test_{place.name}"
    found = [[str(own)]] if own.is_file() else []
    room = place.parts[0].removesuffix(".py")
    text = (root / broken.file).read_text()
    classes = [n.name for n in ast.parse(text).body if isinstance(n, ast.ClassDef)]
    if room == "layers" and classes:
        found.append([str(root / "tests" / "test_conformance.py"), "-k", " or ".join(classes)])
    if room == "applications":
        promises = str(root / "tests" / "applications" / "test_promises.py")
        found.append([promises, "-k", place.stem])
    if len(place.parts) > 1:
        found += [[str(folder), f"--ignore={own}"]]
        if len(place.parts) > 2 and room != "layers":
            found += [[str(root / "tests" / room), f"--ignore={folder}"]]
    if room == "ops":
        found.append([str(root / "tests" / "layers")])
    if room in ("layers", "ops", "testing"):
        found.append([str(root / "tests" / "test_conformance.py")])
    if room == "training":
        found.append([str(root / "tests" / "cli")])
    if len(place.parts) == 1:
        found.append([str(root / "tests" / "cli"), str(root / "tests" / "test_registry.py")])
    return found


def test_in_child(root, arguments, seconds):
    """Runs pytest in a forked child; returns its exit code and the first test that failed.

    The exit code is `None` where the time was over.
    """
    report = tempfile.NamedTemporaryFile("r", suffix=".txt")  # noqa: SIM115 (ends with its name)
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setpgrp()
            _prepare(root)
            import pytest

            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={root}"]
            code = int(pytest.main([*options, *arguments], [FirstFailure(report.name)]))
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    code = None
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(0.05)
    else:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return code, pathlib.Path(report.name).read_text()


class FirstFailure:
    """Writes the name of the first test, or file, that failed into a file."""

    def __init__(self, file):
        self.file = pathlib.Path(file)

    def pytest_runtest_logreport(self, report):
        if report.failed and not self.file.read_text():
            self.file.write_text(report.nodeid)

    def pytest_collectreport(self, report):
        if report.failed and not self.file.read_text():
            self.file.write_text(report.nodeid)


def _prepare(root):
    os.chdir(root)
    sys.path.insert(0, str(root))
    os.environ["PYTHONPATH"] = str(root)


def serve(root, tasks, results, seconds):
    """Takes breaks until there are none: one process that has imported what all tests import."""
    # As in tests/conftest.py, which comes too late here.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.environ.setdefault("KERASBOOK_DATA_DIR", str(root.parent / "shared" / "data" / "tfds"))
    sys.dont_write_bytecode = True
    import keras  # noqa: F401
    import matplotlib.pyplot  # noqa: F401 (ICN001)
    import pytest  # noqa: F401
    import tensorflow  # noqa: F401
    import tensorflow_datasets  # noqa: F401

    passes = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "tree"
        copy.mkdir()
        if (root.parent / "shared").exists():
            (pathlib.Path(folder) / "shared").symlink_to(root.parent / "shared")
        for name in COPIED:
            if (root / name).is_dir():
                shutil.copytree(
                    root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__")
                )
        for path in root.iterdir():
            if path.is_file():
                shutil.copy(path, copy)
        while (task := tasks.get()) is not None:
            number, one = task
            begin = time.monotonic()
            try:
                answer = try_break(copy, one, seconds, passes)
            except ValueError as error:
                answer = {"caught": False, "test": "", "note": str(error)}
            answer["seconds"] = round(time.monotonic() - begin, 1)
            results.put((number, answer))


def try_break(copy, one, seconds, passes):
    """Breaks the copy, runs the tests in stages, and mends it again."""
    path = copy / one.file
    whole = path.read_text()
    plan = stages(copy, one)
    end = time.monotonic() + seconds
    ignored = []
    for arguments in plan:
        while True:
            path.write_text(one.apply(whole))
            try:
                left = max(1.0, end - time.monotonic())
                code, test = test_in_child(copy, [*arguments, *ignored], left)
            finally:
                path.write_text(whole)
            if code in (0, 5):
                break
            if code is None:
                return {"caught": False, "test": "", "note": "out of time"}
            if not test:
                return {"caught": False, "test": "", "note": f"pytest ended with {code}"}
            if test not in passes:
                code_alone, _ = test_in_child(copy, [test], seconds)
                passes[test] = code_alone in (0, 5)
            if passes[test]:
                return {"caught": True, "test": test, "note": ""}
            ignored += ["--deselect", test] if "::" in test else [f"--ignore={copy / test}"]
    return {"caught": False, "test": "", "note": "all passed"}


def run(root, breaks, workers, seconds):
    """Tries breaks on a tree in several processes and returns what became of them."""
    context = multiprocessing.get_context("spawn")
    tasks, results = context.Queue(), context.Queue()
    for task in [*enumerate(breaks), *[None] * workers]:
        tasks.put(task)
    servers = [
        context.Process(target=serve, args=(root, tasks, results, seconds)) for _ in range(workers)
    ]
    for server in servers:
        server.start()
    answers = {}
    while len(answers) < len(breaks):
        number, answer = results.get(timeout=2 * seconds + 300)
        answers[number] = {**dataclasses.asdict(breaks[number]), **answer}
        caught = answer["test"] if answer["caught"] else f"NOT CAUGHT ({answer['note']})"
        print(
            f"{len(answers):3}/{len(breaks)} {breaks[number].kind:18} {breaks[number].name}\n"
            f"        {answer['seconds']:6.1f} s  {caught}",
            flush=True,
        )
    for server in servers:
        server.join()
    return [answers[number] for number in range(len(breaks))]


def table(*runs):
    """Returns the lines of a table: rooms, breaks, and how many each run caught."""
    lines = [f"{'room':26} breaks " + " ".join(f"caught {i}" for i in range(1, len(runs) + 1))]
    rooms = list(dict.fromkeys(one["room"] for one in runs[0]))
    for room in [*rooms, "all"]:
        counts = [
            sum(one["caught"] for one in answers if room in (one["room"], "all"))
            for answers in runs
        ]
        number = sum(room in (one["room"], "all") for one in runs[0])
        lines.append(f"{room:26} {number:6} " + " ".join(f"{count:8}" for count in counts))
    return lines


def compare(before, after):
    """Returns the table of two runs and the breaks that only the first one caught."""
    later = {(one["file"], one["line"], one["broken"]): one for one in after}
    pairs = [(one, later[one["file"], one["line"], one["broken"]]) for one in before]
    lost = [one for one, other in pairs if one["caught"] and not other["caught"]]
    return table(before, [other for _, other in pairs]), lost


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("--seed", type=int, default=0)
    drawing.add_argument("--out", type=pathlib.Path, default=BREAKS)
    running = commands.add_parser("run")
    running.add_argument("--root", type=lambda p: pathlib.Path(p).resolve(), default=ROOT)
    running.add_argument("--out", type=pathlib.Path)
    running.add_argument("--workers", type=int, default=2)
    running.add_argument("--limit-seconds", type=float, default=240)
    running.add_argument("--breaks", type=pathlib.Path, help="instead of those drawn and picked")
    running.add_argument("--file", help="pattern of the files whose breaks are run")
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=pathlib.Path)
    comparing.add_argument("after", type=pathlib.Path)
    options = parser.parse_args()
    if options.command == "draw":
        breaks = [dataclasses.asdict(one) for one in draw(ROOT, options.seed)]
        options.out.write_text(json.dumps(breaks, indent=1) + "\n")
        print(f"{len(breaks)} breaks")
    elif options.command == "run":
        files = [BREAKS, PICKED] if options.breaks is None else [options.breaks]
        breaks = [Break(**one) for file in files for one in json.loads(file.read_text())]
        breaks = [one for one in breaks if re.search(options.file or "", one.file)]
        begin = time.monotonic()
        print(f"{len(breaks)} breaks, {options.limit_seconds:g} s at most for each", flush=True)
        answers = run(options.root, breaks, options.workers, options.limit_seconds)
        print(*table(answers), sep="\n")
        print(f"{(time.monotonic() - begin) / 60:.1f} minutes")
        if options.out:
            options.out.write_text(json.dumps(answers, indent=1) + "\n")
    else:
        lines, lost = compare(
            json.loads(options.before.read_text()), json.loads(options.after.read_text())
        )
        print(*lines, sep="\n")
        for one in lost:
            print(f"caught before only: {one['file']}: {one['broken'].strip()} ({one['test']})")
        sys.exit(bool(lost))


if __name__ == "__main__":
    main()
