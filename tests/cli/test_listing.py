"""The command `list`."""

import re

import pytest
from helpers.commands import assert_one_line, typed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "datasets", "--data_dir", "nowhere"], "`data_dir` must be a folder"),
        (["list", "models", "*18x"], "`pattern` must match a model. Received: pattern='*18x'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    assert_one_line(typed(*arguments, cwd=tmp_path), message)
    assert list(tmp_path.iterdir()) == []


def test_models_are_a_table():
    header, row = typed("list", "models", "resnet18").stdout.splitlines()
    assert header.split() == [
        *("name", "weights", "multiply-adds", "memory", "activations", "image", "paper"),
    ]
    cells = [cell.strip() for cell in re.split("  +", row)]
    assert cells[:3] == ["resnet18", "11.7 M", "1.81 G"]
    assert cells[-2:] == ["224 x 224 x 3", "He et al., 2016"]


def test_lists(data_dir):
    assert "resnet50" in typed("list", "models").stdout.split()
    assert "Conv2D" in typed("list", "layers").stdout.split()
    policies = typed("list", "policies").stdout.split()
    assert {"none", "shift", "imagenet", "rand_augment"} <= set(policies)
    assert "digits_lenet5" in typed("list", "recipes").stdout.split()
    datasets = typed("list", "datasets", "--data_dir", data_dir).stdout.split()
    assert {"digits", "mnist", "camvid"} <= set(datasets)
    everything = typed("list").stdout
    assert "models:\n  alexnet\n" in everything
    assert "policies:\n" in everything
    assert "datasets:\n  digits\n" in everything
