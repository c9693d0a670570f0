"""Strategies by name."""

import pytest
import tensorflow as tf

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
