"""What the tests of bundled studies share: short runs, and the record of the whole ones."""

import json
import pathlib

from PIL import Image

from kerasbook import recipes, training

RECORDS = pathlib.Path(__file__).parents[2] / "benchmarks" / "records"


def short_run(name, run_dir, epochs=3, seeds=(0,)):
    """Runs a study briefly, checks what it left, and returns the record."""
    study = recipes.get_recipe(name).replace(epochs=epochs, seeds=seeds)
    record = training.run_study(study, run_dir=run_dir)
    assert (record["recipe"], record["status"]) == (name, "complete")
    assert [len(v) for m in record["scores"].values() for v in m.values()] == [len(seeds)] * sum(
        map(len, record["scores"].values())
    )
    with Image.open(run_dir / "picture.png") as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 300
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 50
    return record


def recorded(name):
    """Returns the row of a whole study, all seeds, in the benchmarks' records."""
    rows = json.loads((RECORDS / "studies.json").read_text())["rows"]
    (row,) = [row for row in rows if row["recipe"] == name]
    study = recipes.get_recipe(name)
    assert row["epochs"] == study.epochs
    assert row["seeds"] == list(study.seeds)
    assert [(c["greater"], c["lesser"], c["by"], c["measure"]) for c in row["claims"]] == [
        (c.greater, c.lesser, c.by, c.measure) for c in study.claims
    ]
    return row
