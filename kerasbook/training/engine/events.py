"""The events of a run, one JSON object a line: what happened besides epochs."""

import datetime
import json
import os
from typing import Any


def log_event(path: str | os.PathLike[str], event: str, **fields: Any) -> None:
    """Appends an event with its time.

    Args:
        path: The file, which is made if it is not there.
        event: What happened, in a word or two.
        **fields: What else there is to say, in plain JSON.
    """
    date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with open(path, "a") as file:
        file.write(json.dumps({"date": date, "event": event, **fields}) + "\n")
