"""How much wall time there is, and whether it is enough for one trial more."""

import math
import re
import statistics
import time
from collections.abc import Iterable
from typing import Any

import keras

UNITS = {"s": 1, "m": 60, "h": 3600}
RECENT = 5


def parse_budget(value: float | str) -> float:
    """Returns seconds for a number of them, or for text such as `"90s"`, `"20m"`, `"1h30m"`.

    Raises:
        ValueError: If it is none of these, or not above 0.
    """
    seconds: Any = value
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
        seconds = float(value)
    elif isinstance(value, str):
        parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", value)
        whole = parts and "".join(number + unit for number, unit in parts) == value
        seconds = sum(float(n) * UNITS[u] for n, u in parts) if whole else None
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not number or not math.isfinite(seconds) or seconds <= 0:
        raise ValueError(
            "`budget` must be a time above 0, such as 90s, 20m or 1h30m, or a number of seconds. "
            f"Received: budget={value!r}"
        )
    return float(seconds)


def duration_text(seconds: float) -> str:
    """Returns a time in words of at most two units: `"1 h 05 min"`, `"2 min 07 s"`, `"9 s"`."""
    seconds = round(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"
    return f"{seconds // 60} min {seconds % 60:02} s" if seconds >= 60 else f"{seconds} s"


class Budget(keras.callbacks.Callback):
    """Counts the seconds of a search, over all its sittings, and those of its trials.

    As a callback of the trials' training it refuses a budget that the first of them will exceed, as
    soon as that is known.

    Args:
        seconds: How many there are; `None` sets no limit.
        before: How many have gone by in earlier sittings.
        earlier: The seconds of each trial of earlier sittings, a list.
        epochs: Epochs of training that are due before there is a first reward.
    """

    def __init__(
        self,
        seconds: float | None,
        before: float = 0.0,
        earlier: Iterable[float] = (),
        epochs: int = 1,
    ) -> None:
        super().__init__()
        self.seconds = seconds
        self._before = before
        self._earlier = list(earlier)
        self._epochs = epochs
        self._done = 0
        self._start = time.perf_counter() - before
        self._trials: list[float] = []
        self._last: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds gone by."""
        return time.perf_counter() - self._start

    @property
    def left(self) -> float | None:
        """Seconds that are left, or `None` where there is no limit."""
        return None if self.seconds is None else self.seconds - self.elapsed

    def count(self, seconds: float) -> None:
        """Notes how long a trial took."""
        self._trials.append(seconds)

    def allows_another(self) -> bool:
        """Returns whether one more trial, as long as the last few, would end in time."""
        if self.seconds is None:
            return True
        # The first trial of a sitting traces and compiles, in its first epoch; later ones do not.
        known = [*self._earlier, *self._trials[1:]][-RECENT:] or self._trials
        expected = statistics.median(known) if known else 0
        if known == self._trials and len(known) == 1 and self._last is not None:
            expected = min(expected, self._epochs * self._last)
        left = self.left
        return left is None or left >= expected

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch_start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        last = self._last = time.perf_counter() - self._epoch_start
        if self._earlier or self._trials or self.seconds is None:
            return
        self._done += 1
        # The first epoch traces and compiles, too; and of earlier sittings it is not known how
        # many epochs they have done.
        known = (self._done > 1 or self._epochs == 1) and not self._before
        needed = self.elapsed + (max(0, self._epochs - self._done) * last if known else 0)
        if needed > self.seconds:
            about = "about" if known else "more than"
            raise ValueError(
                f"`budget` must be enough for one trial at least, which takes {about} "
                f"{duration_text(needed)}. Received: budget={self.seconds:g} s"
            )
