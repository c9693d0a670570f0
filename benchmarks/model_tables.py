"""The tables of whole models: sizes, speed, precision, what their time goes to."""

from quoting import machine, read, table


def models():
    """All sizes of all families, from what the package knows of them."""
    from kerasbook.applications import list_models, model_info

    libraries = {"keras": "Keras", "timm": "timm", "torchvision": "torchvision"}
    rows = []
    for info in map(model_info, list_models()):
        numbers = (info.trainable_parameters, info.parameters - info.trainable_parameters)
        costs = (info.multiply_adds / 1e6, info.activation_memory / 2**20)
        peers = ", ".join(f"{libraries[key]} `{name}`" for key, name in info.peers.items())
        rows.append(
            [
                f"`{info.name}`",
                *(f"{number:,}" for number in numbers),
                *(f"{cost:,.1f}" for cost in costs),
                " x ".join(map(str, info.input_shape)),
                peers or "the paper",
            ]
        )
    header = ["name", "weights", "statistics", "multiply-adds, M", "activations, MiB", "image"]
    note = (
        "Computed of the models by `tools/write_measures.py`; the weights are those of the "
        "networks in the last column, exactly, or follow from the paper's tables, as "
        "`tests/applications/test_parameter_counts.py` shows, which names each source."
    )
    return table([*header, "counted against"], rows, note)


def speed():
    """Train step and inference of whole models beside their rivals."""
    record = read("models")
    rows = {}
    for row in record["rows"]:
        cells = rows.setdefault(row["model"], {})
        cells[row["step"]] = row
    rivals = ("keras.applications", "torch", "Keras layers", "bfloat16")
    lines = []
    for name, steps in rows.items():
        line = [f"`{name}`"]
        for step in ("train", "inference"):
            line.append(f"{steps[step]['kerasbook_ms']:.0f} ms")
            for rival in rivals:
                found = steps[step]["rivals"].get(rival)
                # Our time over the rival's, below 1 where we are faster.
                line.append(f"{1 / found['times_faster']:.2f}" if found else "")
        lines.append(line)
    header = ["", "train step", "/ Keras", "/ torch", "/ its layers", "/ bfloat16"]
    header += ["inference", "/ Keras", "/ torch", "/ its layers", "/ bfloat16"]
    note = (
        "Time of ours over that of `keras.applications`, of timm or torchvision (channels last), "
        "of the same network made of Keras' layers, and of ours in `mixed_bfloat16` (above 1: "
        f"that one helps); {record['size']} x {record['size']} pixels, {record['batch']} images; "
        f"{machine(record)}; `benchmarks/models.py`."
    )
    return table(header, lines, note)


def precision():
    """What `mixed_bfloat16` does to the speed of each network, and so what to choose."""
    record = read("models")
    rows = {}
    for row in record["rows"]:
        faster = 1 / row["rivals"]["bfloat16"]["times_faster"]
        rows.setdefault(row["model"], {})[row["step"]] = faster
    lines = []
    for name, steps in sorted(rows.items(), key=lambda item: -item[1]["train"]):
        lines.append([f"`{name}`"])
        for step in ("train", "inference"):
            advice = "float32" if steps[step] < 0.95 else "either"
            advice = "mixed_bfloat16" if steps[step] > 1.05 else advice
            lines[-1] += [f"{steps[step]:.2f}", advice]
    header = ["", "train step", "choose", "inference", "choose"]
    note = (
        "Time in float32 over that in `mixed_bfloat16`; "
        f"{record['size']} x {record['size']} pixels, {record['batch']} images; "
        f"{machine(record)}, a processor with instructions for bfloat16; `benchmarks/models.py`."
    )
    return table(header, lines, note)


def operations():
    """Where the train steps of some networks spend their time."""
    record = read("operations")
    lines = [
        [f"`{row['model']}`", *(f"{kind} {share:.0%}" for kind, _, share in row["operations"][:6])]
        for row in record["rows"]
    ]
    note = (
        "Parts of a train step by kind of TensorFlow's operations, summed over threads; "
        f"{machine(record)}; `benchmarks/operations.py`."
    )
    return table(["", "first", "second", "third", "fourth", "fifth", "sixth"], lines, note)


def normalization():
    """Test errors with batch and with group normalization, over the size of the batch."""
    record = read("normalization")
    found = {(row["batch_size"], row["normalization"]): row for row in record["rows"]}
    lines = []
    for batch in sorted({batch for batch, _ in found}):
        lines.append([str(batch)])
        for norm in ("batch", "group"):
            row = found[batch, norm]
            runs = " ".join(f"{error:.1%}" for error in row["test_errors"])
            lines[-1] += [f"{row['mean_test_error']:.1%}", runs]
    header = ["images in a batch", "batch normalization", "runs", "group normalization", "runs"]
    recipe = record["recipe"]
    note = (
        f"Test errors of `{recipe['model']}` after {recipe['epochs']} epochs of "
        f"CIFAR-10's `{recipe['train_split']}`; {machine(record)}; `benchmarks/normalization.py`."
    )
    return table(header, lines, note)
