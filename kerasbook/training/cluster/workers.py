"""The cluster that `TF_CONFIG` describes: checked, waited for, and its lost workers named.

TensorFlow's own start blocks for up to an hour where a worker is missing, deaf to Ctrl-C, and
says nothing. So the workers wait for each other here, before it: each holds its port open, and
knocks at those of the others, until all have answered. Nothing is sent; the cluster itself is
TensorFlow's.
"""

import contextlib
import dataclasses
import errno
import faulthandler
import json
import os
import re
import signal
import socket
import sys
import threading
import time

import tensorflow as tf

# Machines of a cluster may start minutes apart.
PATIENCE = 300  # seconds
KNOCK = 1.0  # seconds
# What TensorFlow raises where a worker is gone: at once if its connections break, and otherwise
# when its heartbeats have stayed away for 10 seconds.
_LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
    tf.errors.UnknownError,
)


class WorkerLost(ConnectionError):
    """Raised by the workers that are left when one of the cluster is gone."""


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The processes of a run, and which of them this one is.

    Attributes:
        jobs: Dictionary from `"chief"` and `"worker"` to lists of addresses `"host:port"`.
        job: The job of this process.
        index: Its place in the list.
    """

    jobs: dict
    job: str
    index: int

    @classmethod
    def from_environment(cls):
        """Reads the environment variable `TF_CONFIG`; returns `None` where it is not set.

        Raises:
            ValueError: If it does not describe a cluster of workers.
        """
        text = os.environ.get("TF_CONFIG")
        if text is None:
            return None
        try:
            config = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _invalid(f"JSON ({error})", text[:200]) from error
        if not isinstance(config, dict):
            raise _invalid("a JSON object with `cluster` and `task`", text)
        jobs = config.get("cluster")
        if not isinstance(jobs, dict) or not jobs:
            raise _invalid("given a `cluster`, a dictionary of lists of addresses", text)
        _check_jobs(jobs, text)
        task = config.get("task")
        if not isinstance(task, dict) or not {"type", "index"} <= set(task):
            raise _invalid("given a `task` with `type` and `index`", text)
        job, index = task["type"], task["index"]
        if not isinstance(job, str) or job not in jobs:
            raise _invalid(f"given a task whose type is one of {sorted(jobs)}", text)
        if not re.fullmatch("[0-9]{1,6}", str(index)) or int(index) >= len(jobs[job]):
            raise _invalid(f"given a task whose index is in [0, {len(jobs[job])})", text)
        return cls(jobs, job, int(index))

    @property
    def port(self):
        """The port of this process."""
        return _place(self.jobs[self.job][self.index])[1]

    def peers(self):
        """Returns a dictionary from the names of the other processes to their addresses."""
        return {
            f"{job} {index}": address
            for job in ("chief", "worker")
            for index, address in enumerate(self.jobs.get(job, ()))
            if (job, index) != (self.job, self.index)
        }

    def silent(self, names=None):
        """Returns the names of those peers, of all or of `names`, that do not answer."""
        peers = self.peers()
        return [name for name in names or peers if not _answers(peers[name])]

    def described(self, names):
        """Returns names with their addresses, for people."""
        peers = self.peers()
        return " and ".join(f"{name} ({peers[name]})" for name in names)


_joined = None  # a process can join one cluster, and only at its start


def join():
    """Waits for all processes of the cluster, then returns TensorFlow's strategy over them.

    Without `TF_CONFIG` this process is the only worker.

    Raises:
        ValueError: If `TF_CONFIG` is malformed, or names a port in use for this process.
        TimeoutError: If a process of the cluster has not answered for `PATIENCE` seconds; the
            message names it.
    """
    global _joined
    cluster = Cluster.from_environment()
    if cluster is None or _joined is not None:
        return tf.distribute.MultiWorkerMirroredStrategy()
    own = cluster.jobs[cluster.job][cluster.index]
    if not _is_known(*_place(own)):
        rule = f"made of hosts that this machine knows, unlike its own {own!r}"
        raise _invalid(rule, os.environ["TF_CONFIG"])
    _meet(cluster, PATIENCE)
    # Should one be lost right now: nothing but this can end TensorFlow's wait.
    faulthandler.dump_traceback_later(PATIENCE, exit=True, file=sys.__stderr__)
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    finally:
        faulthandler.cancel_dump_traceback_later()
    if threading.current_thread() is threading.main_thread():
        # TensorFlow has taken SIGTERM for itself, and would let it pass unheard.
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    _joined = cluster
    return strategy


@contextlib.contextmanager
def naming_lost_workers():
    """Turns what TensorFlow raises when a worker is gone into a `WorkerLost` that names it."""
    try:
        yield
    except _LOST as error:
        lost = _named_in(str(error), _joined) if _joined else []
        if not lost:
            raise
        raise WorkerLost(
            f"Lost {_joined.described(lost)}: no answer any more. Start all workers again with "
            "--resume to go on from the last checkpoint"
        ) from error


def has_workers(strategy):
    """Tells whether a strategy is one of several processes, or could be."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def require_equal_shares(strategy, batch_size):
    """Refuses a global batch that several workers cannot share equally.

    Raises:
        ValueError: If the number of workers does not divide `batch_size`.
    """
    if not has_workers(strategy):
        return
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise ValueError(
            f"`batch_size` must be a multiple of the number of workers' replicas, {replicas}. "
            f"Received: batch_size={batch_size}"
        )


def _invalid(rule, text):
    text = text if len(text) <= 200 else f"{text[:200]}..."
    return ValueError(f"`TF_CONFIG` must be {rule}. Received: TF_CONFIG={text!r}")


def _check_jobs(jobs, text):
    outside = sorted(set(jobs) - {"chief", "worker"})
    if outside:
        raise _invalid(f"a cluster of `chief` and `worker` alone, without {outside}", text)
    if not all(isinstance(addresses, list) and addresses for addresses in jobs.values()):
        raise _invalid("given a `cluster`, a dictionary of lists of addresses", text)
    if len(jobs.get("chief", ())) > 1:
        raise _invalid("a cluster of one chief", text)
    addresses = [address for job in jobs.values() for address in job]
    for address in addresses:
        host, port = _place(address)
        if not re.fullmatch(r"[\w.:-]+", host) or not 0 < port < 65536:
            raise _invalid(f"made of addresses HOST:PORT, unlike {address!r}", text)
    alike = {address.replace("localhost:", "127.0.0.1:") for address in addresses}
    if len(alike) < len(addresses):
        raise _invalid("made of addresses that differ", text)


def _is_known(host, port):
    try:
        return bool(socket.getaddrinfo(host, port))
    except OSError:
        return False


def _place(address):
    """Returns the host and the port of an address; an empty host where it is none."""
    host, _, port = str(address).rpartition(":")
    return (host.strip("[]"), int(port)) if port.isdecimal() else ("", 0)


def _why(error):
    if error.errno == errno.EADDRINUSE:
        return "is in use"
    return f"cannot be opened ({os.strerror(error.errno)})"


def _answers(address):
    try:
        with socket.create_connection(_place(address), timeout=KNOCK):
            return True
    except OSError:
        return False


def _meet(cluster, patience):
    """Returns once every process of the cluster has answered."""
    try:
        door = socket.create_server(("", cluster.port))
    except OSError as error:
        name = f"{cluster.job} {cluster.index}"
        raise _invalid(
            f"given a free port for {name}: {cluster.port} {_why(error)}",
            os.environ["TF_CONFIG"],
        ) from error
    with door:
        missing = cluster.silent()
        end = time.monotonic() + patience
        while missing:
            if time.monotonic() > end:
                raise TimeoutError(
                    f"No answer from {cluster.described(missing)} within {patience} seconds; "
                    "every process that TF_CONFIG lists must be started"
                )
            time.sleep(KNOCK / 10)
            missing = cluster.silent(missing)


def _named_in(message, cluster):
    """Returns the names of the processes that are lost, by an error's message or by knocking."""
    peers = cluster.peers()
    found = re.findall(r"/job:(\w+)(?:/replica:\d+)?/task:(\d+)", message)
    named = dict.fromkeys(f"{job} {index}" for job, index in found)
    lost = [name for name in named if name in peers] or cluster.silent()
    if not lost and "CoordinationService" in message:
        # The first process runs the service that all the others report to.
        lost = [name for name in peers if name in ("chief 0", "worker 0")][:1]
    return lost
