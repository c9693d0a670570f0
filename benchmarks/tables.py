"""Writes what was measured where it is quoted: `python benchmarks/tables.py [--check]`.

Between `<!-- table: NAME -->` and `<!-- end -->` the READMEs hold tables made from the records; the
paragraph "Measured: ..." of a recipe's docstring is made from them too.
"""

import pathlib
import re
import statistics
import sys
import textwrap

from head_tables import claims, experts, heads, studies
from model_tables import models, normalization, operations, precision, speed
from policy_tables import candidate_cost, policy_search, policy_search_quick
from quoting import environment, machine, read, table

HERE = pathlib.Path(__file__).parent
READMES = (HERE.parent / "README.md", HERE / "README.md")
# The layers whose times the main README shows; benchmarks/README.md shows all of them.
HIGHLIGHTS = (
    "GroupedConv2D(64, 3, groups=32)",
    "ShuffledGroupConv2D(64, 3, groups=32)",
    "DepthwiseConv2D(3)",
    "LocallyConnected2D(16, 3)",
    "BatchNormalization()",
    "GroupNormalization(32)",
    "InstanceNormalization()",
)
RECIPES = HERE.parent / "kerasbook" / "recipes"


def layers(names=None):
    record = read("layers")
    rivals = ("Keras", "Keras composition", "torch")
    rows, shown = [], []
    for row in record["rows"]:
        if names is not None and row["name"] not in names:
            continue
        shown.append(row)
        cells = [
            f"`{row['name']}`" + (f", {row['date']}" if "date" in row else ""),
            ", ".join(" x ".join(map(str, s)) for s in row["input_shapes"]),
        ]
        cells.append(f"{row['kerasbook_ms']:.1f} ms")
        for rival in rivals:
            found = row["rivals"].get(rival)
            cells.append(f"{found['times_faster']:.2f}" if found else "")
        others = {k: v for k, v in row["rivals"].items() if k not in rivals}
        cells.append(", ".join(f"{k} {v['times_faster']:.2f}" for k, v in others.items()))
        rows.append(cells)
    header = ["train step", "input", "kerasbook", *rivals, "other"]
    note = (
        "Times of each rival over ours, above 1 where ours is faster; medians of paired runs on "
        f"{machine(record)}, {with_torch(record)}{later(shown)}; `benchmarks/layers.py`."
    )
    return table(header, rows, note)


def with_torch(record):
    version = record["environment"].get("torch")
    return f"torch {version}" if version else "without torch"


def later(rows):
    """Returns where the rows with a date of their own were measured, in words."""
    places = {f"{machine(row)}, {with_torch(row)}" for row in rows if "date" in row}
    return "".join(f"; rows with a date on {place}" for place in sorted(places))


def highlights():
    return layers(HIGHLIGHTS)


def memory():
    record = read("memory")
    rows = [
        [
            f"`{row['name']}`" if "(" in row["name"] else row["name"],
            f"{row['needed_mib']:.1f} MiB",
            f"{row['peak_mib']:.1f} MiB",
            f"{row['times_needed']:.2f}",
        ]
        for row in record["rows"]
    ]
    shape = " x ".join(map(str, record["rows"][0]["input_shape"]))
    header = [f"train step on {shape}", "needed", "peak", "peak / needed"]
    return table(header, rows, f"{machine(record)}; `benchmarks/memory.py`.")


def engine():
    record = read("engine")
    rows = []
    for row in record["rows"]:
        if "images" in row:
            cells = [row["name"], f"{row['kerasbook_ms'] / 1e3:.2f} s"]
            cells.append(f"{row['images'] / row['kerasbook_ms'] * 1e3:,.0f}")
            for rival in ("Keras fit", "torch"):
                found = row["rivals"][rival]
                rate = row["images"] / found["ms"] * 1e3
                cells.append(f"{rate:,.0f} ({found['times_faster']:.2f})")
            rows.append(cells)
    header = ["one epoch", "time", "kerasbook", "Keras `fit`", "PyTorch"]
    note = (
        "Images per second, and in brackets ours over the rival's, above 1 where ours is faster; "
        f"{overheads(record)}{machine(record)}, torch {record['environment']['torch']}; "
        "`benchmarks/engine.py`."
    )
    return table(header, rows, note)


def overheads(record):
    """Returns what the engine adds to a bare `tf.function`, in words."""
    texts = []
    for row in record["rows"]:
        for rival, percent in row.get("overhead_percent", {}).items():
            texts.append(f"{row['name']}: {percent:+.1f} % against a {rival}; ")
    return "".join(texts)


def start():
    record = read("start")
    rows = [
        [f"`{row['name']}`", f"{row['kerasbook_ms'] / 1e3:.1f} s", f"{row['rival_ms'] / 1e3:.1f} s"]
        for row in record["rows"]
    ]
    header = ["to the end of the first step", "time", "of it `import tensorflow`"]
    return table(header, rows, f"{machine(record)}; `benchmarks/start.py`.")


def accuracy():
    record = read("accuracy")
    rows = [
        [
            f"`{row['recipe']}`",
            str(row["epochs"]),
            f"{row['parameters']:,}",
            f"{row['median_test_accuracy']:.2%}",
            "{:.2%} to {:.2%}".format(*row["median_interval"]),
            " ".join(f"{a:.2%}" for a in row["test_accuracies"]),
            f"{row['median_train_seconds']:.1f} s",
            row["date"],
        ]
        for row in record["rows"]
    ]
    header = ["recipe", "epochs", "parameters", "median", "95 % interval", "seeds 0, 1, 2"]
    note = "Test accuracy; the interval is the bootstrap's of the median run, over its test images"
    note = f"{note}; {environment(record)}; `benchmarks/accuracy.py`."
    return table([*header, "training", "date"], rows, note)


def imports():
    record = read("imports")
    rows = [
        [f"`{row['name']}`", f"{row['kerasbook_ms'] / 1e3:.2f} s", f"{row['added_seconds']:+.2f} s"]
        for row in record["rows"]
    ]
    header = ["", "time", "against `import keras`"]
    return table(header, rows, f"{machine(record)}; `benchmarks/imports.py`.")


def augmentation():
    record = read("augmentation")
    rivals = {
        "keras": "Keras",
        "keras-cv": "KerasCV",
        "torchvision": "torchvision",
        "timm": "timm",
        "albumentations": "Albumentations",
    }
    rows = []
    for row in record["rows"]:
        cells = [row["name"], f"{row['image_size']} px"]
        cells.append(f"{row['kerasbook_images_per_second']:,.0f}")
        cells.append(f"{row['percent_of_limit']:.0f} %")
        for rival in rivals.values():  # torchvision's faster one of Pillow images and tensors
            found = [f for name, f in row["rivals"].items() if name.partition(",")[0] == rival]
            best = max(found, key=lambda f: f["images_per_second"], default=None)
            cells.append(
                f"{best['images_per_second']:,.0f} ({best['times_faster']:.2f})" if best else ""
            )
        rows.append(cells)
    versions = ", ".join(
        f"{rival} {record['environment'][package]}"
        for package, rival in rivals.items()
        if package != "keras" and package in record["environment"]
    )
    note = (
        "Images per second on all cores, and in brackets ours over the rival's, above 1 where ours "
        "is faster; the limit is two passes that read and write each image and do nothing else; "
        "medians of rounds in which all have a turn, on "
        f"{machine(record)}, {versions}; `benchmarks/augmentation.py`."
    )
    return table(["", "images", "kerasbook", "of the limit", *rivals.values()], rows, note)


def augmentation_effect():
    record = read("augmentation_effect")
    rows = []
    for row in record["rows"]:
        tested = [run["test_accuracy"] for run in row["runs"]]
        trained = [run["train_accuracy"] for run in row["runs"]]
        cells = [f"`{row['policy']}`", f"{row['mean_test_accuracy']:.2%}"]
        cells.append("" if row["deviation"] is None else f"{100 * row['deviation']:.2f}")
        cells.append(" ".join(f"{accuracy:.2%}" for accuracy in tested))
        cells.append(f"{sum(trained) / len(trained):.1%}")
        rows.append(cells)
    parameters = record["rows"][0]["runs"][0]["parameters"]
    header = ["policy", "mean", "deviation", "seeds 0, 1, ...", "in training"]
    note = (
        f"Test accuracy after {record['recipe']['epochs']} epochs, {parameters:,} parameters; its "
        "standard deviation over the seeds in points; the last epoch's accuracy on the training "
        f"images as augmented; {machine(record)}; `benchmarks/augmentation_effect.py`."
    )
    return table(header, rows, note)


def mixing():
    record = read("mixing")
    rows = [
        [
            f"`{row['name']}`",
            " x ".join(map(str, row["input_shape"])),
            f"{row['milliseconds']:.2f} ms",
            f"{row['step_milliseconds']:,.0f} ms",
            f"{row['percent_of_step']:.2f} %",
        ]
        for row in record["rows"]
    ]
    header = ["", "batch", "time", "train step of ResNet-18", "part of the step"]
    return table(header, rows, f"{machine(record)}; `benchmarks/mixing.py`.")


TABLES = {
    f.__name__: f
    for f in (
        layers,
        highlights,
        memory,
        experts,
        engine,
        start,
        accuracy,
        studies,
        claims,
        imports,
        augmentation,
        augmentation_effect,
        policy_search,
        policy_search_quick,
        candidate_cost,
        mixing,
        heads,
        models,
        speed,
        precision,
        operations,
        normalization,
    )
}


def fill(text):
    """Returns the README's text with every table made anew."""

    def replace(match):
        return f"{match[1]}\n{TABLES[match[2]]()}\n{match[3]}"

    return re.sub(r"(<!-- table: (\w+) -->)\n.*?(<!-- end -->)", replace, text, flags=re.DOTALL)


def measured(name):
    """Returns the paragraph of a recipe's docstring that says what was measured."""
    record = read("accuracy")
    rows = [row for row in record["rows"] if row["recipe"] == name]
    results = ", ".join(
        f"{row['median_test_accuracy']:.2%} after {row['epochs']} epoch{'s' * (row['epochs'] > 1)} "
        f"in {row['median_train_seconds']:.1f} s"
        for row in rows
    )
    seeds = len(rows[0]["test_accuracies"])
    counted = f"median of {seeds} seeds" if seeds > 1 else "one seed"
    place = f"{environment(record)}, {rows[0]['date']}"
    text = f"Measured: {results} (test accuracy, {counted}; {place})."
    return textwrap.fill(text, 96)


def measured_of_study(row, record):
    """Returns the same of a study, a row of its record."""
    results = "; ".join(
        f"{model}: {measure.replace('_', '-')} {statistics.mean(values):.3f}"
        for model, measures in row["scores"].items()
        for measure, values in measures.items()
    )
    seeds = len(row["seeds"])
    text = (
        f"Measured: {results} (means of {seeds} seeds, all in {row['processor_seconds']:.0f} s of "
        f"processor time; {machine(record)})."
    )
    return textwrap.fill(text, 96)


def quoted():
    """Yields each file that quotes records, with its text as it is and as it should be."""
    for path in READMES:
        text = path.read_text()
        yield path, text, fill(text)
    record = read("studies")
    texts = {row["recipe"]: measured_of_study(row, record) for row in record["rows"]}
    texts |= {name: measured(name) for name in {row["recipe"] for row in read("accuracy")["rows"]}}
    for name in sorted(texts):
        path = RECIPES / f"{name}.py"
        text = path.read_text()
        pattern = r'^Measured: .*?(?="""|\n\n)'
        new = re.sub(pattern, texts[name] + "\n", text, flags=re.DOTALL | re.MULTILINE)
        yield path, text, new


def main():
    for path, text, new in quoted():
        if "--check" in sys.argv and new != text:
            sys.exit(f"{path.name} is not what the records say")
        path.write_text(new)


if __name__ == "__main__":
    main()
