"""The console: streams that go away, and errors in one line."""

import os
import sys
import warnings

import pytest

from kerasbook import console


def test_a_stream_without_a_reader_falls_silent():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        patient = console.PatientStream(stream)
        for _ in range(3):
            patient.write("text" * 10_000)
            patient.flush()
        assert not patient.isatty()


def test_missing_streams_are_opened(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    console.open_missing_streams()
    print("nobody reads this")
    sys.stdout.close()


def test_quiet_import_swallows_what_is_written_to_the_file_itself(capfd):
    with console.quiet_import():
        os.write(2, b"noise")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("\n  first\nsecond"), "first"),
        (FileNotFoundError(2, "No such file", "x.png"), "No such file: x.png"),
        (FileNotFoundError("a text of our own"), "a text of our own"),
        (KeyError("x"), "KeyError: 'x' (--debug shows where)"),
        (ValueError("{{function_node __wrapped__x}} what it is"), "what it is"),
    ],
)
def test_errors_in_one_line(error, line):
    assert console.one_line(error) == line


def test_warnings_in_one_line(capsys, monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", console.show_warning)
    console.show_warning(UserWarning("two\nlines"), UserWarning, "file", 1)
    assert capsys.readouterr().err == "kerasbook: warning: two lines\n"
