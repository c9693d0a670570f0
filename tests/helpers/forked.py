"""Clean processes for tests, at the price of a fork: all is imported, no operation has run."""

import multiprocessing

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        *("pytest", "sklearn.datasets", "tensorflow", "keras", "kerasbook.layers"),
        *("kerasbook.augmentation", "kerasbook.callbacks", "kerasbook.training.engine.loop"),
        "kerasbook.training.input.data",
    ]
)


def start(function, *arguments):
    """Starts `function(send, *arguments)` in a new process.

    Returns:
        The process, and the `multiprocessing.Connection` that hears what `send` is called with.
    """
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_main, args=(function, sender, arguments), daemon=True)
    process.start()
    sender.close()  # so that the receiver hears of the end of the process
    return process, receiver


def _main(function, sender, arguments):
    import tensorflow as tf

    # As little as a tiny model needs: what it costs to start is what such a test costs.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    function(sender.send, *arguments)
