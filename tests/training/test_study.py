"""Studies: what a field may be, copies, plain JSON."""

import json

import pytest

from kerasbook.recipes import get_recipe, list_recipes
from kerasbook.training import Study

STUDY = Study(name="s", run=print, epochs=3)
BUNDLED = [name for name in list_recipes() if isinstance(get_recipe(name), Study)]


def test_copies_and_json():
    other = STUDY.replace(epochs=5, seeds=[7])
    assert (STUDY.epochs, STUDY.seeds) == (3, (0, 1, 2, 3, 4))
    assert json.loads(json.dumps(other.to_json())) == {"name": "s", "epochs": 5, "seeds": [7]}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"epochs": 0}, "`epochs` must be a positive integer. Received: epochs=0"),
        ({"seeds": ()}, r"`seeds` must be one integer or several.*seeds=\(\)"),
        ({"seeds": (0, -1)}, "`seeds` must be one integer or several, at least 0"),
        ({"seeds": (2**32,)}, "below 2\\^32"),
        ({"seeds": (0.5,)}, "`seeds` must be one integer or several"),
    ],
)
def test_bad_fields(fields, message):
    with pytest.raises(ValueError, match=message):
        STUDY.replace(**fields)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_studies_run_over_five_seeds(name):
    study = get_recipe(name)
    assert study.name == name
    assert len(study.seeds) == 5
