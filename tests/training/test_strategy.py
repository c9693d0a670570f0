"""Strategies by name."""

import json
import os
import socket
import subprocess
import sys

import pytest
import tensorflow as tf

from kerasbook.callbacks.epoch_log import read_log
from kerasbook.training.strategy import get_strategy, is_chief


def test_names():
    assert get_strategy("default").num_replicas_in_sync == 1
    assert get_strategy("mirrored").num_replicas_in_sync == 2
    assert is_chief(get_strategy("default"))
    assert is_chief(get_strategy("mirrored"))


def test_unknown_and_absent_strategies():
    with pytest.raises(ValueError, match="strategy='mirored'. Nearest: mirrored"):
        get_strategy("mirored")
    with pytest.raises(ValueError, match="`strategy` must be one that this machine has.*'tpu'"):
        get_strategy("tpu")


def test_without_tf_config_one_worker_is_the_chief(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    strategy = get_strategy("multi_worker")
    assert isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    assert is_chief(strategy)


@pytest.mark.parametrize(
    ("cluster", "kind", "number", "chief"),
    [
        ({"worker": ["a:1", "b:1"]}, "worker", 0, True),
        ({"worker": ["a:1", "b:1"]}, "worker", 1, False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, "worker", 0, False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, "chief", 0, True),
    ],
)
def test_one_process_of_a_cluster_is_the_chief(cluster, kind, number, chief, monkeypatch):
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec(cluster), task_type=kind, task_id=number
    )
    monkeypatch.delenv("TF_CONFIG", raising=False)
    strategy = get_strategy("multi_worker")
    monkeypatch.setattr(type(strategy), "cluster_resolver", resolver)
    assert is_chief(strategy) is chief


def test_two_workers_train_what_one_trains(tmp_path):
    """Two real processes on this machine, against one process: the same log."""
    ports = []
    for _ in range(2):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            ports.append(found.getsockname()[1])
    code = (
        "import sys, json\n"
        "from kerasbook import recipes, training\n"
        "recipe = recipes.get_recipe('mnist_mlp').replace(\n"
        "    dataset='digits', epochs=2, batch_size=30, clip_norm=1.0, weight_decay=0.01,\n"
        "    train_split='train', validation_split='validation')\n"
        "few = {'max_examples': 100, 'verbose': 0}\n"
        "training.train(recipe, run_dir=sys.argv[1], strategy=sys.argv[2], **few)\n"
    )
    processes = []
    try:
        for number, strategy in ((0, "multi_worker"), (1, "multi_worker"), (None, "default")):
            environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
            if number is not None:
                cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
                task = {"type": "worker", "index": number}
                environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
            log = (tmp_path / f"{strategy}{number}.txt").open("w")
            command = [sys.executable, "-c", code, str(tmp_path / strategy), strategy]
            processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        for process in processes:
            assert process.wait(180) == 0, [f.read_text()[-2000:] for f in tmp_path.glob("*.txt")]
    finally:
        for process in processes:
            process.kill()
    logs = [read_log(tmp_path / name / "log.csv") for name in ("multi_worker", "default")]
    for two, one in zip(*logs, strict=True):
        for column in ("loss", "accuracy", "val_loss", "val_accuracy"):
            assert two[column] == pytest.approx(one[column], rel=1e-5), column
    record = json.loads((tmp_path / "multi_worker" / "record.json").read_text())
    assert record["replicas"] == 2
    assert record["status"] == "complete"
