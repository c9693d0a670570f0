"""The README: its tables are those of the records, its lists those of the library."""

import ast
import importlib.util
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

from kerasbook import applications, augmentation, evaluation, losses, metrics
from kerasbook.applications import list_models
from kerasbook.recipes import get_recipe, list_recipes
from kerasbook.training import Study

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_tables_are_made_from_the_records():
    command = [sys.executable, ROOT / "benchmarks" / "tables.py", "--check"]
    subprocess.run(command, check=True, timeout=300)
    pages = [README, (ROOT / "benchmarks" / "README.md").read_text()]
    assert [page.count("<!-- table: ") for page in pages] == [9, 13]


@pytest.fixture
def tables(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    path = ROOT / "benchmarks" / "tables.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ENVIRONMENT = {"processor": "Z80", "cores": 1, "tensorflow": "2", "keras": "3", "timm": "1.5"}


def test_augmentation_table_has_the_faster_of_the_two_ways_of_a_rival(tables, monkeypatch):
    rivals = {
        "torchvision, Pillow": {"images_per_second": 500.4, "times_faster": 2.345},
        "torchvision, tensors": {"images_per_second": 400.0, "times_faster": 3.0},
        "timm": {"images_per_second": 2469.0, "times_faster": 0.5},
    }
    row = {"name": "RandAugment", "image_size": 32, "kerasbook_images_per_second": 1234.5}
    row["percent_of_limit"] = 6.4
    record = {"date": "2026-01-02", "environment": ENVIRONMENT}
    record["rows"] = [{**row, "rivals": rivals}]
    monkeypatch.setattr(tables, "read", {"augmentation": record}.get)
    header, _, line, _, note = tables.augmentation().splitlines()
    assert header == (
        "|  | images | kerasbook | of the limit | Keras | KerasCV | torchvision | timm "
        "| Albumentations |"
    )
    assert line == "| RandAugment | 32 px | 1,234 | 6 % |  |  | 500 (2.35) | 2,469 (0.50) |  |"
    assert "on Z80, 1 cores, TensorFlow 2, Keras 3, 2026-01-02, timm 1.5; " in note


def test_experts_tables_have_ratios_both_ways_and_memory(tables, monkeypatch):
    row = {"name": "a dense one", "milliseconds": 123.4, "rival_milliseconds": 1234.5}
    memory = {"kind": "sparse", "experts": 64, "tokens": 8192, "top_k": 2, "rise_mib": 214.5}
    record = {"date": "2026-01-02", "environment": ENVIRONMENT, "tokens": 8192, "features": 4}
    record |= {"units": 5, "top_k": 2, "memory": [{**memory, "gradients_mib": 64.3}]}
    record["rows"] = [{**row, "times_rival": 0.101, "times_faster": 9.94}]
    monkeypatch.setattr("head_tables.read", {"experts": record}.get)
    lines = tables.experts().splitlines()
    assert "| a dense one | 123 ms | 1,234 ms | 0.10 | 9.94 |" in lines
    assert "| sparse | 64 | 8,192 | 2 | 214 MiB | 64 MiB |" in lines


def test_policy_search_tables_have_the_final_trainings_and_the_searches(tables, monkeypatch):
    runs = [{"test_accuracy": 0.5, "parameters": 1234}, {"test_accuracy": 0.6}]
    row = {"policy": "random", "mean_test_accuracy": 0.55, "deviation": 0.0707, "runs": runs}
    recipe = {"epochs": 40, "train_split": "train[:4]"}
    case = {"recipe": recipe, "base": "shift", "searched": ["train[:3]", "train[3:4]"], "epochs": 3}
    rewards = [[12.4, "", 0.25], [20.0, "", 0.5], [27.6, "", 0.375]]
    found = {"trials": 3, "seconds": 28.4, "best_reward": 0.5, "rewards": rewards}
    record = {"date": "2026-01-02", "environment": ENVIRONMENT, "jobs": 2, "rows": [row]}
    record |= {"case": case, "searches": {"random": found}}
    monkeypatch.setattr("policy_tables.read", {"policy_search_cifar10": record}.get)
    lines = tables.policy_search().splitlines()
    assert "| random | 55.00% | 7.07 | 50.00% 60.00% |" in lines
    assert "| random | 3 | 28 s | 12 s | 0.5000 | 20 s |" in lines
    assert any("after 40 epochs on `train[:4]`, 1,234 parameters" in line for line in lines)
    cost = {"name": "assigned", "milliseconds": 7.24, "beyond_milliseconds": 0.46}
    cost |= {"most_beyond_milliseconds": 1.26}
    record = {"date": "2026-01-02", "environment": ENVIRONMENT, "rows": [cost], "rounds": 9}
    record |= {"images": [2, 3, 4, 1]}
    monkeypatch.setattr("policy_tables.read", {"candidate_cost": record}.get)
    lines = tables.candidate_cost().splitlines()
    assert "| assigned | 7.2 ms | 0.5 ms | 1.3 ms |" in lines
    assert any(line.startswith("2 x 3 x 4 x 1 images; medians of 9 rounds") for line in lines)


def test_mixing_table_has_the_part_of_the_step(tables, monkeypatch):
    row = {"name": "MixUp(alpha=0.2)", "input_shape": [4, 3, 2, 1], "milliseconds": 1.234}
    row |= {"step_milliseconds": 1234.5, "percent_of_step": 0.126}
    record = {"date": "2026-01-02", "environment": ENVIRONMENT, "rows": [row]}
    monkeypatch.setattr(tables, "read", {"mixing": record}.get)
    line = "| `MixUp(alpha=0.2)` | 4 x 3 x 2 x 1 | 1.23 ms | 1,234 ms | 0.13 % |"
    assert line in tables.mixing().splitlines()


def test_effect_table_has_as_many_seeds_as_were_run(tables, monkeypatch):
    runs = [
        {"parameters": 1234, "test_accuracy": test, "train_accuracy": train}
        for test, train in ((0.501, 0.75), (0.523, 1.0))
    ]
    rows = [
        {"policy": "a", "mean_test_accuracy": 0.512, "deviation": 0.0155, "runs": runs},
        {"policy": "b", "mean_test_accuracy": 0.501, "deviation": None, "runs": runs[:1]},
    ]
    record = {"date": "2026-01-02", "environment": ENVIRONMENT, "rows": rows}
    record["recipe"] = {"epochs": 7}
    monkeypatch.setattr(tables, "read", {"augmentation_effect": record}.get)
    _, _, first, second, _, note = tables.augmentation_effect().splitlines()
    assert first == "| `a` | 51.20% | 1.55 | 50.10% 52.30% | 87.5% |"
    assert second == "| `b` | 50.10% |  | 50.10% | 75.0% |"
    assert "after 7 epochs, 1,234 parameters" in note


def test_every_model_is_named():
    for name in set(list_models()) & set(map(str.lower, applications.__all__)):
        assert f"`{name}`" in README


def test_every_augmentation_is_named():
    for name in dir(augmentation):
        if name[0].isupper():
            assert f"`{name}`" in README, name


def test_every_search_is_named():
    for name in set(dir(augmentation.search)) - {"Proposal", "SearchFailed", "Trial"}:
        assert f"`{name}" in README, name


@pytest.mark.tensorflow
def test_the_code_on_searching_a_policy_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    section = README.split("\n### Searching a policy\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    for expected in ("3 10\n", "6 10\n"):  # run again it goes on
        exec(code, {})
        assert capsys.readouterr().out == expected


@pytest.mark.tensorflow
def test_the_code_on_augmentation_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    section = README.split("\n## Augmentation\n")[1].split("\n### ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    names = {}
    exec(code, names)
    (image, *_) = names["dataset"].as_numpy_iterator()
    assert image.shape == (8, 64, 48, 3)
    assert np.any(image != names["images"][:8])
    described = augmentation.get_policy("policy.json").get_config()
    assert [child["class_name"] for child in described["augmentations"]] == [
        "RandomOperation",
        "RandAugment",
    ]


@pytest.mark.tensorflow
def test_the_code_on_evaluation_runs(capsys):
    section = README.split("\n## Evaluation\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out == "(1, 10)\n97.2%, 95 % interval 95.2% to 98.9%\n"


def test_the_code_on_surgery_and_costs_runs(capsys):
    section = README.split("\n## Surgery\n")[1].split("\n## Models\n")[0]
    names = {}
    for code in re.findall(r"```python\n(.*?)```", section, re.DOTALL):
        exec(code, names)
    assert names["rgb"].input_shape == (None, 28, 28, 3)
    assert names["changed"].get_layer("stem_act").activation.__name__ == "silu"
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["(1, 3, 4, 10)", "61706 416520 8878", "246824 35512"]
    assert lines[4] == "stem_conv (28, 28, 6) 156 117600 4704"


def test_the_code_on_models_runs(capsys):
    section = README.split("\n## Models\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    exec(code, {})
    names, decoded, maps = capsys.readouterr().out.splitlines()
    assert {"shufflenetv1x0_5", "shufflenetv2x0_5"} <= set(ast.literal_eval(names))
    assert [len(row) for row in ast.literal_eval(decoded)] == [2, 2]
    assert maps == "[(2, 12, 16, 512), (2, 3, 4, 2048)]"


def test_the_code_on_uncertainty_runs(capsys):
    section = README.split("\n## Uncertainty\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    names = {}
    exec(code, names)
    assert capsys.readouterr().out == "(128, 2)\n(128, 2)\n"
    assert names["swag"].count == 3
    assert all(f"| `{name}` |" in section for name in metrics.__all__)


def test_every_study_has_its_row_and_its_picture():
    section = README.split("\n## Studies\n")[1].split("\n## ")[0]
    studies = [name for name in list_recipes() if isinstance(get_recipe(name), Study)]
    assert len(studies) == 8
    for name in studies:
        assert f"| `kerasbook train {name}` |" in section
        assert (ROOT / "benchmarks" / "records" / "studies" / f"{name}.png").is_file()


@pytest.mark.tensorflow
def test_the_code_on_heads_runs(capsys):
    section = README.split("\n## Distributions\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    exec(code, {})
    weights, locations, density = map(ast.literal_eval, capsys.readouterr().out.splitlines())
    assert min(weights) > 0.3
    np.testing.assert_allclose(sorted(locations), [-1, 1], atol=0.15)
    assert density > -0.2  # one normal distribution has -1.42


def test_everything_of_evaluation_is_named():
    section = README.split("\n## Evaluation\n")[1].split("\n## ")[0]
    functions = [name for name in dir(evaluation) if name.islower()]
    assert all(f"| `{name}` |" in section for name in functions)


@pytest.mark.tensorflow
def test_the_code_on_losses_runs():
    section = README.split("\n## Losses\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    names = {}
    exec(code, names)
    x, y = names["x"], names["y"]
    loss = names["model"].evaluate(x, y, verbose=0)
    np.testing.assert_allclose(-loss, names["history"][-1], rtol=1e-3)
    assert tuple(names["bells"](x).shape) == (200, 10)


def test_every_loss_has_its_row():
    for name in losses.__all__:
        assert re.search(rf"^\| `{name}` \|", README, re.MULTILINE), name
