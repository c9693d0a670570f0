"""The files of a run: where they are, and writing them so that none is ever half there."""

import dataclasses
import json
import os
import pathlib
from typing import Any

from kerasbook.files import replacing
from kerasbook.serving.preprocessing import Preprocessing

PREVIOUS = "previous.keras"  # the checkpoint before the last


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """The folder that one run writes.

    Attributes:
        path: The folder itself.
    """

    path: pathlib.Path

    recipe = property(lambda self: self.path / "recipe.json")
    record = property(lambda self: self.path / "record.json")
    log = property(lambda self: self.path / "log.csv")
    best = property(lambda self: self.path / "checkpoints" / "best.keras")
    last = property(lambda self: self.path / "checkpoints" / "last.keras")
    previous = property(lambda self: self.path / "checkpoints" / PREVIOUS)
    events = property(lambda self: self.path / "events.jsonl")
    bad_batch = property(lambda self: self.path / "bad_batch.npz")
    has_checkpoint = property(lambda self: self.last.is_file() or self.previous.is_file())
    saved_model = property(lambda self: self.path / "saved_model")
    curves = property(lambda self: self.path / "curves.png")
    confusion_matrix = property(lambda self: self.path / "confusion_matrix.png")
    mistakes = property(lambda self: self.path / "mistakes.png")

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> "RunFolder":
        """Makes the folder of a new run.

        Raises:
            FileExistsError: If there is anything at `path` but an empty folder.
        """
        path = pathlib.Path(path)
        require_new(path)
        (path / "checkpoints").mkdir(parents=True, exist_ok=True)
        return cls(path)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "RunFolder":
        """Opens the folder of a run that has begun.

        Raises:
            FileNotFoundError: If there is none.
        """
        folder = cls(pathlib.Path(path))
        for file in (folder.recipe, folder.record):
            if not file.is_file():
                raise FileNotFoundError(
                    "`run` must be a run folder. "
                    f"Received: run={str(path)!r}, which has no {file.name}"
                )
        return folder

    def require_resumable(self) -> None:
        """Refuses a run whose checkpoints are gone; one killed before its first starts over.

        Raises:
            FileNotFoundError: If epochs are in the log and no checkpoint is there.
        """
        epochs = len(self.log.read_text().splitlines()) - 1 if self.log.is_file() else 0
        if epochs > 0 and not self.has_checkpoint:
            raise FileNotFoundError(
                "`run_dir` must hold a checkpoint to resume from. "
                f"Received: run_dir={str(self.path)!r}"
            )

    def classes(self) -> tuple[list[str], Preprocessing]:
        """Returns the names of the run's classes, and its `Preprocessing`.

        Raises:
            ValueError: If the record does not hold them.
        """
        record = read_json(self.record)
        try:
            return list(record["class_names"]), Preprocessing(**record["preprocessing"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"{self.record} is not the record of a run: {error}") from error


def require_new(path: str | os.PathLike[str]) -> None:
    """Raises `FileExistsError` if there is anything at `path` but empty folders."""
    path = pathlib.Path(path)
    if path.exists() and (not path.is_dir() or any(not file.is_dir() for file in path.rglob("*"))):
        raise FileExistsError(
            "`run_dir` must be new: runs are never overwritten; choose another or go on with "
            f"--resume. Received: run_dir={str(path)!r}"
        )


def write_json(path: str | os.PathLike[str], values: Any) -> None:
    """Writes JSON in one step: the old file, or the new one, never half of it."""
    with replacing(path) as draft:
        draft.write_text(json.dumps(values, indent=2, sort_keys=False) + "\n")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Reads JSON.

    Raises:
        ValueError: If the file holds none; the message names it.
    """
    try:
        return json.loads(pathlib.Path(path).read_text())
    except ValueError as error:
        raise ValueError(f"{path} is not a JSON file: {error}") from error
