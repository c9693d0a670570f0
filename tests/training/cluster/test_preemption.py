"""Notice of a machine's end stops a run, through TensorFlow's own handler."""

import signal
import time

import pytest
import tensorflow as tf

from kerasbook.training.cluster import preemption
from kerasbook.training.cluster.preemption import preemption_watched
from kerasbook.training.engine.signals import StopRequest


def test_notice_stops_as_sigterm_does():
    stop, before = StopRequest(), signal.getsignal(signal.SIGTERM)
    noticed = []
    with preemption_watched(tf.distribute.get_strategy(), stop, lambda: bool(noticed)) as look:
        look()
        assert not stop
        noticed.append(True)
        end = time.monotonic() + 30  # TensorFlow asks once a second
        while not stop and time.monotonic() < end:
            look()
            time.sleep(0.05)
    assert stop.signal == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("product", "gpus", "applies"),
    [
        ("Google Compute Engine\n", ["GPU"], True),
        ("Google Compute Engine\n", [], False),
        ("Standard PC\n", ["GPU"], False),
        (None, ["GPU"], False),
    ],
)
def test_where_tensorflow_knows_by_itself(product, gpus, applies, tmp_path, monkeypatch):
    if product:
        (tmp_path / "product").write_text(product)
    monkeypatch.setattr(preemption, "_PRODUCT", tmp_path / "product")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: gpus)
    made = []

    class Handler:
        def __init__(self, resolver, checkpoint, folder, config):
            made.append(config)

        def save_checkpoint_if_preempted(self):
            made[0].save_fn()

    monkeypatch.setattr(tf.distribute.experimental, "PreemptionCheckpointHandler", Handler)
    stop = StopRequest()
    with preemption_watched(tf.distribute.get_strategy(), stop) as look:
        look()
    assert bool(stop) is applies
    if applies:
        assert made[0].termination_watcher_fn is None  # TensorFlow's own
        assert made[0].grace_period == 0
