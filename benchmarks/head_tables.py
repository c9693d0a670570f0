"""The tables of heads, of mixtures of experts, and of the studies that use them."""

import statistics

from quoting import machine, read, table


def heads():
    record = read("heads")
    rows = [
        [
            row["name"],
            " x ".join(map(str, row["input_shape"])),
            f"{row['kerasbook_ms']:.2f} ms",
            f"{row['rival_ms']:.2f} ms",
            f"{row['times_faster']:.2f}",
            "{:.2f} to {:.2f}".format(*row["times_faster_quartiles"]),
        ]
        for row in record["rows"]
    ]
    header = ["loss step", "inputs", "kerasbook", "keras-mdn-layer", "ratio", "its quartiles"]
    note = (
        "The ratio is above 1 where ours is faster, a median over neighbouring runs; "
        f"{machine(record)}, keras-mdn-layer {record['environment']['keras-mdn-layer']}; "
        "`benchmarks/heads.py`."
    )
    return table(header, rows, note)


def experts():
    """Time and memory of mixtures of experts, in two tables."""
    record = read("experts")
    rows = [
        [
            row["name"],
            f"{row['milliseconds']:,.0f} ms",
            f"{row['rival_milliseconds']:,.0f} ms",
            f"{row['times_rival']:.2f}",
            f"{row['times_faster']:.2f}",
        ]
        for row in record["rows"]
    ]
    header = ["64 experts against", "time", "its time", "ours / its", "its / ours"]
    note = (
        f"{record['tokens']:,} tokens of {record['features']} features, {record['units']} hidden "
        f"units, `top_k={record['top_k']}`; medians of paired runs."
    )
    times = table(header, rows, note)
    rows = [
        [
            row["kind"],
            str(row["experts"]),
            f"{row['tokens']:,}",
            str(row["top_k"]),
            f"{row['rise_mib']:.0f} MiB",
            f"{row['gradients_mib']:.0f} MiB",
        ]
        for row in record["memory"]
    ]
    header = ["mixture", "experts", "tokens", "experts of a token", "rise", "weights' gradients"]
    memory = table(header, rows, f"{machine(record)}; `benchmarks/experts.py`.")
    return f"{times}\n\n{memory}"


def studies():
    record = read("studies")
    rows = []
    for row in record["rows"]:
        for model, measures in row["scores"].items():
            for measure, values in measures.items():
                cells = [f"`{row['recipe']}`", model, measure.replace("_", "-")]
                cells.append(f"{statistics.mean(values):.3f}")
                rows.append([*cells, f"{min(values):.3f} to {max(values):.3f}"])
    header = ["study", "model", "measure", "mean", "lowest to highest"]
    note = (
        "Over 5 seeds, on held-out examples; log-likelihoods are means in nats; "
        f"{machine(record)}; `benchmarks/studies.py`."
    )
    return table(header, rows, note)


def claims():
    record = read("studies")
    rows = [
        [
            f"`{row['recipe']}`",
            f"{claim['greater']} above {claim['lesser']}, {claim['measure'].replace('_', '-')}",
            f"{claim['by']:g}",
            f"{claim['smallest_difference']:.3f}",
            "yes" if claim["holds"] else "no",
        ]
        for row in record["rows"]
        for claim in row["claims"]
    ]
    header = ["study", "on every seed", "by at least", "least difference", "holds"]
    return table(header, rows, f"Of the same runs; {machine(record)}.")
