"""Whole runs: what they leave, on one device and two, and what they refuse."""

import json
import shutil

import pytest
from helpers.damage import damaged_digits

from kerasbook import augmentation, recipes, training
from kerasbook.callbacks import AugmentationSchedule
from kerasbook.callbacks.epoch_log import read_log
from kerasbook.training.files import RunFolder

FEW = {"max_examples": 64, "verbose": 0, "test": False}
RECIPE = recipes.get_recipe("digits_lenet5").replace(epochs=2, batch_size=16)
# What a run does whatever its model is shown with a model that is quick to trace.
DENSE = RECIPE.replace(model="mlp", model_arguments={"units": [8]})


@pytest.fixture(scope="module")
def short_run(tmp_path_factory):
    """The folder of a run of `DENSE`; tests must not change it."""
    folder = tmp_path_factory.mktemp("short") / "run"
    training.train(DENSE, run_dir=folder, **FEW)
    return folder


def test_a_run_leaves_everything(trained_run):
    folder, record = trained_run
    left = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert {
        "recipe.json",
        "record.json",
        "log.csv",
        "curves.png",
        "confusion_matrix.png",
        "mistakes.png",
        "checkpoints/best.keras",
        "checkpoints/last.keras",
        "saved_model/saved_model.pb",
    } <= left
    assert not [name for name in left if "partial" in name]
    written = json.loads((folder / "record.json").read_text())
    assert {**written, "run_dir": str(folder)} == record
    assert written["status"] == "complete"
    assert written["test_accuracy"] > 0.5
    assert written["test_loss"] > 0
    assert written["examples"] == {"train": 1259, "validation": 181, "test": 357}
    assert written["export_difference"] < 1e-5
    assert json.loads((folder / "recipe.json").read_text())["epochs"] == 3


def losses(folder):
    """Returns the validation losses of a run."""
    return [row["val_loss"] for row in read_log(folder / "log.csv")]


def test_one_seed_one_result_and_another(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        training.train(RECIPE.replace(seed=seed), run_dir=tmp_path / name, **FEW)
    first, again, other = (losses(tmp_path / name) for name in "abc")
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    "precision",
    [
        pytest.param("float32", marks=pytest.mark.slow("a run more; test_step.py has float32")),
        pytest.param("mixed_bfloat16", marks=pytest.mark.slow("a run more; as mixed_float16")),
        "mixed_float16",
    ],
)
def test_two_replicas_and_every_precision(precision, tmp_path):
    recipe = DENSE.replace(precision=precision, clip_norm=1.0, weight_decay=0.01)
    few = {**FEW, "max_examples": 50}
    record = training.train(recipe, run_dir=tmp_path / "run", strategy="mirrored", **few)
    assert record["replicas"] == 3
    assert record["steps"] == 8
    assert all(0 < loss < 10 for loss in losses(tmp_path / "run"))


def test_resume_goes_on_and_takes_more_epochs_but_nothing_else(short_run, tmp_path):
    shutil.copytree(short_run, tmp_path / "run")
    record = training.train(DENSE.replace(epochs=3), run_dir=tmp_path / "run", resume=True, **FEW)
    assert record["epochs"] == 3
    assert len((tmp_path / "run" / "log.csv").read_text().splitlines()) == 4
    assert training.recipe_of(tmp_path / "run").epochs == 3
    changed = DENSE.replace(seed=9, batch_size=8)
    with pytest.raises(
        ValueError, match="its own recipe.*batch_size: 16 became 8, seed: 0 became 9"
    ):
        training.train(changed, run_dir=tmp_path / "run", resume=True, **FEW)


def test_what_cannot_run_is_refused_before_a_folder_appears(tmp_path):
    path = tmp_path / "run"
    for fields, message in (
        ({"model": "lenet"}, "Nearest: lenet5"),
        ({"dataset": "digit"}, "Nearest: digits"),
        ({"augmentation": "shft"}, "Nearest: shift"),
        ({"test_split": "tset"}, "`split` must be one of"),
        ({"image_size": (4, 4)}, "`input_shape` must be at least"),
        ({"model_arguments": {"size": 3}}, "unexpected keyword argument 'size'"),
        ({"accumulation_steps": 1000}, "`accumulation_steps` must leave each of the 1 replicas"),
        ({"optimizer_arguments": {"speed": 3}}, "`optimizer_arguments` must suit"),
    ):
        with pytest.raises(ValueError, match=message):
            training.train(RECIPE.replace(**fields), run_dir=path, verbose=0)
    with pytest.raises(ValueError, match="`batch_size` must be at least the number of replicas, 3"):
        training.train(RECIPE.replace(batch_size=1), run_dir=path, strategy="mirrored", verbose=0)
    assert not path.exists()


def test_runs_are_not_overwritten_and_only_runs_are_resumed(trained_run, tmp_path):
    folder, _ = trained_run
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    with pytest.raises(FileExistsError, match="`run_dir` must be new"):
        training.train(RECIPE, run_dir=folder, verbose=0)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before
    with pytest.raises(FileNotFoundError, match="must be a run folder"):
        training.train(RECIPE, run_dir=tmp_path, resume=True)
    with pytest.raises(ValueError, match="`run_dir` must name the run"):
        training.train(RECIPE, resume=True)
    empty = RunFolder.create(tmp_path / "new")
    empty.recipe.write_text(json.dumps(RECIPE.to_json()))
    empty.record.write_text("{}")
    empty.log.write_text("epoch,seconds\n1,2\n")
    with pytest.raises(FileNotFoundError, match="must hold a checkpoint"):
        training.train(RECIPE, run_dir=empty.path, resume=True)


def test_a_run_killed_before_its_first_checkpoint_begins_anew(short_run, tmp_path):
    (tmp_path / "a" / "checkpoints").mkdir(parents=True)  # killed before anything was written
    training.train(DENSE, run_dir=tmp_path / "a", **FEW)
    killed = RunFolder.create(tmp_path / "b")
    for file in (killed.recipe, killed.record):
        shutil.copy(short_run / file.name, file)
    training.train(DENSE, run_dir=killed.path, resume=True, **FEW)
    assert losses(killed.path) == losses(tmp_path / "a") == losses(short_run)


def test_a_fresh_name_is_found_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = [training.train(DENSE.replace(epochs=1), **FEW) for _ in range(2)]
    assert len({record["run_dir"] for record in records}) == 2
    assert all(record["run_dir"].startswith("runs/digits_lenet5-") for record in records)


def test_a_resume_that_fails_leaves_the_run_as_it_was(trained_run, tmp_path):
    run = shutil.copytree(trained_run[0], tmp_path / "run")
    recipe = training.recipe_of(run).replace(epochs=5)
    with pytest.raises(ValueError, match="`max_examples` must be the run's own, None"):
        training.train(recipe, run_dir=run, resume=True, max_examples=7, verbose=0)
    with pytest.raises(ValueError, match="`epochs` must be at least those done, 3"):
        training.train(recipe.replace(epochs=2), run_dir=run, resume=True, verbose=0)
    for name in ("last.keras", "previous.keras"):
        file = run / "checkpoints" / name
        file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ValueError, match="last.keras cannot be resumed from"):
        training.train(recipe, run_dir=run, resume=True, verbose=0)
    (run / "log.csv").write_text("garbage\n1\n")
    with pytest.raises(ValueError, match="log.csv is not the log of a run"):
        training.train(recipe, run_dir=run, resume=True, verbose=0)
    for name in ("recipe.json", "record.json"):
        assert (run / name).read_text() == (trained_run[0] / name).read_text()
    (run / "recipe.json").write_text('{"name": "x"}')
    with pytest.raises(ValueError, match="recipe.json is not a recipe"):
        training.evaluate(run)


def test_a_limited_run_resumes_and_evaluates_with_its_own_limit(tmp_path):
    run = tmp_path / "run"
    training.train(DENSE, run_dir=run, max_examples=12, verbose=0)
    record = training.train(DENSE.replace(epochs=3), run_dir=run, resume=True, verbose=0)
    assert record["examples"] == {"train": 12, "validation": 12, "test": 12}
    assert training.evaluate(run)["accuracy"] == record["test_accuracy"]


def test_a_failed_run_says_so_in_its_record(tmp_path):
    recipe = DENSE.replace(learning_rate=1e38, schedule="constant", epochs=1)
    with pytest.raises(FloatingPointError, match="not finite"):
        training.train(recipe, run_dir=tmp_path / "run", max_examples=16, verbose=0)
    assert json.loads((tmp_path / "run" / "record.json").read_text())["status"] == "stopped"
    left = {file.name for file in (tmp_path / "run").rglob("*") if file.is_file()}
    assert left == {*("record.json", "recipe.json", "log.csv", "events.jsonl", "last.keras")}


def test_examples_that_cannot_be_read_are_counted_in_the_record(tmp_path):
    folder = damaged_digits(tmp_path / "1.0.0", "train", images=[3, 5])
    recipe = DENSE.replace(dataset=str(folder), epochs=1)
    few = {**FEW, "max_examples": 40, "run_dir": tmp_path / "run"}
    with pytest.raises(ValueError, match=r"2 bad of 40 examples, .* allows 1: example 3 \("):
        training.train(recipe, max_bad="3%", **few)
    assert not (tmp_path / "run").exists()
    with pytest.warns(UserWarning, match="2 examples that cannot be read and are left out"):
        record = training.train(recipe, max_bad="5%", **few)
    assert record["bad_examples"] == {"train": 2, "validation": 0}
    assert record["examples"]["train"] == 38
    with pytest.warns(UserWarning, match="2 examples"):
        training.train(recipe.replace(epochs=2), resume=True, **few)
    shutil.rmtree(folder)
    damaged_digits(folder, "train", images=[3, 5, 7])
    with pytest.raises(ValueError, match="`dataset` must be what the run read before.*tfrecord"):
        training.train(recipe.replace(epochs=3), run_dir=tmp_path / "run", resume=True)


def test_a_model_that_returns_logits_learns(tmp_path):
    arguments = {**RECIPE.model_arguments, "classifier_activation": None}
    recipe = RECIPE.replace(model_arguments=arguments, epochs=3)
    record = training.train(recipe, run_dir=tmp_path / "run", verbose=0)
    assert record["test_accuracy"] > 0.8


def test_a_policy_by_its_file_outlives_the_file(tmp_path):
    """A run resumes without the file, to what a run in one go has."""
    file = tmp_path / "policy.json"
    policy = augmentation.Sequence(
        [
            augmentation.RandomOperation("rotate", magnitude=(-20, 20)),
            augmentation.RandomOperation("translate_x", level=(0, 5), rate=0.5),
        ]
    )
    augmentation.to_json(policy, file)
    recipe = DENSE.replace(augmentation=str(file), schedule="constant", learning_rate=1e-3)
    training.train(recipe, run_dir=tmp_path / "whole", **FEW)
    training.train(recipe.replace(epochs=1), run_dir=tmp_path / "parts", **FEW)
    file.unlink()
    recipe = training.recipe_of(tmp_path / "parts")
    training.train(recipe.replace(epochs=2), run_dir=tmp_path / "parts", resume=True, **FEW)
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")
    assert training.recipe_of(tmp_path / "parts").augmentation == augmentation.to_json(policy)


def test_callbacks_reach_the_augmentation_of_the_recipe(tmp_path):
    """Strength 0 trains as no augmentation does; a schedule changes what later epochs see."""
    described = {
        "version": 1,
        "type": "RandomOperation",
        "arguments": {"operation": "rotate", "level": 10},
    }
    schedule = AugmentationSchedule(schedule="curriculum", stages=[(1, 1.0)])
    found = []
    for policy, callbacks in (("none", []), (described, [schedule])):
        folder = tmp_path / str(len(found))
        recipe = DENSE.replace(augmentation=policy)
        training.train(recipe, run_dir=folder, callbacks=callbacks, **FEW)
        found.append([row["loss"] for row in read_log(folder / "log.csv")])
    assert found[0][0] == found[1][0]
    assert found[0][1] != found[1][1]
