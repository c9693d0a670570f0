"""Names the test files that a change touches, nearest first, or runs them.

python tools/affected.py [BASE] [--list | --run | --slow SECONDS | --jax SECONDS]

The change is what differs from the Git revision BASE, committed or not. A module's own test file
comes first (distance 0), then the tests of what imports the module, and so on.

--list            Print all test files with their distances (the default).
--run             Run those up to the distance of --within; at distance 0 the slow tests, too.
--slow SECONDS    Print those whose slow tests are worth running, for so many seconds at most;
                  BASE is then, by default, the commit of the last full run.
--jax SECONDS     The same of those whose tests are worth running on JAX, but for the files and
                  folders of --without, which run there anyway.
"""

import argparse
import json
import pathlib
import shlex
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from house.graph import Graph, own_test
from house.layers import public
from house.tree import Tree

UNKNOWN_SECONDS = 30
# Their tests are one a layer or module; only those of the changed ones are run.
BY_LAYER = "tests/test_conformance.py"
BY_MODULE = "tests/test_house.py"
FAR = 10**6


class NoHistory(Exception):
    """Git, or the revision, is not there."""


def changed_files(root, base):
    """Returns the files that differ from `base`: committed, staged, unstaged or untracked."""
    if not base or base.startswith("-"):
        raise NoHistory("no commit to compare with")
    found = set()
    for command in (
        ["diff", "--name-only", "--no-renames", "--relative", "-z", base, "--"],
        ["ls-files", "--others", "--exclude-standard", "-z"],
    ):
        try:
            answer = subprocess.run(
                ["git", "-C", root, *command], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise NoHistory(f"git knows no {base}") from error
        found |= set(answer.stdout.split("\0")) - {""}
    return sorted(found)


def slow_files(tree, affected, record, seconds):
    """Returns the affected files with slow tests, nearest first, within a sum of seconds."""
    known = record.get("slow_seconds", {})
    slow = [path for path in affected if path in known or "mark.slow(" in tree.text(path)]
    return within_seconds(slow, known, seconds)


def jax_files(affected, record, seconds, without):
    """Returns the affected files that ran on JAX, nearest first, within a sum of seconds."""
    known = record.get("jax_seconds", {})
    there = [path for path in affected if path in known and not path.startswith(tuple(without))]
    return within_seconds(there, known, seconds)


def within_seconds(paths, known, seconds):
    """Returns the first of the files, leaving out those that would exceed a sum of seconds."""
    chosen = []
    for path in paths:
        cost = known.get(path, UNKNOWN_SECONDS)
        if cost <= seconds:
            chosen.append(path)
            seconds -= cost
    return chosen


def commands(tree, changed, affected, within):
    """Returns pytest's arguments, a list for each of its calls."""
    near = [path for path, distance in affected.items() if distance <= within]
    own = [path for path in near if affected[path] == 0]
    calls = [["-m", "", *[path for path in own if path not in (BY_LAYER, BY_MODULE)]]]
    calls.append([path for path in near if path not in (*own, BY_LAYER, BY_MODULE)])
    if affected.get(BY_LAYER, FAR) <= within + 1:  # those of the nearest layers
        names = [] if BY_LAYER in changed else layer_names(tree, changed, affected)
        keys = [key for name in names for key in (f"[{name}]", f"-{name}]", f"[{name}-")]
        calls.append([BY_LAYER, *(["-k", " or ".join(keys)] if keys else [])])
    if BY_MODULE in near:
        modules = [path.removeprefix("kerasbook/") for path in changed if path.endswith(".py")]
        keys = ["checker", *(f"[{module}]" for module in modules)]
        calls.append([BY_MODULE, "-k", " or ".join(keys)])
    return [call for call in calls if any(part.startswith("tests/") for part in call)]


def layer_names(tree, changed, affected):
    """Returns the changed public layers, or, where there are none, those that are nearest."""
    distances = {
        name: 0 if path in changed else affected.get(own_test(path), FAR)
        for name, (path, _) in public(tree, "layers").items()
    }
    nearest = min(distances.values(), default=FAR)
    return [name for name, distance in distances.items() if distance == nearest < FAR]


def pytest(root, arguments):
    """Runs pytest in a process of its own, and returns its exit code."""
    print("pytest", shlex.join(arguments), flush=True)
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, cwd=root, check=False).returncode


def main(arguments=None, root=None):
    """Prints or runs what a change touches, and returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", nargs="?", help="a Git revision, e.g. HEAD or main")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="print (the default)")
    what.add_argument("--run", action="store_true", help="run pytest")
    what.add_argument("--slow", type=float, metavar="SECONDS", help="choose slow tests")
    what.add_argument("--jax", type=float, metavar="SECONDS", help="choose tests for JAX")
    parser.add_argument("--without", nargs="*", default=[], help="files and folders, with --jax")
    parser.add_argument("--within", type=int, default=1, help="the distance of --run, 1")
    options = parser.parse_args(arguments)
    root = pathlib.Path(root or pathlib.Path(__file__).resolve().parent.parent)
    tree = Tree(root)
    record = json.loads(tree.text("tests/full_run.json") or "{}")
    base = options.base
    chooses = options.slow is not None or options.jax is not None
    if base is None and chooses:
        base = record.get("commit")
    elif base is None:
        parser.error("BASE is missing, e.g. HEAD")
    try:
        changed = changed_files(root, base)
    except NoHistory as error:
        print(f"affected.py: {error}; nothing is chosen", file=sys.stderr)
        return 0 if chooses else 2
    affected = Graph(tree).affected(changed)
    if options.slow is not None:
        for path in slow_files(tree, affected, record, options.slow):
            print(path)
    elif options.jax is not None:
        for path in jax_files(affected, record, options.jax, options.without):
            print(path)
    elif options.run:
        codes = [pytest(root, call) for call in commands(tree, changed, affected, options.within)]
        return max((code for code in codes if code != 5), default=0)  # 5: no test was selected
    else:
        for path, distance in affected.items():
            print(distance, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
