"""What all tables of results are made of: records, what they were measured on, Markdown."""

import json
import pathlib

HERE = pathlib.Path(__file__).parent


def read(name):
    return json.loads((HERE / "records" / f"{name}.json").read_text())


def machine(record):
    return f"{environment(record)}, {record['date']}"


def environment(record):
    found = record["environment"]
    return (
        f"{found['processor']}, {found['cores']} cores, TensorFlow {found['tensorflow']}, "
        f"Keras {found['keras']}"
    )


def table(header, rows, note):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\n{note}"
