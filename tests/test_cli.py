"""The command line as people use it: real processes, exit codes, one line on stderr."""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest

KERASBOOK = [sys.executable, "-c", "from kerasbook.cli import run; run()"]
QUICK = ["--max_examples", "64", "--epochs", "1"]


def kerasbook(*arguments, cwd=None, **options):
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    return subprocess.run(
        [*KERASBOOK, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **options,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            [],
            [
                "train",
                "evaluate",
                "predict",
                "export",
                "show-augmentation",
                "list",
                "embedded digits",
            ],
        ),
        (
            ["train"],
            [
                *(
                    "--epochs",
                    "--batch_size",
                    "--seed",
                    "--data_dir",
                    "--max_examples",
                    "--run_dir",
                ),
                *(
                    "--resume",
                    "--strategy",
                    "--augmentation",
                    "--precision",
                    "--debug",
                    "--set",
                ),
                "confusion_matrix.png",
            ],
        ),
        (["evaluate"], ["--split"]),
        (["predict"], ["IMAGE", "--top"]),
        (["export"], ["serving_default", "image_bytes", "tf_example", "--output"]),
        (["show-augmentation"], ["POLICY", "IMAGE|DATASET", "--size", "--seed", "--index", "-o"]),
        (["list"], ["models", "layers", "policies", "recipes", "datasets"]),
    ],
)
def test_help_pages(arguments, words):
    result = kerasbook(*arguments, "--help")
    assert result.returncode == 0
    assert result.stderr == ""
    for word in words:
        assert word in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "mnist_lenet"], "recipe='mnist_lenet'. Nearest: mnist_lenet5"),
        (["train", "--set", "model=resnet"], "model='resnet'. Nearest: resnet"),
        (["train", "--set", "dataset=digit"], "dataset='digit'. Nearest: digits"),
        (["train", "mnist_mlp", "--data_dir", "nowhere"], "`data_dir` must be a folder"),
        (
            ["train", "--set", "lerning_rate=1"],
            "no field 'lerning_rate'. Nearest: learning_rate",
        ),
        (["train", "--epochs", "0"], "must be a positive integer, received '0'"),
        (["train", "--strategy", "mirror"], "invalid choice: 'mirror'"),
        (["train", "--epoch", "1"], "unrecognized arguments: --epoch; see kerasbook train --help"),
        (["train", "--flagfile=nowhere"], "nowhere"),
        (["train", "--verbosity=x"], "verbosity"),
        (["train", "--epochs", "1", "--set", "self=2"], "no field 'self'"),
        (["train", "--set", "model_arguments={1: 2}"], "whose keys are strings"),
        (["train", "--set", "model_arguments={'classes': 5}"], "one value for each of the 10"),
        (["train", "--set", "mean=(1e999,)"], "`mean` must be one finite number"),
        (["train", "--set", "train_split=train[5:2]"], "`split` must not be empty"),
        (["train", "--augmentation", "shfit"], "augmentation='shfit'. Nearest: shift"),
        (["train", "--augmentation", "nowhere.json"], "nowhere.json cannot be read"),
        (["show-augmentation", "rand_augmen", "digits"], "Nearest: rand_augment"),
        (["show-augmentation", "shift", "nowhere.png"], "No such file or directory: nowhere.png"),
        (["show-augmentation", "shift", "digit"], "dataset='digit'. Nearest: digits"),
        (["show-augmentation", "shift", "digits", "-o", "no/where.png"], "no/where.png"),
        (["list", "datasets", "--data_dir", "nowhere"], "`data_dir` must be a folder"),
        (["evaluate", "nowhere"], "`run` must be a run folder"),
        (["predict", "nowhere", "x.png"], "`run` must be a run folder"),
        (["export", "nowhere"], "`run` must be a run folder"),
        (["trian"], "invalid choice: 'trian'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    result = kerasbook(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.startswith("kerasbook")
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_traceback(tmp_path):
    result = kerasbook("evaluate", "nowhere", "--debug", cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" in result.stderr


def test_train_evaluate_predict_export(tmp_path):
    result = kerasbook(
        "train", *QUICK, "--run_dir", "run", "--seed", 3, "--set", "batch_size=16", cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    accuracy = re.search(r"test accuracy ([\d.]+%)", result.stdout).group(1)
    assert "run folder    run" in result.stdout
    assert "4/4" in result.stdout  # the progress bar

    result = kerasbook("train", *QUICK, "--run_dir", "run", cwd=tmp_path)
    assert result.returncode == 2
    assert "`run_dir` must be new" in result.stderr

    result = kerasbook("evaluate", "run", "--split", "test[:64]", cwd=tmp_path)
    assert f"accuracy  {accuracy}" in result.stdout

    shutil.copy(tmp_path / "run" / "mistakes.png", tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes((tmp_path / "good.png").read_bytes()[:200])
    result = kerasbook(
        "predict", "run", "good.png", "bad.png", "none.png", "good.png", cwd=tmp_path
    )
    assert result.returncode == 2
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["good.png"] * 2
    assert result.stdout.count("%") == 6
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        "bad.png",
        "none.png",
    ]
    assert kerasbook("predict", "run", "good.png", cwd=tmp_path).returncode == 0

    result = kerasbook("export", "run", cwd=tmp_path)
    assert result.returncode == 0
    for code in (0, 2):
        result = kerasbook("export", "run", "-o", "served/1", cwd=tmp_path)
        assert result.returncode == code
    assert "`path` must be new" in result.stderr
    assert (tmp_path / "served" / "1" / "saved_model.pb").is_file()


def test_a_policy_of_a_file_is_shown_and_trained_with(tmp_path):
    rotate = {"operation": "rotate", "magnitude": [-15, 15]}
    policy = {"version": 1, "type": "RandomOperation", "arguments": rotate}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    result = kerasbook("show-augmentation", "policy.json", "digits", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "wrote augmentation.png\n"
    assert (tmp_path / "augmentation.png").read_bytes()[:4] == b"\x89PNG"

    train = ["train", *QUICK, "--run_dir", "run", "--augmentation", "policy.json"]
    assert kerasbook(*train, cwd=tmp_path).returncode == 0
    (tmp_path / "policy.json").unlink()
    recipe = json.loads((tmp_path / "run" / "recipe.json").read_text())
    assert recipe["augmentation"]["arguments"]["magnitude"] == [-15, 15]
    resume = ["train", "--run_dir", "run", "--resume", "--epochs", "2"]
    assert kerasbook(*resume, cwd=tmp_path).returncode == 0


def test_lists(data_dir):
    assert "resnet50" in kerasbook("list", "models").stdout.split()
    assert "Conv2D" in kerasbook("list", "layers").stdout.split()
    policies = kerasbook("list", "policies").stdout.split()
    assert {"none", "shift", "imagenet", "rand_augment"} <= set(policies)
    assert "digits_lenet5" in kerasbook("list", "recipes").stdout.split()
    datasets = kerasbook("list", "datasets", "--data_dir", data_dir).stdout.split()
    assert {"digits", "mnist", "camvid"} <= set(datasets)
    everything = kerasbook("list").stdout
    assert "models:\n  lenet5\n" in everything
    assert "policies:\n" in everything
    assert "datasets:\n  digits\n" in everything


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_the_checkpoint_and_the_run_goes_on(number, code, tmp_path):
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONUNBUFFERED": "1"}
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        process = subprocess.Popen(
            [*KERASBOOK, "train", "--epochs", "500", "--run_dir", "run"],
            cwd=tmp_path,
            env=environment,
            stdout=out,
            stderr=err,
        )
        try:
            log = tmp_path / "run" / "log.csv"
            wait_until(lambda: log.is_file() and len(log.read_text().splitlines()) > 2)
            process.send_signal(number)
            assert process.wait(60) == code
        finally:
            process.kill()
    message = (tmp_path / "err").read_text().strip()
    assert re.fullmatch(
        r"kerasbook train: Stopped after (step \d+ of )?epoch \d+; .* is kept", message
    )
    epochs = len((tmp_path / "run" / "log.csv").read_text().splitlines()) - 1
    resumed = kerasbook(
        "train", "--run_dir", "run", "--resume", "--epochs", epochs + 1, cwd=tmp_path
    )
    assert resumed.returncode == 0, resumed.stderr
    assert len((tmp_path / "run" / "log.csv").read_text().splitlines()) == epochs + 2


def test_a_run_goes_on_when_nobody_reads_its_output(tmp_path):
    command = " ".join(map(shlex.quote, [*KERASBOOK, "train", *QUICK, "--run_dir", "run"]))
    shell = ["bash", "-o", "pipefail", "-c", f"{command} | head -c 10"]
    result = subprocess.run(
        shell, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "run" / "saved_model" / "saved_model.pb").is_file()


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_a_full_disk_is_one_line_and_the_old_checkpoint_stays(tmp_path):
    assert kerasbook("train", *QUICK, "--run_dir", "run", cwd=tmp_path).returncode == 0
    checkpoint = tmp_path / "run" / "checkpoints" / "last.keras"
    before = checkpoint.read_bytes()
    limited = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "from kerasbook.cli import run\n"
        "run()\n"
    )
    arguments = ["train", *QUICK[:2], "--epochs", "3", "--run_dir", "run", "--resume"]
    result = subprocess.run(
        [sys.executable, "-c", limited, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "File too large" in result.stderr
    assert checkpoint.read_bytes() == before
    assert not [p for p in (tmp_path / "run").rglob("*") if "partial" in p.name]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    result = kerasbook("train", *QUICK, "--run_dir", "file/run", cwd=tmp_path)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Not a directory" in result.stderr
    proc = pathlib.Path("/proc/kerasbook")
    result = kerasbook("train", *QUICK, "--run_dir", proc, cwd=tmp_path)
    assert result.returncode == 2
    assert str(proc) in result.stderr
