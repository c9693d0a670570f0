"""Events: a line of JSON each, in order."""

import datetime
import json

from kerasbook.training.engine.events import log_event


def test_events_are_appended(tmp_path):
    path = tmp_path / "events.jsonl"
    log_event(path, "recovered", step=3, learning_rate=0.1)
    log_event(path, "diverged", reason="it exploded")
    first, second = map(json.loads, path.read_text().splitlines())
    assert datetime.datetime.fromisoformat(first.pop("date")).tzinfo is not None
    assert first == {"event": "recovered", "step": 3, "learning_rate": 0.1}
    assert (second["event"], second["reason"]) == ("diverged", "it exploded")
