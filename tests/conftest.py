"""What all tests share: three logical CPUs, the real data, and which tests need TensorFlow."""

import builtins
import gc
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What is compiled runs a few times: to optimize its machine code takes longer than it saves.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
# For the workers of pytest-xdist, which start later: one heap of each thread takes much memory.
os.environ.setdefault("MALLOC_ARENA_MAX", "2")

import keras
import pytest
from helpers.memory import free_if_grown
from helpers.run_record import RunRecord

ROOT = pathlib.Path(__file__).parent.parent
TENSORFLOW_ROOMS = ("recipes", "serving", "training", "visual", "cli")
# What takes long comes first, so that all workers of pytest-xdist end at about the same time.
SLOW = (
    *("test_conformance.py", "applications", "training", "recipes", "cli"),
    *("test_registry.py", "test_house.py", "augmentation"),
)

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 3
    )


def pytest_addoption(parser):
    """Adds the option that `.ci/run --full` uses."""
    parser.addoption("--record", metavar="FILE", help="write what each test cost, as JSON")


def pytest_configure(config):
    """Measures tests, and lets pytest-xdist begin with other files than those of most tests."""
    config.option.loadscopereorder = False
    config.pluginmanager.register(RunRecord(config.getoption("--record")))


def pytest_collection_finish():
    """Spares the garbage collector what all tests share: imported modules and collected tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def memory_is_freed():
    """Frees the models of a file after it."""
    yield
    free_if_grown()


def pytest_collection_modifyitems(items):
    """Marks the tests of the rooms that run on TensorFlow alone, and puts the slow rooms first."""
    rank = {name: number for number, name in enumerate(SLOW)}
    items.sort(key=lambda i: rank.get(i.path.relative_to(ROOT / "tests").parts[0], len(SLOW)))
    for item in items:
        place = item.path.relative_to(ROOT / "tests")
        if place.parts[0] in TENSORFLOW_ROOMS:
            item.add_marker(pytest.mark.tensorflow)


@pytest.fixture(autouse=True)
def seeded():
    """Makes what a test draws without a seed of its own the same every time."""
    keras.utils.set_random_seed(0)


@pytest.fixture
def without_optuna(monkeypatch):
    """Lets every import of Optuna fail, as where it is not installed."""
    real = builtins.__import__

    def missing(name, *arguments, **options):
        if name.startswith("optuna"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)


@pytest.fixture
def rng():
    """A random generator with a fixed seed."""
    import numpy as np

    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def data_dir():
    """The folder of real datasets in TFDS format; tests that need it skip where it is absent."""
    folder = pathlib.Path(
        os.environ.get("KERASBOOK_DATA_DIR", ROOT.parent / "shared" / "data" / "tfds")
    )
    if not folder.is_dir():
        pytest.skip("needs the real data: set KERASBOOK_DATA_DIR")
    return folder


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory):
    """The folder and the record of a short run of `digits_lenet5`; tests must not change it."""
    from kerasbook import recipes, training

    folder = tmp_path_factory.mktemp("session") / "run"
    recipe = recipes.get_recipe("digits_lenet5").replace(epochs=3)
    return folder, training.train(recipe, run_dir=folder, verbose=0)
