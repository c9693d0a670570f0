"""The folder of a search for a policy, and what is written there after every trial."""

import csv
import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbook import augmentation
from kerasbook.augmentation.search import Search
from kerasbook.files import replacing
from kerasbook.training.files import write_json
from kerasbook.visual import plot_augmentation_sheet, plot_rewards

COLUMNS = {"trial": int, "fold": int, "status": str, "reward": float}
TIMES = {"seconds": float, "elapsed": float}


@dataclasses.dataclass(frozen=True)
class PolicyFolder:
    """The folder that one search writes.

    Attributes:
        path: The folder itself.
    """

    path: pathlib.Path

    recipe = property(lambda self: self.path / "recipe.json")
    record = property(lambda self: self.path / "record.json")
    state = property(lambda self: self.path / "search.json")
    trials = property(lambda self: self.path / "trials.csv")
    policy = property(lambda self: self.path / "policy.json")
    weights = property(lambda self: self.path / "weights")
    rewards = property(lambda self: self.path / "rewards.png")
    sheet = property(lambda self: self.path / "policy.png")

    def write_trials(self, rows: list[dict[str, Any]]) -> None:
        """Writes the table of trials."""
        with replacing(self.trials) as draft, draft.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*COLUMNS, *TIMES])
            writer.writeheader()
            writer.writerows(rows)

    def read_times(self) -> dict[int, dict[str, float]]:
        """Returns the seconds of each trial, and when it had ended, by its candidate's number.

        Raises:
            ValueError: If the table is damaged; the message names the file.
        """
        if not self.trials.is_file():
            return {}
        try:
            with self.trials.open(newline="") as file:
                return {
                    int(row["trial"]) - 1: {name: float(row[name]) for name in TIMES if row[name]}
                    for row in csv.DictReader(file)
                }
        except (KeyError, TypeError, ValueError, csv.Error) as error:
            raise ValueError(f"{self.trials} is not the table of a search: {error!r}") from error

    def write_policy(self, policy: augmentation.Augmentation) -> None:
        """Writes the policy found."""
        write_json(self.policy, augmentation.to_json(policy))

    def write_pictures(
        self,
        rows: list[dict[str, Any]],
        policy: augmentation.Augmentation,
        images: Sequence[np.ndarray],
        *,
        title: str,
        label: str,
    ) -> None:
        """Writes the rewards over trials, and a contact sheet of a policy.

        Args:
            rows: The table of trials.
            policy: The policy that the sheet shows.
            images: Images that it is shown on, uint8 arrays.
            title: Title of both.
            label: What the reward is.
        """
        with replacing(self.rewards) as draft:
            plot_rewards(rows, draft, title=title, label=label)
        with replacing(self.sheet) as draft:
            plot_augmentation_sheet(policy, images, draft, title=title)


def rows_of(search: Search, times: dict[int, dict[str, float]]) -> list[dict[str, Any]]:
    """Returns the table of the trials told, in the order in which they were.

    Args:
        search: The search.
        times: Dictionary from a candidate's number to the `seconds` and `elapsed` of its trial.
    """
    nothing = dict.fromkeys(TIMES)
    return [
        {
            "trial": trial.candidate.number + 1,  # for people, who count from 1
            "fold": trial.candidate.fold,
            "status": trial.status,
            "reward": trial.reward,
            **nothing,
            **times.get(trial.candidate.number, {}),
        }
        for trial in search.told
    ]
