"""A train step of a sparse mixture of experts: over the experts, and against a dense mixture.

python benchmarks/experts.py

Each step is the forward pass with its losses and the gradients of inputs and weights. The dense
mixture's experts are of the same size, and each of them sees every token. Memory is measured as in
`memory.py`, each case in a process of its own: by how much the process' memory rises while steps
run, above inputs and weights, which are held throughout.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
from memory import ENVIRONMENT, status
from paired import against, in_turn, milliseconds, write_record

FEATURES, UNITS = 256, 512
TOKENS, TOP_K = 8192, 2
PAIRS, DENSE_PAIRS = 61, 7
RUNS = 3
# Kind, experts, tokens and choices of each: one of them is changed at a time.
MEMORY = [
    ("sparse", 8, 8192, 2),
    ("sparse", 64, 8192, 2),
    ("sparse", 64, 4096, 2),
    ("sparse", 64, 16384, 2),
    ("sparse", 64, 8192, 1),
    ("sparse", 64, 8192, 4),
    ("dense", 8, 8192, 8),
    ("dense", 16, 8192, 16),
]


def mixture(kind, num_experts, top_k):
    """Returns a sparse or a dense mixture of experts of the same size."""
    import keras

    from kerasbook.layers import MixtureOfExperts, SparseMixtureOfExperts

    if kind == "sparse":
        return SparseMixtureOfExperts(num_experts, UNITS, top_k=top_k)
    dense = keras.layers.Dense
    experts = [
        keras.Sequential([dense(UNITS, "relu"), dense(FEATURES)]) for _ in range(num_experts)
    ]
    return MixtureOfExperts(experts, dense(num_experts))


def train_step(layer, num_tokens):
    """Returns a compiled train step of a layer on so many tokens."""
    import tensorflow as tf

    generator = np.random.default_rng(0)
    inputs, upstream = (
        tf.constant(generator.normal(size=(num_tokens, FEATURES)).astype("float32"))
        for _ in range(2)
    )
    layer.build(inputs.shape)
    weights = [weight.value for weight in layer.trainable_weights]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
            loss = tf.reduce_sum(outputs * upstream) + sum(layer.losses)
        gradients = tape.gradient(loss, [inputs, *weights])
        return outputs, [tf.convert_to_tensor(gradient) for gradient in gradients]

    return step


def measure(kind, num_experts, num_tokens, top_k):
    """Prints by how many bytes the memory rises during steps, and the weights' gradients."""
    layer = mixture(kind, num_experts, top_k)
    step = train_step(layer, num_tokens)
    step.get_concrete_function()  # what tracing takes is not the step's
    step()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = status("VmRSS")
    for _ in range(3):
        step()
    print(json.dumps({"rise": status("VmHWM") - before, "gradients": 4 * layer.count_params()}))


def memory_row(kind, num_experts, num_tokens, top_k):
    command = [sys.executable, __file__, kind, *map(str, (num_experts, num_tokens, top_k))]
    found = []
    for _ in range(RUNS):
        result = subprocess.run(
            command, check=True, capture_output=True, text=True, env=ENVIRONMENT
        )
        found.append(json.loads(result.stdout.splitlines()[-1]))
    rise = sorted(each["rise"] for each in found)[RUNS // 2]
    row = {
        "kind": kind,
        "experts": num_experts,
        "tokens": num_tokens,
        "top_k": top_k,
        "rise_mib": round(rise / 2**20, 1),
        "gradients_mib": round(found[0]["gradients"] / 2**20, 1),
        "runs": RUNS,
    }
    print(row, flush=True)
    return row


def time_row(name, rivals, pairs):
    """Times a sparse mixture of 64 experts beside another mixture."""
    seconds = in_turn(
        {key: train_step(mixture(*key), TOKENS) for key in rivals},
        pairs,
    )
    sparse, rival = rivals
    found = against({"kerasbook": seconds[sparse], "rival": seconds[rival]}, "rival")
    ratios = seconds[sparse] / seconds[rival]
    row = {
        "name": name,
        "milliseconds": milliseconds(seconds[sparse]),
        "rival_milliseconds": found["ms"],
        "times_rival": round(float(np.median(ratios)), 3),
        "times_faster": found["times_faster"],
        "times_faster_quartiles": found["times_faster_quartiles"],
        "pairs": pairs,
    }
    print(row, flush=True)
    return row


def main():
    sparse = ("sparse", 64, TOP_K)
    rows = [
        time_row("sparse mixture of 8 experts", (sparse, ("sparse", 8, TOP_K)), PAIRS),
        time_row("dense mixture of 64 experts", (sparse, ("dense", 64, 64)), DENSE_PAIRS),
    ]
    memory = [memory_row(*case) for case in MEMORY]
    facts = {"tokens": TOKENS, "features": FEATURES, "units": UNITS, "top_k": TOP_K}
    write_record("experts", rows, (), **facts, memory=memory)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        measure(sys.argv[1], *map(int, sys.argv[2:]))
