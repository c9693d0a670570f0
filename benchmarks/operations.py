"""Where the time of a train step goes: TensorFlow's profile of a model, by kind of operation.

python benchmarks/operations.py [--steps N] NAME ...
"""

import argparse
import collections
import pathlib
import tempfile

import numpy as np
import tensorflow as tf
from models import BATCH, CLASSES, SIZE, keras_steps
from paired import write_record
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from kerasbook.applications import create_model


def profile(step, steps):
    """Returns the milliseconds of a step by kind of operation, summed over threads."""
    for _ in range(2):
        step()
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        for _ in range(steps):
            step()
        tf.profiler.experimental.stop()
        (file,) = pathlib.Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace()
        space.ParseFromString(file.read_bytes())
    seconds = collections.Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                _, colon, kind = name.rpartition(":")
                if colon and "::" not in name and not kind.strip().startswith("__inference"):
                    kind = kind.removeprefix("_MklNative").removeprefix("_Mkl")  # oneDNN's
                    seconds[kind] += event.duration_ps / 1e9 / steps
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--steps", type=int, default=5)
    arguments = parser.parse_args()
    generator = np.random.default_rng(0)
    images = generator.normal(size=(BATCH, SIZE, SIZE, 3)).astype("float32")
    labels = generator.integers(0, CLASSES, BATCH)
    rows = []
    for name in arguments.names:
        shape = (SIZE, SIZE, 3)
        model = create_model(name, input_shape=shape, classes=CLASSES, classifier_activation=None)
        found = profile(keras_steps(model, images, labels)["train"], arguments.steps)
        total = sum(found.values())
        top = [(kind, round(ms, 2), round(ms / total, 3)) for kind, ms in found.most_common(8)]
        rows.append({"model": name, "total_ms": round(total, 2), "operations": top})
        print(name, *(f"{kind} {share:.0%}" for kind, _, share in top), sep="  ", flush=True)
    write_record("operations", rows)


if __name__ == "__main__":
    main()
