"""TF_CONFIG is checked, all workers are waited for, and the lost ones are named."""

import json
import socket
import threading

import pytest
import tensorflow as tf

from kerasbook.training.cluster import workers as cluster
from kerasbook.training.cluster.launch import free_ports
from kerasbook.training.cluster.strategy import get_strategy
from kerasbook.training.cluster.workers import Cluster, WorkerLost, naming_lost_workers

WORKERS = ["a.net:2000", "b.net:2000"]
TASK = {"type": "worker", "index": 1}
FIRST = {"type": "worker", "index": 0}


def described(jobs, task=None):
    return json.dumps({"cluster": jobs, "task": task or TASK})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[" * 100_000, "must be JSON"),
        ("", "must be JSON"),
        ("{'cluster': {}}", "must be JSON"),
        ("[]", "must be a JSON object with `cluster` and `task`"),
        (json.dumps({"task": TASK}), "must be given a `cluster`"),
        (described({}), "must be given a `cluster`"),
        (described(WORKERS), "must be given a `cluster`"),
        (described({"worker": "a.net:2000"}), "a dictionary of lists of addresses"),
        (described({"worker": []}), "a dictionary of lists of addresses"),
        (json.dumps({"cluster": {"worker": WORKERS}}), "must be given a `task`"),
        (described({"worker": WORKERS}, {"type": "worker"}), "must be given a `task`"),
        (described({"worker": WORKERS}, {"type": "boss", "index": 0}), "type is one of"),
        (described({"worker": WORKERS}, {"type": "chief", "index": 0}), "type is one of"),
        (described({"worker": WORKERS}, {"type": "worker", "index": 2}), r"index is in \[0, 2\)"),
        (described({"worker": WORKERS}, {"type": "worker", "index": -1}), r"index is in \[0, 2\)"),
        (described({"worker": WORKERS}, {"type": "worker", "index": True}), "index is in"),
        (described({"worker": ["a.net:http", "b:1"]}), "HOST:PORT, unlike 'a.net:http'"),
        (described({"worker": ["a.net", "b:1"]}), "HOST:PORT, unlike 'a.net'"),
        (described({"worker": ["a.net:0", "b:1"]}), "HOST:PORT, unlike 'a.net:0'"),
        (described({"worker": ["a.net:65536", "b:1"]}), "HOST:PORT, unlike"),
        (described({"worker": [2000, 2001]}), "HOST:PORT, unlike 2000"),
        (described({"worker": ["a:1", "a:1"]}), "addresses that differ"),
        (described({"worker": ["127.0.0.1:1", "localhost:1"]}), "addresses that differ"),
        (described({"worker": ["http://a:1", "b:1"]}), "HOST:PORT, unlike 'http://a:1'"),
        (described({"worker": WORKERS}, {"type": ["worker"], "index": 0}), "type is one of"),
        (described({"worker": WORKERS}, {"type": "worker", "index": "²"}), "index is in"),
        (described({"worker": ["no.such.invalid:1", "b:1"]}, FIRST), "this machine knows"),
        (described({"worker": WORKERS, "ps": ["c:1"]}), r"without \['ps'\]"),
        (described({"worker": WORKERS, "evaluator": ["c:1"]}), r"without \['evaluator'\]"),
        (described({"worker": WORKERS, "chief": ["c:1", "d:1"]}), "a cluster of one chief"),
    ],
)
def test_a_malformed_cluster_is_refused(text, rule, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=rule) as error:
        get_strategy("multi_worker")
    assert str(error.value).startswith("`TF_CONFIG` must be ")
    assert "Received: TF_CONFIG=" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_cluster_is_read(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert Cluster.from_environment() is None
    monkeypatch.setenv("TF_CONFIG", described({"chief": ["[::1]:1"], "worker": WORKERS}))
    read = Cluster.from_environment()
    assert read.port == 2000
    assert read.peers() == {"chief 0": "[::1]:1", "worker 0": "a.net:2000"}
    assert read.described(read.peers()) == "chief 0 ([::1]:1) and worker 0 (a.net:2000)"


def local(index, ports):
    return Cluster({"worker": [f"127.0.0.1:{port}" for port in ports]}, "worker", index)


def test_a_port_in_use_is_said_before_anything_waits(monkeypatch):
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("TF_CONFIG", described({"worker": ["127.0.0.1:1", f"127.0.0.1:{port}"]}))
        with pytest.raises(ValueError, match=f"a free port for worker 1: {port} is in use"):
            get_strategy("multi_worker")


def test_who_never_comes_up_is_named_in_bounded_time(monkeypatch):
    ports = free_ports(3)
    addresses = [f"127.0.0.1:{port}" for port in ports]
    monkeypatch.setenv("TF_CONFIG", described({"worker": addresses}))
    monkeypatch.setattr(cluster, "PATIENCE", 0.3)
    with (
        socket.create_server(("127.0.0.1", ports[0])),
        pytest.raises(TimeoutError, match="No answer from worker 2") as error,
    ):
        get_strategy("multi_worker")
    assert addresses[2] in str(error.value)
    assert addresses[0] not in str(error.value)
    socket.create_server(("", ports[1])).close()  # the port is given back


def test_workers_meet_whoever_comes_first():
    ports = free_ports(2)
    first = threading.Thread(target=cluster._meet, args=(local(0, ports), 30))
    first.start()
    second = local(1, ports)
    # What TensorFlow does once its worker has met the others: its port stays open.
    with socket.create_server(("", ports[1])):
        first.join(30)
        assert not first.is_alive()
        assert second.silent() == ["worker 0"]


# What TensorFlow 2.21 says, shortened.
UNHEALTHY = """Collective ops is aborted by: Error reported from /job:worker/task:1: The following
tasks are unhealthy (stopped sending heartbeats):\n/job:worker/replica:0/task:1\nThe tasks have
crashed."""
HEARTBEAT = (
    "Collective ops is aborted by: Deadline Exceeded\n\nRPC: /t.CoordinationService/Heartbeat"
)
RESET = "Collective ops is aborted by: Connection reset by peer"


@pytest.mark.parametrize(
    ("message", "index", "open_ports", "lost"),
    [
        (UNHEALTHY, 0, [0, 1, 2], ["worker 1"]),  # it is frozen: its port answers
        (UNHEALTHY, 2, [0, 2], ["worker 1"]),
        (HEARTBEAT, 1, [0, 1, 2], ["worker 0"]),  # the one that runs the service is frozen
        (RESET, 0, [0, 1], ["worker 2"]),
        (RESET, 0, [0, 1, 2], []),
    ],
)
def test_the_lost_worker_is_named(message, index, open_ports, lost, monkeypatch):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    monkeypatch.setattr(cluster, "_joined", local(index, [s.getsockname()[1] for s in sockets]))
    for number, each in enumerate(sockets):
        if number not in open_ports:
            each.close()
    error = tf.errors.UnavailableError(None, None, message)
    kind = WorkerLost if lost else tf.errors.UnavailableError
    with pytest.raises(kind) as raised, naming_lost_workers():
        raise error
    if lost:
        address = cluster._joined.peers()[lost[0]]
        assert str(raised.value).startswith(f"Lost {lost[0]} ({address}): no answer any more")
        assert "\n" not in str(raised.value)
    for each in sockets:
        each.close()


def test_other_errors_stay_what_they_are(monkeypatch):
    for joined, kind in ((None, tf.errors.UnavailableError), (local(0, [1, 2]), ValueError)):
        monkeypatch.setattr(cluster, "_joined", joined)
        error = ValueError("mine") if kind is ValueError else kind(None, None, UNHEALTHY)
        with pytest.raises(kind), naming_lost_workers():
            raise error


def test_workers_share_a_batch_equally(monkeypatch):
    mirrored = get_strategy("mirrored")
    replicas = mirrored.num_replicas_in_sync
    cluster.require_equal_shares(mirrored, 8 * replicas + 1)  # one process deals out what there is
    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", type(mirrored))
    cluster.require_equal_shares(mirrored, 8 * replicas)
    with pytest.raises(ValueError, match=f"a multiple of .* replicas, {replicas}. Received"):
        cluster.require_equal_shares(mirrored, 8 * replicas + 1)
