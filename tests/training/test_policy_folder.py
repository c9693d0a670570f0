"""The folder of a search: its table of trials, there and back, and its pictures."""

import csv

import numpy as np
import pytest

from kerasbook import augmentation
from kerasbook.augmentation.search import PolicySpace, RandomSearch
from kerasbook.training.policy_folder import PolicyFolder, rows_of

SPACE = PolicySpace(("rotate", "invert"), 2, 1)


@pytest.fixture
def search():
    """A search of three trials, told out of order, one of which failed."""
    search = RandomSearch(SPACE)
    first, second, third = search.ask(3)
    search.tell(second, 0.25)
    search.tell(first, np.nan)
    search.tell(third, 0.75)
    return search


def test_the_table_of_trials_and_back(search, tmp_path):
    times = {1: {"seconds": 2.5, "elapsed": 3.0}, 0: {"seconds": 1.0, "elapsed": 4.25}}
    rows = rows_of(search, times)
    assert [(r["trial"], r["status"], r["reward"], r["seconds"]) for r in rows] == [
        (2, "complete", 0.25, 2.5),
        (1, "failed", None, 1.0),
        (3, "complete", 0.75, None),  # written down by no one, as where a search was killed
    ]
    folder = PolicyFolder(tmp_path)
    assert folder.read_times() == {}
    folder.write_trials(rows)
    assert folder.read_times() == {**times, 2: {}}
    with folder.trials.open() as file:
        assert [row["reward"] for row in csv.DictReader(file)] == ["0.25", "", "0.75"]
    assert [file.name for file in tmp_path.iterdir()] == ["trials.csv"]
    for damaged in ("garbage\n1,2", folder.trials.read_text().replace("2.5", "y")):
        folder.trials.write_text(damaged)
        with pytest.raises(ValueError, match="trials.csv is not the table of a search"):
            folder.read_times()


@pytest.mark.tensorflow
def test_the_policy_and_the_pictures(search, tmp_path, rng):
    folder = PolicyFolder(tmp_path)
    policy = search.found()
    folder.write_policy(policy)
    assert augmentation.get_policy(folder.policy).sub_policies == policy.sub_policies
    images = rng.integers(0, 256, (6, 12, 16, 1)).astype("uint8")
    folder.write_pictures(rows_of(search, {}), policy, images, title="t", label="reward")
    for picture in (folder.rewards, folder.sheet):
        assert picture.read_bytes().startswith(b"\x89PNG")
