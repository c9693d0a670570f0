"""A run killed at any moment and resumed is the run that was never killed, bit for bit."""

import concurrent.futures
import csv
import json
import time
import zipfile

import numpy as np
import pytest
from helpers import forked
from helpers.tiny_run import train_and_tell

KILLS = 10  # of each of two runs
TIMES = ("seconds", "examples_per_second", "input_bound")


def ended(process, code):
    """Tells whether a process ended with a code.

    Two threads start processes here, and each start looks after all that ran before; if it takes
    the code of one for which the other thread waits, that one is told 255.
    """
    return process.exitcode in (code, 255)


def kill(path, steps, in_a_write, delay):
    """Kills a run so many steps and seconds after it went on; tells if that was in a write."""
    process, receiver = forked.start(train_and_tell, path)
    try:
        for _ in range(steps):
            receiver.recv()
        if in_a_write:
            while not drafts(path) and process.is_alive():
                time.sleep(0.0005)
        time.sleep(delay)
    finally:
        process.kill()
        process.join()
    assert ended(process, -9)  # not at its end yet
    return bool(drafts(path))


def drafts(path):
    return list(path.glob("checkpoints/.last.*"))


def finish(path):
    process, receiver = forked.start(train_and_tell, path)
    try:
        while True:
            receiver.recv()
    except EOFError:
        process.join()
    assert ended(process, 0)


def kill_often(path, seed, kills):
    """Kills a run again and again, every other time while it writes a checkpoint."""
    rng = np.random.default_rng(seed)
    hits = 0
    for number in range(kills):
        in_a_write = number % 2 == 1
        delay = rng.uniform(0, 0.01 if in_a_write else 0.05)
        steps = rng.integers(1, 4 if in_a_write else 7)
        hits += kill(path, steps, in_a_write, delay)
    finish(path)
    return hits


def test_a_run_killed_at_two_moments_is_the_run_never_killed(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        hits = pool.submit(kill_often, killed, 0, 2)
        finish(whole)
        hits.result()
    assert_same_run(killed, whole)


@pytest.mark.slow("some twenty processes train; two kills are in the quick set, above")
def test_a_run_killed_at_twenty_moments_is_the_run_never_killed(tmp_path):
    whole, *killed = (tmp_path / name for name in ("whole", "first", "second"))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        hits = [pool.submit(kill_often, path, seed, KILLS) for seed, path in enumerate(killed)]
        finish(whole)
        hits = sum(future.result() for future in hits)
    assert hits >= 3, "too few kills met a checkpoint half written"
    for path in killed:
        assert_same_run(path, whole)


def assert_same_run(path, whole):
    """Asserts that logs and checkpoints of two runs are the same, and that nothing is left over."""
    assert log(path) == log(whole)
    assert not list(path.rglob("*partial*"))
    for name in ("last", "previous", "best"):
        assert contents(path, name) == contents(whole, name)


def log(path):
    with (path / "log.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if k not in TIMES} for row in csv.DictReader(file)]


def contents(path, name):
    """Returns what a checkpoint holds, but how long it took to get there and Keras' own notes."""
    with zipfile.ZipFile(path / "checkpoints" / f"{name}.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    del members["metadata.json"], members["config.json"]
    if name != "best":
        members["kerasbook.json"] = json.loads(members["kerasbook.json"])
        del members["kerasbook.json"]["position"]["seconds"], members["kerasbook.json"]["checksums"]
    return members
