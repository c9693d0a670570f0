"""The events of a run, one JSON object a line: what happened besides epochs."""

import datetime
import json


def log_event(path, event, **fields):
    """Appends an event with its time.

    Args:
        path: The file, which is made if it is not there.
        event: What happened, in a word or two.
        **fields: What else there is to say, in plain JSON.
    """
    date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with open(path, "a") as file:
        file.write(json.dumps({"date": date, "event": event, **fields}) + "\n")
