"""The command `train` as people use it: real processes, exit codes, one line on stderr."""

import errno
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys

import pytest
from helpers.commands import KERASBOOK, QUICK, assert_one_line, kerasbook, typed, wait_until


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
        (["train", "--epochs", "1", "--set", "self=2"], "no field 'self'"),
        (["train", "--set", "model_arguments={1: 2}"], "whose keys are strings"),
        (["train", "--set", "model_arguments={'classes': 5}"], "one value for each of the 10"),
        (["train", "--set", "mean=(1e999,)"], "`mean` must be one finite number"),
        (["train", "--set", "train_split=train[5:2]"], "`split` must not be empty"),
        (["train", "--augmentation", "shfit"], "augmentation='shfit'. Nearest: shift"),
        (["train", "--augmentation", "nowhere.json"], "nowhere.json cannot be read"),
        (
            ["train", "xor", "--batch_size", "5"],
            "`--batch_size` must be left out: 'xor' is a study",
        ),
        (["train", "xor", "--strategy", "mirrored"], "which takes --epochs, --seed and --run_dir"),
        (["train", "xor", "--set", "epochs=5"], "Received: set=['epochs=5']"),
        (["train", "xor", "--resume"], "`--resume` must be left out"),
        (["train", "xor", "--seed", "-1"], "`seeds` must be one integer or several"),
        (["launch", "xor"], "`recipe` must be one that trains a classifier"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    assert_one_line(typed(*arguments, cwd=tmp_path), message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--flagfile=nowhere"], "nowhere"),
        (["train", "--verbosity=x"], "verbosity"),
        (["train", "--set", "lerning_rate=1"], "no field 'lerning_rate'. Nearest: learning_rate"),
    ],
)
def test_a_process_says_it_in_one_line_too(arguments, message, tmp_path):
    assert_one_line(kerasbook(*arguments, cwd=tmp_path), message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(
            signal.SIGINT,
            130,
            marks=pytest.mark.slow("three processes more; SIGTERM takes the same way"),
        ),
        (signal.SIGTERM, 143),
    ],
)
def test_a_signal_keeps_the_checkpoint_and_the_run_goes_on(number, code, tmp_path):
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONUNBUFFERED": "1"}
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        process = subprocess.Popen(
            [*KERASBOOK, "train", *QUICK[:2], "--epochs", "5000", "--run_dir", "run"],
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
    resume = ["train", "--run_dir", "run", "--resume", "--epochs", epochs + 1]
    resumed = typed(*resume, cwd=tmp_path)
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


def test_a_write_that_fails_is_one_line_and_the_old_checkpoints_stay(tmp_path, monkeypatch):
    assert typed("train", *QUICK, "--run_dir", "run", cwd=tmp_path).returncode == 0
    folder = tmp_path / "run" / "checkpoints"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    arguments = [*QUICK[:2], "--epochs", "3", "--run_dir", "run", "--resume"]
    result = typed("train", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "No space left on device" in result.stderr
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.slow("starts a process that trains; a failing write is tested above")
def test_a_full_disk_is_one_line_and_the_old_checkpoints_stay(tmp_path):
    assert typed("train", *QUICK, "--run_dir", "run", cwd=tmp_path).returncode == 0
    folder = tmp_path / "run" / "checkpoints"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert before.keys() == {"best.keras", "last.keras", "previous.keras"}
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
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert not [p for p in (tmp_path / "run").rglob("*") if "partial" in p.name]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    result = typed("train", *QUICK, "--run_dir", "file/run", cwd=tmp_path)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Not a directory" in result.stderr
    proc = pathlib.Path("/proc/kerasbook")
    result = typed("train", *QUICK, "--run_dir", proc, cwd=tmp_path)
    assert result.returncode == 2
    assert str(proc) in result.stderr


def test_a_study_prints_its_results_and_its_folder(tmp_path):
    result = typed("train", "iris_mlp", "--epochs", "3", "--seed", "4", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    seed, accuracy, likelihood, folder = result.stdout.splitlines()
    (run,) = (tmp_path / "runs").iterdir()
    scores = json.loads((run / "record.json").read_text())["scores"]["two hidden layers"]
    assert seed == "seed 4"
    assert accuracy.split() == [
        *["two", "hidden", "layers", "accuracy"],
        f"{scores['accuracy'][0]:.4g}",
    ]
    assert likelihood.endswith(f"  {scores['log_likelihood'][0]:.4g}")
    assert folder == f"run folder    runs/{run.name}"
    assert_one_line(typed("evaluate", run), "which has no recipe.json")


def test_several_seeds_and_claims_are_summed_up(tmp_path, monkeypatch):
    def run_study(study, run_dir):
        assert (study.name, study.seeds, run_dir) == ("xor", (0, 1, 2, 3, 4), "here")
        claim = {"greater": "a", "lesser": "b", "by": 0.5, "smallest_difference": 0.625}
        claims = [{**claim, "holds": True}, {**claim, "holds": False}]
        scores = {"a": {"accuracy": [1.0, 0.5]}}
        return {"seeds": [0, 1], "scores": scores, "claims": claims, "run_dir": run_dir}

    monkeypatch.setattr("kerasbook.training.study_run.run_study", run_study)
    result = typed("train", "xor", "--run_dir", "here", cwd=tmp_path)
    title, row, first, second, _ = result.stdout.splitlines()
    assert title == "mean of 2 seeds, lowest to highest"
    assert row.split(maxsplit=2) == ["a", "accuracy", "0.75, 0.5 to 1"]
    assert first == "a above b, by 0.5: holds, 0.625 at least"
    assert second == "a above b, by 0.5: does not hold, 0.625 at least"
