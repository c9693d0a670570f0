"""What a command owes its console: quiet imports, one line per error, streams that may be gone."""

import contextlib
import os
import re
import sys
import tempfile


@contextlib.contextmanager
def quiet_import():
    """Imports TensorFlow without the lines that its libraries write to stderr by themselves."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as noise:
        os.dup2(noise.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


class PatientStream:
    """Stdout for a run: where its reader is gone, it falls silent and the run goes on."""

    def __init__(self, stream):
        self._stream = stream

    def write(self, text):
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            silence(self._stream)
            return len(text)

    def flush(self):
        try:
            self._stream.flush()
        except BrokenPipeError:
            silence(self._stream)

    def __getattr__(self, name):
        return getattr(self._stream, name)


def silence(stream):
    """Sends what a stream still holds, and all that follows, nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def show_warning(message, *_):
    """Prints a warning in one line, in place of `warnings.showwarning`."""
    print(f"kerasbook: warning: {' '.join(str(message).split())}", file=sys.stderr)


def one_line(error):
    """Returns what there is to say of an error, in one line."""
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{place}"
    # TensorFlow's messages begin with the place in its graph.
    text = re.sub(r"\{\{.*?\}\}", "", str(error)).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # An error within a traced function ends with what is said; else that comes first.
    traced = lines and lines[0] == "in user code:"
    text = lines[-1] if traced else next(iter(lines), "")
    if isinstance(error, (ValueError, FloatingPointError, OSError)) and text:
        return text
    return f"{type(error).__name__}: {text} (--debug shows where)"


def open_missing_streams():
    """Gives the program a silent stdout or stderr where its caller has closed it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  it stays open
