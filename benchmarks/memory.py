"""The memory of a train step of a locally connected layer: the peak against what it needs.

python benchmarks/memory.py

Each layer runs in a process of its own. "Needed" are the inputs, weights and outputs and the
gradients of each. Inputs, weights and the gradient of the outputs are held throughout; what the
process' memory rises by while steps run comes on top. For this TensorFlow runs without oneDNN,
whose allocator never gives back what it once had, and the C library gives large blocks back at
once, so that nothing freed before hides a rise.
"""

import json
import os
import pathlib
import subprocess
import sys

RUNS = 5
ENVIRONMENT = {
    **os.environ,
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
}
SHAPE, SMALL = (32, 32, 32, 16), (2, 8, 8, 16)


def layers():
    """Returns the layers that are measured, by name."""
    import keras

    from kerasbook.layers import LocallyConnected2D

    sys.path.insert(0, str(pathlib.Path(__file__).parent / "layer_cases"))
    from local import Patches

    return {
        "LocallyConnected2D(16, 3)": lambda: LocallyConnected2D(16, 3),
        "Keras composition": lambda: Patches(16, 3),
        "Conv2D(16, 3)": lambda: keras.layers.Conv2D(16, 3),
    }


def status(field):
    """Returns a field of the process' status in bytes."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(field)


def measure(name):
    """Prints the bytes needed and those that were in use at the peak, as JSON."""
    import numpy as np
    from layer_step import keras_step

    make = layers()[name]
    keras_step(make(), [np.ones(SMALL, "float32")])()
    layer = make()
    step = keras_step(layer, [np.ones(SHAPE, "float32")])
    step.get_concrete_function()  # what tracing takes is not the step's
    outputs = int(np.prod(layer(np.ones(SHAPE, "float32")).shape))
    weights = sum(int(np.prod(weight.shape)) for weight in layer.weights)
    held = 4 * (int(np.prod(SHAPE)) + outputs + weights)  # and as much for their gradients
    step()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = status("VmRSS")
    for _ in range(3):
        step()
    print(json.dumps({"needed": 2 * held, "peak": held + status("VmHWM") - before}))


def main():
    from paired import write_record

    rows = []
    for name in layers():
        found = []
        for _ in range(RUNS):
            command = [sys.executable, __file__, name]
            output = subprocess.run(
                command, check=True, capture_output=True, text=True, env=ENVIRONMENT
            ).stdout
            found.append(json.loads(output.splitlines()[-1]))
        peaks = sorted(each["peak"] for each in found)
        needed = found[0]["needed"]
        row = {
            "name": name,
            "input_shape": list(SHAPE),
            "needed_mib": round(needed / 2**20, 2),
            "peak_mib": round(peaks[RUNS // 2] / 2**20, 2),
            "times_needed": round(peaks[RUNS // 2] / needed, 2),
            "runs": RUNS,
        }
        print(row, flush=True)
        rows.append(row)
    write_record("memory", rows)


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else measure(sys.argv[1])
