"""TensorFlow's preemption handler, as one more way to ask a run to stop.

Most clusters send SIGTERM before they take a machine away, which stops a run by itself. Where
notice comes in another way, TensorFlow's `PreemptionCheckpointHandler` looks for it once a second,
tells all workers, and lets them agree on a step. It knows by itself how Google Cloud announces
maintenance to machines with GPUs (to others, TensorFlow 2.21 says, it does not apply); elsewhere
it needs a function that knows. Its checkpoint is ours, and so is the way out.
"""

import contextlib
import pathlib
import signal
import tempfile

import tensorflow as tf

_PRODUCT = pathlib.Path("/sys/class/dmi/id/product_name")


@contextlib.contextmanager
def preemption_watched(strategy, stop, noticed=None):
    """Yields a function for every worker to call after each step; it fills `stop` in time.

    Args:
        strategy: The tf.distribute strategy.
        stop: The `StopRequest`, filled as by SIGTERM, on all workers after the same step.
        noticed: Function without arguments that tells whether this machine will be taken away
            soon; it must not block. `None` asks TensorFlow on Google Cloud machines with GPUs,
            and nobody elsewhere.
    """
    if noticed is None and not _on_google_cloud_with_gpus():
        yield lambda: None
        return

    def fill():
        stop.signal = signal.SIGTERM

    config = tf.distribute.experimental.TerminationConfig(
        termination_watcher_fn=noticed,
        save_fn=fill,
        exit_fn=lambda: None,
        grace_period=0,
    )
    with tempfile.TemporaryDirectory() as unused:
        handler = tf.distribute.experimental.PreemptionCheckpointHandler(
            strategy.cluster_resolver, tf.train.Checkpoint(), unused, config
        )
        yield handler.save_checkpoint_if_preempted


def _on_google_cloud_with_gpus():
    # TensorFlow would ask over the network, which elsewhere may take long to say no.
    with contextlib.suppress(OSError):
        if _PRODUCT.read_text().strip().startswith("Google"):
            return bool(tf.config.list_physical_devices("GPU"))
    return False
