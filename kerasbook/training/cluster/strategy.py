"""The tf.distribute strategies, by the names that the command line uses."""

import tensorflow as tf

from kerasbook import registry
from kerasbook.training.cluster import workers as cluster

STRATEGIES = ("default", "mirrored", "multi_worker", "tpu")


def get_strategy(name="default"):
    """Returns a strategy.

    Args:
        name: `"default"` is one device; `"mirrored"` all GPUs of this machine, or its logical
            CPUs where there is none; `"multi_worker"` the machines that the environment
            variable `TF_CONFIG` lists; `"tpu"` the TPU at hand.

    Raises:
        ValueError: If the name is unknown, there is no TPU, or `TF_CONFIG` is malformed.
        TimeoutError: If a machine that `TF_CONFIG` lists does not answer.
    """
    if name == "default":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
        cpus = [device.name for device in tf.config.list_logical_devices("CPU")]
        # On CPUs the collective kernels of two strategies in one process get in each other's way.
        return tf.distribute.MirroredStrategy(
            gpus or cpus,
            cross_device_ops=None if gpus else tf.distribute.ReductionToOneDevice(),
        )
    if name == "multi_worker":
        return cluster.join()
    if name == "tpu":
        try:
            resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
        except (ValueError, RuntimeError, tf.errors.OpError) as error:
            raise ValueError(
                f"`strategy` must be one that this machine has. Received: strategy='tpu' "
                f"({str(error).splitlines()[0]})"
            ) from error
        return tf.distribute.TPUStrategy(resolver)
    raise ValueError(registry.unknown("strategy", name, STRATEGIES))


def is_chief(strategy):
    """Tells whether this process is the one that writes files."""
    resolver = strategy.cluster_resolver
    if not cluster.has_workers(strategy) or not resolver.task_type:
        return True
    if resolver.task_type == "worker" and "chief" not in resolver.cluster_spec().as_dict():
        return resolver.task_id == 0
    return resolver.task_type == "chief"
