"""A CSV file with one row per epoch."""

import csv
import os
import pathlib
import time

import keras


class EpochLog(keras.callbacks.Callback):
    """Appends a row to a CSV file after every epoch.

    Columns: `epoch` (from 1), `loss`, `accuracy`, `val_loss`, `val_accuracy`, `learning_rate`
    (at the end of the epoch), `seconds` (of the training steps alone) and `examples_per_second`
    (of the same). What the logs do not hold stays empty.

    Args:
        path: The file. Rows of an earlier run are kept up to the epoch that training starts
            with, which is what `first_epoch` counts.
        examples: Number of training examples in an epoch.
        first_epoch: Number of epochs done before, from 0.
    """

    COLUMNS = (
        *("epoch", "loss", "accuracy", "val_loss", "val_accuracy"),
        *("learning_rate", "seconds", "examples_per_second"),
    )

    def __init__(self, path, examples, *, first_epoch=0):
        super().__init__()
        self.path = pathlib.Path(path)
        self.examples = examples
        self.first_epoch = first_epoch

    def on_train_begin(self, logs=None):
        kept = _read_cells(self.path)[: self.first_epoch] if self.path.exists() else []
        self._write([[row[column] for column in self.COLUMNS] for row in kept], header=True)

    def on_epoch_begin(self, epoch, logs=None):
        self._start = self._end = time.perf_counter()
        self._first = None

    def on_train_batch_end(self, batch, logs=None):
        if self._first is None:
            self._first = batch  # not 0 where an epoch is resumed
        self._last = batch
        self._end = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = self._end - self._start
        share = 0.0
        if self._first is not None:
            share = min(1.0, (self._last + 1 - self._first) / (self.params.get("steps") or 1))
        values = {
            **{key: float(value) for key, value in (logs or {}).items()},
            "epoch": epoch + 1,
            "seconds": round(seconds, 6),
            "examples_per_second": round(share * self.examples / seconds, 1) if seconds else "",
        }
        self._write([[values.get(column, "") for column in self.COLUMNS]])

    def _write(self, rows, header=False):
        # A new file takes the old one's place once it is whole.
        path = self.path.with_suffix(".partial") if header else self.path
        with path.open("w" if header else "a", newline="") as file:
            writer = csv.writer(file)
            if header:
                writer.writerow(self.COLUMNS)
            writer.writerows(rows)
        os.replace(path, self.path)


def read_log(path):
    """Returns the rows of a log as dictionaries; numbers are floats, empty cells `None`."""
    return [
        {key: float(value) if value else None for key, value in row.items()}
        for row in _read_cells(path)
    ]


def _read_cells(path):
    with pathlib.Path(path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    if any(set(row) != set(EpochLog.COLUMNS) for row in rows):
        raise ValueError(f"{path} is not the log of a run")
    return rows
