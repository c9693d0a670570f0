"""`load_model`: files of the library's layers without `custom_objects`, and bad files."""

import subprocess
import sys

import numpy as np
import pytest

from kerasbook.applications import create_model, load_model, save_weights


def test_loads_in_a_process_that_has_imported_nothing_else(tmp_path, rng):
    model = create_model("lenet5", input_shape=(12, 12, 1))
    x = rng.normal(size=(2, 12, 12, 1)).astype("float32")
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=x, y=model.predict(x, verbose=0))
    code = (
        "import sys, numpy as np\n"
        "from kerasbook.applications.loading import load_model\n"
        "data = np.load(sys.argv[1] + '/data.npz')\n"
        "y = load_model(sys.argv[1] + '/model.keras').predict(data['x'], verbose=0)\n"
        "np.testing.assert_allclose(y, data['y'], atol=1e-6)\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True, timeout=120)


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` must be a `.keras` file.*none.keras"):
        load_model(tmp_path / "none.keras")
    (tmp_path / "broken.keras").write_text("not a model")
    with pytest.raises(ValueError, match="broken.keras cannot be loaded as a Keras model"):
        load_model(tmp_path / "broken.keras")


@pytest.mark.parametrize("name", ["mine.safetensors", "mine.weights.h5"])
def test_weights_come_back(name, tmp_path):
    path = tmp_path / name
    model = create_model("resnet_test")
    model.save_weights(path) if name.endswith("h5") else save_weights(model, path)
    again = create_model("resnet_test", weights=path)
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_of_a_trained_model_come_back_without_its_optimizer(tmp_path):
    model = create_model("resnet_test")
    model.compile("adam", "sparse_categorical_crossentropy")
    model.train_on_batch(np.zeros((2, *model.input_shape[1:])), np.zeros(2))
    model.save_weights(tmp_path / "mine.weights.h5")
    again = create_model("resnet_test", weights=tmp_path / "mine.weights.h5")
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_serves_training_alone_may_come_and_go(tmp_path):
    path = tmp_path / "mine.safetensors"
    save_weights(create_model("resnet_test", drop_path=0.5, dropout=0.5), path)
    create_model("resnet_test", weights=path)
    trained = create_model("googlenet_test", auxiliary=True)
    save_weights(trained, path)
    model = create_model("googlenet_test", weights=path)
    kernels = [m.get_layer("predictions").kernel for m in (trained, model)]
    np.testing.assert_array_equal(*kernels)


def test_an_interrupted_write_of_weights_leaves_the_old_file(tmp_path):
    path = tmp_path / "mine.safetensors"
    code = (
        "import os, pathlib, signal, sys, kerasbook.applications as applications\n"
        "from kerasbook.applications import loading\n"
        "model = applications.create_model('resnet_test')\n"
        "applications.save_weights(model, sys.argv[1])\n"
        "write = loading.save_file\n"
        "def half(arrays, file):\n"
        "    write(arrays, file)\n"
        "    os.truncate(file, 1000)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "loading.save_file = half\n"
        "print('saved', flush=True)\n"
        "applications.save_weights(model, sys.argv[1])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, timeout=120
    )
    assert (result.returncode, result.stdout) == (-9, "saved\n"), result.stderr[-2000:]
    assert len(list(tmp_path.iterdir())) == 2  # it was killed in the middle of writing
    model = create_model("resnet_test", weights=path)
    save_weights(model, path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".safetensors", ".weights.h5"])
@pytest.mark.parametrize("damage", ["truncated", "text", "mlp_test", "deeper", "classes"])
def test_weights_that_do_not_fit_are_named(damage, suffix, tmp_path):
    path = tmp_path / f"mine{suffix}"
    arguments = {"deeper": {"depths": (1, 1, 1, 2)}, "classes": {"classes": 3}}.get(damage, {})
    other = create_model(damage if damage == "mlp_test" else "resnet_test", **arguments)
    other.save_weights(path) if suffix.endswith("h5") else save_weights(other, path)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-2000])
    elif damage == "text":
        path.write_text("weights")
    with pytest.raises(ValueError, match=r"`weights` must be the file of a resnettest.*mine"):
        create_model("resnet_test", weights=path)


def test_what_cannot_be_saved_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end in .*mine.h5"):
        save_weights(create_model("resnet_test"), tmp_path / "mine.h5")
    with pytest.raises(ValueError, match=r"`path` must end in '.safetensors', in a folder that ex"):
        save_weights(create_model("resnet_test"), tmp_path / "nowhere" / "mine.safetensors")
    with pytest.raises(ValueError, match="`model` must be a built Keras model.*None"):
        save_weights(None, tmp_path / "mine.safetensors")
