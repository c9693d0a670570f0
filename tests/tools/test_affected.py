"""What a change touches: on a small Git repository, and on this one."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
LAYER = """import keras

@keras.saving.register_keras_serializable()
class {name}({base}):
    pass
"""
FILES = {
    "kerasbook/__init__.py": '__version__ = "1"\n',
    "kerasbook/layers/__init__.py": (
        "from kerasbook.layers.conv import Conv\n"
        "from kerasbook.layers.drop import Drop\n"
        "from kerasbook.layers.wide import Wide\n\n__all__ = sorted(dir())\n"
    ),
    "kerasbook/layers/conv.py": LAYER.format(name="Conv", base="keras.layers.Layer"),
    "kerasbook/layers/drop.py": (
        "from kerasbook.ops import draw\n" + LAYER.format(name="Drop", base="keras.layers.Layer")
    ),
    "kerasbook/ops/__init__.py": "from kerasbook.ops.draws import draw\n",
    "kerasbook/ops/draws.py": "def draw():\n    pass\n",
    "kerasbook/training/__init__.py": "",
    "kerasbook/training/build.py": "from kerasbook.applications import create_model\n",
    "kerasbook/layers/wide.py": (
        "from kerasbook.layers.conv import Conv\n" + LAYER.format(name="Wide", base="Conv")
    ),
    "kerasbook/applications/__init__.py": "def create_model(name):\n    pass\n",
    "kerasbook/applications/net.py": (
        'from kerasbook import layers\n\nlayers.Wide\nNet16 = size("Net16")\n'
    ),
    "kerasbook/recipes/__init__.py": "",
    "kerasbook/recipes/one.py": 'MODEL = "net16"\n',
    "kerasbook/data/__init__.py": "",
    "kerasbook/data/table/x.csv": "1\n",
    "tests/catalog.py": "from kerasbook import layers\n\nROWS = [layers.Conv, layers.Drop]\n",
    "tests/conftest.py": (
        "import pytest\n\n\n@pytest.fixture\ndef trained():\n"
        "    from kerasbook import recipes\n\n    return recipes.get('one')\n"
    ),
    "tests/helpers/__init__.py": "",
    "tests/helpers/units.py": "def convolve():\n    pass\n",
    "tests/test_conformance.py": "from catalog import ROWS\n",
    "tests/test_house.py": "",
    "tests/test_readme.py": 'README = "README.md"\n',
    "tests/test_all.py": "from kerasbook import layers\n\nlayers.__all__\n",
    "tests/data/test_table.py": "import kerasbook.data\n",
    "tests/layers/test_conv.py": "from kerasbook.layers import Conv\n",
    "tests/layers/test_drop.py": (
        "from kerasbook import layers\n\nlayers.Drop\n\n\n@pytest.mark.slow('x')\ndef test(): ...\n"
    ),
    "tests/layers/test_wide.py": "from helpers.units import convolve\n",
    "tests/applications/test_net.py": "@pytest.mark.slow('x')\ndef test(): ...\n",
    "tests/recipes/test_one.py": "",
    "tests/training/test_build.py": "",
    "tests/training/test_run.py": "def test(trained): ...\n",
    "benchmarks/tables.py": "",
    "benchmarks/records/a.json": "{}\n",
    "tests/test_records.py": 'FOLDER = ROOT / "benchmarks" / "records"\nimport tables\n',
    "README.md": "`Conv`, `Drop`\n",
    "setup.cfg": "",
}


@pytest.fixture(scope="module")
def tool():
    """The module `tools/affected.py`."""
    path = ROOT / "tools" / "affected.py"
    spec = importlib.util.spec_from_file_location("affected", path)
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def git(root, *arguments):
    names = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    command = ["git", "-C", root, *names, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def write(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def repository(tmp_path):
    """A small Git repository with one commit."""
    for path, text in FILES.items():
        write(tmp_path, path, text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "Begin")
    return tmp_path


def change(root, *paths):
    for path in paths:
        write(root, path, FILES[path] + "\n")


def listed(tool, root, capsys, base="HEAD"):
    """Returns the distances that `--list` prints, by the tests' names."""
    assert tool.main([base], root) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    distances = [int(distance) for distance, _ in lines]
    assert distances == sorted(distances)
    return {pathlib.Path(path).stem[5:]: int(distance) for distance, path in lines}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "kerasbook/layers/drop.py",
            {"drop": 0, "conformance": 1, "readme": 1, "house": 1, "all": 2},
        ),
        (
            "kerasbook/layers/conv.py",
            {"conv": 0, "wide": 1, "conformance": 1, "readme": 1, "house": 1, "all": 2}
            | {"net": 2, "one": 3, "run": 5},
        ),
        ("kerasbook/applications/net.py", {"net": 0, "house": 1, "one": 1, "run": 3}),
        ("kerasbook/recipes/one.py", {"one": 0, "house": 1, "run": 2}),
        ("kerasbook/data/table/x.csv", {"house": 1, "table": 2}),
        ("tests/helpers/units.py", {"house": 1, "wide": 1}),
        ("tests/catalog.py", {"conformance": 1, "house": 1}),
        ("tests/layers/test_drop.py", {"drop": 0}),
        ("README.md", {"house": 1, "readme": 1}),
        ("benchmarks/records/a.json", {"house": 1, "records": 1}),
        ("benchmarks/tables.py", {"house": 1, "records": 1}),
    ],
)
def test_what_a_change_touches(tool, repository, capsys, path, expected):
    change(repository, path)
    assert listed(tool, repository, capsys) == expected


@pytest.mark.parametrize("path", ["setup.cfg", "tests/conftest.py"])
def test_some_files_touch_all_tests(tool, repository, capsys, path):
    change(repository, path)
    tests = [name for name in FILES if "/test_" in name]
    assert len(listed(tool, repository, capsys)) == len(tests)


def test_changes_are_those_since_a_revision(tool, repository):
    first = git(repository, "rev-parse", "HEAD")
    assert tool.changed_files(repository, first) == []
    change(repository, "README.md")
    git(repository, "commit", "-qam", "Change")
    change(repository, "setup.cfg")
    git(repository, "add", "setup.cfg")
    change(repository, "kerasbook/layers/conv.py")
    write(repository, "tests/new one.py", "")
    git(repository, "rm", "-q", "tests/helpers/units.py")
    later = ["kerasbook/layers/conv.py", "setup.cfg", "tests/helpers/units.py", "tests/new one.py"]
    assert tool.changed_files(repository, "HEAD") == later
    assert tool.changed_files(repository, first) == ["README.md", *later]


def test_pytest_runs_the_near_tests_and_the_changed_layers(tool, repository, monkeypatch):
    calls = []
    monkeypatch.setattr(tool, "pytest", lambda root, call: calls.append(call) or len(calls) - 1)
    change(repository, "kerasbook/layers/drop.py")
    assert tool.main(["HEAD", "--run"], repository) == 3
    assert calls == [
        ["-m", "", "tests/layers/test_drop.py"],
        ["tests/test_readme.py"],
        ["tests/test_conformance.py", "-k", "[Drop] or -Drop] or [Drop-"],
        ["tests/test_house.py", "-k", "checker or [layers/drop.py]"],
    ]


def test_pytest_runs_the_promises_of_layers_that_import_what_changed(tool, repository, monkeypatch):
    calls = []
    monkeypatch.setattr(tool, "pytest", lambda root, call: calls.append(call) or 5)
    change(repository, "kerasbook/ops/draws.py")
    assert tool.main(["HEAD", "--run"], repository) == 0
    assert calls[:2] == [
        ["tests/layers/test_drop.py"],
        ["tests/test_conformance.py", "-k", "[Drop] or -Drop] or [Drop-"],
    ]


def test_slow_tests_are_chosen_within_their_seconds(tool, repository, capsys):
    record = {"commit": git(repository, "rev-parse", "HEAD")}
    record["slow_seconds"] = {"tests/layers/test_conv.py": 12.5, "tests/recipes/test_one.py": 5}
    write(repository, "tests/full_run.json", json.dumps(record))
    change(repository, "kerasbook/layers/conv.py")
    chosen = ["tests/layers/test_conv.py", "tests/applications/test_net.py"]
    for seconds, expected in (
        ("1", []),
        ("15", chosen[:1]),
        ("20", [chosen[0], "tests/recipes/test_one.py"]),  # test_net.py counts 30
        ("45", chosen),
        ("60", [*chosen, "tests/recipes/test_one.py"]),
    ):
        assert tool.main(["--slow", seconds], repository) == 0
        assert capsys.readouterr().out.splitlines() == expected


def test_tests_for_jax_are_those_that_ran_there_but_for_the_quick_set(tool, repository, capsys):
    record = {"commit": git(repository, "rev-parse", "HEAD")}
    seconds = {"tests/layers/test_conv.py": 2, "tests/applications/test_net.py": 12.5}
    write(repository, "tests/full_run.json", json.dumps({**record, "jax_seconds": seconds}))
    change(repository, "kerasbook/layers/conv.py")
    for arguments, expected in (
        (["20"], ["tests/layers/test_conv.py", "tests/applications/test_net.py"]),
        (["20", "--without", "tests/layers", "tests/ops"], ["tests/applications/test_net.py"]),
        (["12", "--without", "tests/layers"], []),
    ):
        assert tool.main(["--jax", *arguments], repository) == 0
        assert capsys.readouterr().out.splitlines() == expected


@pytest.mark.parametrize("commit", [None, "0" * 40, "--help"])
def test_without_history_nothing_is_chosen(tool, repository, capsys, commit):
    record = {"commit": commit} if commit else {}
    write(repository, "tests/full_run.json", json.dumps(record))
    assert tool.main(["--slow", "100"], repository) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "nothing is chosen" in err


def test_without_git_nothing_is_chosen(tool, tmp_path, capsys):
    write(tmp_path, "tests/full_run.json", '{"commit": "HEAD"}')
    assert tool.main(["--slow", "100"], tmp_path) == 0
    assert "git knows no HEAD" in capsys.readouterr().err
    assert tool.main(["HEAD"], tmp_path) == 2


def test_a_base_has_to_be_given(tool, repository, capsys):
    with pytest.raises(SystemExit):
        tool.main(["--list"], repository)
    assert "BASE is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "near", "far"),
    [
        (
            "kerasbook/layers/block/layer_scale.py",
            [
                "tests/layers/block/test_layer_scale.py",
                "tests/applications/test_convnext.py",
                "tests/test_conformance.py",
                "tests/test_readme.py",
            ],
            "tests/losses/test_hinge_loss.py",
        ),
        (
            "kerasbook/losses/hinge_loss.py",
            ["tests/losses/test_hinge_loss.py", "tests/losses/test_multiclass_hinge.py"],
            "tests/test_conformance.py",
        ),
    ],
)
def test_a_module_of_the_library_touches_its_users_and_not_all(tool, module, near, far):
    graph = tool.Graph(tool.Tree(ROOT))
    affected = graph.affected([module])
    assert affected[near[0]] == 0
    assert [affected.get(test) for test in near[1:]] == [1] * (len(near) - 1)
    assert far not in affected
    assert len(affected) < len(graph.tests) / 2
