"""The registry: names, nearest names, plug-ins that fail, and a real one in its own environment."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

import pytest
from helpers.commands import QUICK

from kerasbook import registry

ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture
def fresh(monkeypatch):
    """An empty registry that has not loaded its plug-ins yet."""
    entries = {kind: {} for kind in registry._ENTRIES}
    monkeypatch.setattr(registry, "_ENTRIES", entries)
    registry.load_plugins.cache_clear()
    yield entries
    registry.load_plugins.cache_clear()


def test_names_and_wildcards(fresh):
    for name in ("ResNet18", "ResNet34", "LeNet5"):
        registry.register("model", name)(name)
    assert registry.names("model") == ["lenet5", "resnet18", "resnet34"]
    assert registry.names("model", "res*") == ["resnet18", "resnet34"]
    assert registry.get("model", "lenet5") == "LeNet5"


def test_unknown_name_lists_the_nearest(fresh):
    registry.register("recipe", "mnist_mlp")("x")
    registry.register("recipe", "other")("y")
    with pytest.raises(ValueError, match="Received: recipe='mnist_lmp'. Nearest: mnist_mlp"):
        registry.get("recipe", "mnist_lmp")
    with pytest.raises(ValueError, match="Known: mnist_mlp, other"):
        registry.get("recipe", "zzz")


def test_taken_names_and_unknown_kinds(fresh):
    def first(): ...

    def second(): ...

    registry.register("model", "net")(first)
    assert registry.register("model", "net")(first) is first
    with pytest.raises(ValueError, match="`name` must be free.*name='net'"):
        registry.register("model", "net")(second)
    with pytest.raises(ValueError, match="`kind` must be one of.*kind='optimizer'"):
        registry.register("optimizer")


def test_a_failing_plugin_gives_one_warning_and_nothing_else_breaks(fresh, monkeypatch):
    class Broken:
        name, value = "broken", "broken_module"

        def load(self):
            raise ImportError("no such thing")

    class Good:
        name, value = "good", "good_module"

        def load(self):
            registry.register("model", "goodnet")(1)

    monkeypatch.setattr(
        registry.importlib.metadata, "entry_points", lambda group: [Broken(), Good()]
    )
    with pytest.warns(UserWarning, match="'broken'.*broken_module.*ImportError: no such") as caught:
        registry.load_plugins()
    assert registry.names("model") == ["goodnet"]
    assert registry.names("recipe") == []
    assert len(caught) == 1


def test_a_plugin_takes_no_name_of_the_library_and_may_exit(monkeypatch):
    class Greedy:
        name, value = "greedy", "greedy_module"

        def load(self):
            registry.register("model", "lenet5")(lambda: None)

    class Leaving:
        name, value = "leaving", "leaving_module"

        def load(self):
            sys.exit("no")

    monkeypatch.setattr(
        registry.importlib.metadata, "entry_points", lambda group: [Greedy(), Leaving()]
    )
    registry.load_plugins.cache_clear()
    with pytest.warns(UserWarning, match="'greedy'.*`name` must be free|'leaving'.*SystemExit"):
        registry.load_plugins()
    assert registry.get("model", "lenet5").__name__ == "LeNet5"


@pytest.fixture(scope="module")
def plugin_python(tmp_path_factory):
    """The Python of a new environment that has the example plug-in beside what this one has."""
    folder = tmp_path_factory.mktemp("plugin")
    environment = folder / "environment"
    # Where this environment has pip, the new one inherits it: to install another takes seconds.
    without = ["--without-pip"] * bool(importlib.util.find_spec("pip"))
    command = [sys.executable, "-m", "venv", *without, environment]
    subprocess.run(command, check=True, timeout=300)
    packages = subprocess.run(
        [
            environment / "bin" / "python",
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    inherited = [sysconfig.get_path("purelib"), str(ROOT)]
    (pathlib.Path(packages) / "inherited.pth").write_text("\n".join(inherited) + "\n")
    source = shutil.copytree(ROOT / "examples" / "plugin", folder / "source")
    subprocess.run(
        [
            environment / "bin" / "python",
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            source,
        ],
        check=True,
        timeout=300,
    )
    return environment / "bin" / "python"


@pytest.mark.tensorflow
@pytest.mark.slow("installs a package; a plug-in that is made up is in the tests above")
def test_the_example_plugin_in_an_environment_of_its_own(plugin_python, tmp_path):
    code = (
        "import keras, numpy as np, kerasbook\n"
        "from kerasbook.applications import create_model, list_models, load_model\n"
        "assert 'gatednet' in list_models('*net*')\n"
        "assert 'GatedUnit' in kerasbook.layers.list_layers()\n"
        "assert 'digits_gatednet' in kerasbook.recipes.list_recipes()\n"
        "model = create_model('gatednet')\n"
        "model.save('net.keras')\n"
        "np.save('x.npy', x := np.random.default_rng(0).normal(size=(3, 8, 8, 1)))\n"
        "np.save('y.npy', model.predict(x, verbose=0))\n"
    )
    load = (
        "import sys, numpy as np\n"
        "from kerasbook.applications import load_model\n"
        "assert 'kerasbook_gated' not in sys.modules\n"
        "model = load_model('net.keras')\n"
        "y = model.predict(np.load('x.npy'), verbose=0)\n"
        "np.testing.assert_allclose(y, np.load('y.npy'), atol=1e-6)\n"
    )
    for script in (code, load):
        subprocess.run([plugin_python, "-c", script], cwd=tmp_path, check=True, timeout=300)
    result = subprocess.run(
        [
            plugin_python,
            "-c",
            "from kerasbook.cli import run; run()",
            "train",
            "digits_gatednet",
            *QUICK,
            "--run_dir",
            "run",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "test accuracy" in result.stdout
    assert (tmp_path / "run" / "saved_model" / "saved_model.pb").is_file()


@pytest.mark.tensorflow
def test_the_example_plugin_keeps_the_promises(plugin_python):
    check = ROOT / "examples" / "plugin" / "check.py"
    result = subprocess.run(
        [plugin_python, check], capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert "serves_without_the_library" in result.stdout.split()
