"""Computes what `model_info` knows of the library's models and writes it into the package.

    python tools/write_measures.py

Models are built without memory for their weights; run it again after any change of a model.
"""

import json

from kerasbook import registry
from kerasbook.applications import information


def main():
    names = [
        name
        for name in registry.names("model")
        if registry.get("model", name).__module__.startswith("kerasbook.")
    ]
    rows = [f"{json.dumps(name)}: {json.dumps(information.measure(name))}" for name in names]
    information.MEASURES.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    print(f"{len(names)} models")


if __name__ == "__main__":
    main()
