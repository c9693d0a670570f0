"""Several workers on this machine: told of each other, shown, stopped, and a run under fire."""

import json
import os
import signal
import sys

import numpy as np
import pytest

from kerasbook import applications, recipes, training
from kerasbook.callbacks.epoch_log import read_log
from kerasbook.training.cluster import launch as module
from kerasbook.training.cluster.launch import free_ports, launch

# Without TensorFlow: who am I, and what do I do?
WORKER = """
import json, os, signal, sys, time
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
def say(text): print(text, file=sys.stderr, flush=True)
"""


def workers(code, number=2):
    return launch([sys.executable, "-c", WORKER + code], number)


def alive(file):
    """Returns which of the processes that wrote their ids into a file are there yet."""
    numbers = [int(line) for line in file.read_text().split()]
    return [number for number in numbers if os.path.exists(f"/proc/{number}")]


def test_free_ports_differ():
    assert len(set(free_ports(5))) == 5


def test_workers_are_told_of_each_other(tmp_path, monkeypatch):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(5))
    code = f"open({str(tmp_path)!r} + '/' + str(index), 'w').write(json.dumps(dict(os.environ)))"
    assert workers(code) == 0
    given = [json.loads((tmp_path / str(index)).read_text()) for index in range(2)]
    configs = [json.loads(environment["TF_CONFIG"]) for environment in given]
    assert configs[0]["cluster"] == configs[1]["cluster"]
    first, second = configs[0]["cluster"]["worker"]
    assert first.startswith("127.0.0.1:")
    assert first != second
    assert [c["task"] for c in configs] == [{"type": "worker", "index": i} for i in range(2)]
    assert [environment["TF_NUM_INTRAOP_THREADS"] for environment in given] == ["2", "2"]


def test_the_chief_is_shown_and_the_others_say_only_what_is_new(capfd):
    code = """
print("out of", index)
if index == 0: time.sleep(0.5)
say("both")
say("mine of " + str(index))
say("kerasbook train: no such thing")
sys.exit(2)
"""
    assert workers(code) == 2
    out, err = capfd.readouterr()
    assert out == "out of 0\n"
    assert sorted(err.splitlines()) == [
        "[worker 1] both",
        "[worker 1] mine of 1",
        "both",
        "kerasbook train: no such thing",
        "mine of 0",
    ]


@pytest.mark.parametrize("failing", [0, 1])
def test_when_one_fails_all_end(failing, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(module, "PAUSE", 0.2)
    pids = tmp_path / "pids"
    code = f"""
open({str(pids)!r}, "a").write(str(os.getpid()) + "\\n")
if index == {failing}:
    while len(open({str(pids)!r}).readlines()) < 3: time.sleep(0.05)
    say("kerasbook train: I fail")
    sys.exit(7)
time.sleep(60)
"""
    assert workers(code, 3) == 7
    assert alive(pids) == []
    prefix = "[worker 1] " if failing else ""
    said = capfd.readouterr().err.splitlines()
    assert f"{prefix}kerasbook train: I fail" in said
    assert "[worker 2] ended by SIGTERM" in said


def test_who_does_not_listen_is_killed(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(module, "PAUSE", 0.2)
    monkeypatch.setattr(module, "GRACE", 0.4)
    pids = tmp_path / "pids"
    code = f"""
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open({str(pids)!r}, "a").write(str(os.getpid()) + "\\n")
while len(open({str(pids)!r}).readlines()) < 2: time.sleep(0.05)
if index == 0: sys.exit(3)
time.sleep(60)
"""
    assert workers(code) == 3
    assert alive(pids) == []
    assert capfd.readouterr().err == "[worker 1] ended by SIGKILL\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on_to_all(number, tmp_path):
    before = signal.getsignal(number)
    code = f"""
def stop(number, frame):
    open({str(tmp_path)!r} + f"/{{index}}-{{number}}", "w")
    sys.exit(128 + number)
signal.signal({int(number)}, stop)
open({str(tmp_path)!r} + "/ready" + str(index), "w")
while len([f for f in os.listdir({str(tmp_path)!r}) if "ready" in f]) < 2: time.sleep(0.05)
if index == 0: os.kill(os.getppid(), {int(number)})
time.sleep(60)
"""
    assert workers(code) == 128 + number
    assert {f.name for f in tmp_path.iterdir()} >= {f"{i}-{int(number)}" for i in range(2)}
    assert signal.getsignal(number) is before


# The command itself, with a worker 1 that is sent a signal after a step of the epoch.
STRUCK = """
import json, os, sys
from kerasbook.console import quiet_import

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
with quiet_import():
    import keras
    from kerasbook import training
    from kerasbook.cli import run

train = training.train
struck = json.loads(os.environ["TF_CONFIG"])["task"]["index"] == 1
run_dir = sys.argv[sys.argv.index("--run_dir") + 1]

def no_writing(event, details):
    writes = event == "open" and details[2] & (os.O_WRONLY | os.O_RDWR)
    if (writes or event in ("os.mkdir", "os.rename")) and str(details[0]).startswith(run_dir):
        print(f"{event} {details[0]}", file=sys.stderr)

if struck:
    sys.addaudithook(no_writing)
number, step = (int(text) for text in sys.argv.pop().split("@"))

class Strike(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if struck and self.epoch * 4 + batch + 1 == step:
            os.kill(os.getpid(), number)

training.train = lambda *given, **named: train(*given, **named, callbacks=[Strike()])
run()
"""
FIELDS = {
    "dataset": "digits",
    "train_split": "train",
    "validation_split": "validation",
    "epochs": 3,
    "batch_size": 30,
    "steps_per_execution": 1,
    "clip_norm": 1.0,
    "weight_decay": 0.01,
}
EXAMPLES = 101  # three steps of 30, and one of 11: 6 for one worker, 5 for the other


@pytest.mark.slow("a dozen processes train; test_workers.py and the tests above cover the parts")
def test_two_workers_train_what_one_trains_whatever_happens_to_them(tmp_path, capfd):
    """SIGTERM to one worker in epoch 2, SIGKILL in epoch 3: resumed, as if never disturbed."""
    few = {"max_examples": EXAMPLES, "verbose": 0, "test": False}
    recipe = recipes.get_recipe("mnist_mlp").replace(**FIELDS)
    alone = tmp_path / "alone"
    training.train(recipe, run_dir=alone, **few)
    run = tmp_path / "run"
    settings = [f"--set={name}={value}" for name, value in FIELDS.items()]

    def start(strike, *flags):
        command = [sys.executable, "-c", STRUCK, "train", "mnist_mlp", *settings]
        command += ["--max_examples", str(EXAMPLES), "--strategy", "multi_worker"]
        capfd.readouterr()
        code = launch([*command, "--run_dir", str(run), *flags, strike], 2)
        return code, capfd.readouterr().err.splitlines()

    code, said = start(f"{int(signal.SIGTERM)}@6")
    assert code == 143, "\n".join(said)
    # It was asked after step 6, and the other worker learned it with step 7.
    last = run / "checkpoints" / "last.keras"
    assert said == [
        f"kerasbook train: Stopped after step 3 of epoch 2; the checkpoint {last} is kept"
    ]
    code, said = start(f"{int(signal.SIGKILL)}@10", "--resume")
    assert code == 2, said
    assert said[0].startswith("kerasbook train: Lost worker 1 (127.0.0.1:")
    assert said[1:] == ["[worker 1] ended by SIGKILL"]
    code, said = start("0@0", "--resume")
    assert (code, said) == (0, [])

    logs = [read_log(folder / "log.csv") for folder in (run, alone)]
    for two, one in zip(*logs, strict=True):
        for column in ("loss", "accuracy", "val_loss", "val_accuracy"):
            assert two[column] == pytest.approx(one[column], rel=1e-5), column
    models = [applications.load_model(f / "checkpoints" / "last.keras") for f in (run, alone)]
    for two, one in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-6)
    record = json.loads((run / "record.json").read_text())
    assert (record["status"], record["replicas"]) == ("complete", 2)
