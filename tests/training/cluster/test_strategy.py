"""Strategies by name."""

import pytest
import tensorflow as tf

from kerasbook.training.cluster.strategy import get_strategy, is_chief


def test_names():
    assert get_strategy("default").num_replicas_in_sync == 1
    cpus = tf.config.list_logical_devices("CPU")
    assert get_strategy("mirrored").num_replicas_in_sync == len(cpus) > 1
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
