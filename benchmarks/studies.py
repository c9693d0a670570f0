"""All studies as they are, over their seeds: results, claims, time, pictures.

python benchmarks/studies.py
"""

import pathlib
import shutil
import tempfile

from paired import RECORDS, write_record

from kerasbook import recipes, training

KEPT = ("recipe", "epochs", "seeds", "seconds", "processor_seconds", "scores", "claims")


def main():
    pictures = RECORDS / "studies"
    pictures.mkdir(exist_ok=True)
    rows = []
    for study in map(recipes.get_recipe, recipes.list_recipes()):
        if not isinstance(study, training.Study):
            continue
        with tempfile.TemporaryDirectory() as folder:
            record = training.run_study(study, run_dir=pathlib.Path(folder) / "run")
            drawn = pathlib.Path(record["run_dir"]) / "picture.png"
            shutil.copyfile(drawn, pictures / f"{study.name}.png")
        rows.append({key: record[key] for key in KEPT})
        print(rows[-1], flush=True)
    write_record("studies", rows)


if __name__ == "__main__":
    main()
