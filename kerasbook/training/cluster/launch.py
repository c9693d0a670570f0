"""Several workers on this machine, to try out what will run on several machines.

Each worker is a process of its own with its share of the cores. They are told of each other by
`TF_CONFIG`, on ports that are free now. Worker 0, the chief, is shown as if it ran alone; of the
others, what they say on stderr, unless the chief has said it too. Signals are passed on to all;
when one worker fails, so do all; nothing is left behind.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

# When one has failed, the others may say for so long what they know of it, are then asked to stop,
# and killed in the end. In the middle of an epoch they find out in 10 to 15 seconds by themselves.
PAUSE = 5  # seconds
GRACE = 20  # seconds
POLL = 0.1  # seconds
HOST = "127.0.0.1"


def launch(command, workers, errors_start="kerasbook train:"):
    """Runs a command once per worker and returns the exit code of the chief.

    Args:
        command: The command and its arguments, which reads `TF_CONFIG`.
        workers: Number of processes, 1 or more.
        errors_start: How the line begins that says why the command failed.

    Returns:
        The chief's exit code: 128 plus the number of the signal, if one ended it.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = str(max(1, cores // workers))
    addresses = [f"{HOST}:{port}" for port in free_ports(workers)]
    says = _Voices(errors_start)
    processes, readers = [], []
    with _signals_for(processes) as signals:
        try:
            for index in range(workers):
                process = _start(command, addresses, index, threads)
                processes.append(process)
                readers.append(threading.Thread(target=says.relay, args=(index, process.stderr)))
                readers[-1].start()
                if signals:  # one that came before this worker was there
                    process.send_signal(signals[0])
            failed = _wait(processes, signals)
        finally:
            for process in processes:
                process.kill()  # does nothing to those that have ended
                process.wait()
            for reader in readers:
                reader.join()
    says.end(process.returncode for process in processes)
    code = processes[0].returncode
    if code < 0 and failed is not None:  # we ended the chief; the first to fail knows why
        code = processes[failed].returncode
    return code if code >= 0 else 128 - code


def free_ports(number):
    """Returns so many ports of this machine that nobody uses now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


def _start(command, addresses, index, threads):
    config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    environment = {
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        **os.environ,
        "TF_CONFIG": json.dumps(config),
    }
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if index else None,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        # A Ctrl-C reaches them through us alone: twice, it would kill.
        start_new_session=True,
    )


def _wait(processes, signals):
    """Waits for all to end; returns the index of the first that failed, if one made us end them.

    Once one has failed, or a signal came twice, we wait for `GRACE` seconds and no longer.
    """
    since = failed = None
    asked = False
    while any(process.poll() is None for process in processes):
        if failed is None and not signals:
            failed = next((i for i, process in enumerate(processes) if process.poll()), None)
        if since is None and (failed is not None or len(signals) > 1):
            since = time.monotonic()
        waited = 0 if since is None else time.monotonic() - since
        if waited > PAUSE and not asked:
            asked = True
            _send(processes, signal.SIGTERM)
        if waited > GRACE:
            break
        time.sleep(POLL)
    return failed if asked else None


def _send(processes, number):
    for process in processes:
        process.send_signal(number)  # does nothing to those that have ended


@contextlib.contextmanager
def _signals_for(processes):
    """Yields the list of the signals received so far; each is passed on to all processes."""
    received = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def on_signal(number, frame):
        received.append(number)
        _send(list(processes), number)

    previous = {
        number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class _Voices:
    """Prints what the workers say on stderr, each thing once."""

    def __init__(self, errors_start):
        self._errors_start = errors_start
        self._said = set()
        self._held = []  # the workers' last words: the chief may say the same
        self._lock = threading.Lock()

    def relay(self, index, stream):
        """Prints the lines of one worker until it ends."""
        with stream:
            for line in stream:
                self._hear(index, line.rstrip("\n"))

    def _hear(self, index, line):
        with self._lock:
            if index and line.startswith(self._errors_start):
                self._held.append((index, line))
            elif line and (index == 0 or line not in self._said):
                self._say(index, line)

    def end(self, codes):
        """Prints what was held back and the chief has not said, and who was killed."""
        for index, line in self._held:
            if line not in self._said:
                self._say(index, line)
        for index, code in enumerate(codes):
            if code < 0:
                self._say(index, f"ended by {signal.Signals(-code).name}")

    def _say(self, index, line):
        self._said.add(line)
        print(f"[worker {index}] {line}" if index else line, file=sys.stderr, flush=True)
