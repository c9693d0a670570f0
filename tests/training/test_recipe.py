"""Recipes: what a field may be, copies, plain JSON, and settings from text."""

import json

import pytest

from kerasbook import augmentation
from kerasbook.applications import list_models
from kerasbook.recipes import get_recipe, list_recipes
from kerasbook.training import Recipe
from kerasbook.training.recipe import parse_settings

RECIPE = Recipe(name="r", model="mlp", dataset="digits")


@pytest.mark.parametrize(
    "name", [name for name in list_recipes() if isinstance(get_recipe(name), Recipe)]
)
def test_bundled_recipes_name_what_exists_and_survive_json(name):
    recipe = get_recipe(name)
    assert recipe.name == name
    assert recipe.model in list_models()
    assert recipe.augmentation in augmentation.list_policies()
    assert Recipe(**json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"epochs": 0}, "`epochs` must be at least 1. Received: epochs=0"),
        ({"epochs": 1.5}, "`epochs` must be an integer. Received: epochs=1.5"),
        ({"epochs": True}, "`epochs` must be an integer"),
        ({"batch_size": "many"}, "`batch_size` must be an integer.*'many'"),
        ({"learning_rate": 0}, "`learning_rate` must be above 0"),
        ({"warmup_epochs": 2}, "`warmup_epochs` must be at most `epochs`"),
        ({"label_smoothing": 1}, r"`label_smoothing` must be in \[0, 1\)"),
        ({"clip_norm": 0}, "`clip_norm` must be above 0, or None"),
        ({"optimizer": "adamm"}, "`optimizer` must be one of.*'adamm'"),
        ({"schedule": "step"}, "`schedule` must be one of.*'step'"),
        ({"cycles": 0}, "`cycles` must be 1, or a divisor of `epochs`"),
        ({"cycles": 2, "epochs": 3, "schedule": "cosine"}, "`cycles` must be 1, or a divisor"),
        ({"cycles": 2, "epochs": 4}, "with the cosine schedule and no warmup"),
        ({"precision": "int8"}, "`precision` must be one of.*'int8'"),
        ({"image_size": (8,)}, "`image_size` must be two positive integers"),
        ({"mean": 0.5}, "`mean` must be one number or several, in brackets"),
        ({"model_arguments": [1]}, "`model_arguments` must be a dictionary"),
        ({"learning_rat": 1}, "no field 'learning_rat'. Nearest: learning_rate"),
    ],
)
def test_bad_fields_are_named(fields, message):
    with pytest.raises(ValueError, match=message):
        RECIPE.replace(**fields)


def test_replace_leaves_the_original():
    assert RECIPE.replace(epochs=3).epochs == 3
    assert RECIPE.epochs == 1


def test_settings_are_literals_or_text():
    settings = ["epochs=3", "model=lenet5", "image_size=(8, 8)", "clip_norm=None", "mean=[0.5]"]
    assert parse_settings(settings) == {
        "epochs": 3,
        "model": "lenet5",
        "image_size": (8, 8),
        "clip_norm": None,
        "mean": [0.5],
    }
    for bad in ("epochs", "=3"):
        with pytest.raises(ValueError, match="`--set` must be field=value"):
            parse_settings([bad])


def test_a_policy_without_a_name_is_kept_as_its_dictionary(tmp_path):
    policy = augmentation.RandAugment(3, level=5)
    described = augmentation.to_json(policy, tmp_path / "policy.json")
    by_file = RECIPE.replace(augmentation=str(tmp_path / "policy.json"))
    assert by_file.augmentation == described
    assert RECIPE.replace(augmentation=tmp_path / "policy.json") == by_file
    assert RECIPE.replace(augmentation=policy) == by_file
    assert RECIPE.replace(augmentation=described) == by_file
    (tmp_path / "policy.json").unlink()
    again = Recipe(**json.loads(json.dumps(by_file.to_json())))
    assert again == by_file
    assert augmentation.get_policy(again.augmentation).level == 5


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "`augmentation` must be a policy, its name, its JSON file or its dictionary.*=3"),
        ("nowhere.json", "The policy of nowhere.json cannot be read: No such file"),
    ],
)
def test_no_policy_at_all(value, message):
    with pytest.raises(ValueError, match=message):
        RECIPE.replace(augmentation=value)
