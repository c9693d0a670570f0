"""The parser of the whole command line: help pages and what it refuses."""

import pytest
from helpers.commands import assert_one_line, kerasbook, typed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            [],
            [
                "train",
                "evaluate",
                "predict",
                "export",
                "show-augmentation",
                "list",
                "embedded digits",
            ],
        ),
        (
            ["train"],
            [
                *(
                    "--epochs",
                    "--batch_size",
                    "--seed",
                    "--data_dir",
                    "--max_examples",
                    "--run_dir",
                ),
                *(
                    "--resume",
                    "--strategy",
                    "--augmentation",
                    "--precision",
                    "--debug",
                    "--set",
                ),
                "confusion_matrix.png",
            ],
        ),
        (["evaluate"], ["--split"]),
        (["predict"], ["IMAGE", "--top"]),
        (["export"], ["serving_default", "image_bytes", "tf_example", "--output"]),
        (["show-augmentation"], ["POLICY", "IMAGE|DATASET", "--size", "--seed", "--index", "-o"]),
        (["list"], ["models", "layers", "policies", "recipes", "datasets"]),
    ],
)
def test_help_pages(arguments, words):
    result = typed(*arguments, "--help")
    assert result.returncode == 0
    assert result.stderr == ""
    for word in words:
        assert word in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "invalid choice: 'trian'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    assert_one_line(typed(*arguments, cwd=tmp_path), message)
    assert list(tmp_path.iterdir()) == []


def test_a_process_shows_its_help():
    result = kerasbook("--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "embedded digits" in result.stdout
