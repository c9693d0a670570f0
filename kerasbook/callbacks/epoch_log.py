"""A CSV file with one row per epoch."""

import csv
import os
import pathlib
import time

import keras
import numpy as np

# What every log ends with, whether the epoch's logs hold it or not.
LAST_COLUMNS = ("learning_rate", "input_bound", "seconds", "examples_per_second")


class EpochLog(keras.callbacks.Callback):
    """Appends a row to a CSV file after every epoch.

    Columns: `epoch` (from 1), what the logs of the first epoch hold (`loss`, `accuracy`,
    `val_loss`, ...), then `learning_rate` (at the end of the epoch), `input_bound` (the share of
    its time that the steps waited for input), `seconds` (of the training steps alone) and
    `examples_per_second` (of the same). What is not known stays empty.

    Args:
        path: The file. Rows of an earlier run are kept up to the epoch that training starts
            with, which is what `first_epoch` counts.
        examples: Number of training examples in an epoch, or `None` if it is not known.
        first_epoch: Number of epochs done before, from 0.
    """

    def __init__(self, path, examples, *, first_epoch=0):
        super().__init__()
        self.path = pathlib.Path(path)
        self.examples = examples
        self.first_epoch = first_epoch

    def on_train_begin(self, logs=None):
        self._keep(self.first_epoch)

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
        known = seconds and self.examples is not None
        values = {
            **{key: float(value) for key, value in (logs or {}).items() if np.ndim(value) == 0},
            "epoch": epoch + 1,
            "seconds": round(seconds, 6),
            "examples_per_second": round(share * self.examples / seconds, 1) if known else "",
        }
        if epoch < self._rows:  # the run went back
            self._keep(epoch)
        if not self._columns:
            first = [key for key in values if key not in {"epoch", *LAST_COLUMNS}]
            self._columns = ["epoch", *first, *LAST_COLUMNS]
            self._write("w", [self._columns])
        self._write("a", [[values.get(column, "") for column in self._columns]])
        self._rows = epoch + 1

    def _keep(self, count):
        """Keeps so many rows of the file; a new one takes the old one's place once it is whole."""
        rows = _read_cells(self.path)[:count] if self.path.exists() else []
        self._rows = len(rows)
        self._columns = list(rows[0]) if rows else None
        draft = self.path.with_suffix(".partial")
        table = [self._columns, *([row[c] for c in self._columns] for row in rows)] if rows else []
        self._write("w", table, draft)
        os.replace(draft, self.path)

    def _write(self, mode, rows, path=None):
        with (path or self.path).open(mode, newline="") as file:
            csv.writer(file).writerows(rows)


def read_log(path):
    """Returns the rows of a log as dictionaries; numbers are floats, empty cells `None`."""
    return [
        {key: float(value) if value else None for key, value in row.items()}
        for row in _read_cells(path)
    ]


def _read_cells(path):
    with pathlib.Path(path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    if any(not {"epoch", "seconds"} <= row.keys() or None in row for row in rows):
        raise ValueError(f"{path} is not the log of a run")
    return rows
