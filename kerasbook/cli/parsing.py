"""What the commands share: one-line errors, help pages, flags that several have, and wording."""

import argparse

from absl.flags import argparse_flags

BAD_INPUT = 2


class Parser(argparse_flags.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message):
        self.exit(BAD_INPUT, f"{self.prog}: {message}; see {self.prog} --help\n")


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Shows defaults that say something, and leaves the examples as they are written."""

    def _get_help_string(self, action):
        if not action.default or action.default is argparse.SUPPRESS:
            return action.help
        return f"{action.help} (default: %(default)s)"


def add_command(commands, name, text, summary, function):
    """Adds a command to a parser's subparsers and returns its parser.

    Args:
        commands: What `add_subparsers` returned.
        name: The command's name.
        text: Its help page above the flags.
        summary: Its line on the help page of all commands.
        function: Called with the parsed arguments; returns an exit code, or `None` for 0.
    """
    command = commands.add_parser(
        name,
        help=summary,
        description=text,
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    command.set_defaults(function=function)
    command.add_argument("--debug", action="store_true", help="show tracebacks of errors")
    return command


def add_run(command):
    """Adds the argument RUN."""
    command.add_argument("run", metavar="RUN", help="folder of a run")


def add_data_dir(command):
    """Adds `--data_dir`."""
    command.add_argument(
        "--data_dir",
        metavar="FOLDER",
        help="folder of prepared TFDS datasets; default: TFDS' own",
    )


def positive(text):
    """Reads an integer above 0."""
    return _integer(text, 1, "a positive integer")


def natural(text):
    """Reads an integer that is 0 or above."""
    return _integer(text, 0, "an integer of at least 0")


def _integer(text, least, rule):
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"must be {rule}, received {text!r}")
    return value


def accuracy_text(accuracy, interval, more=()):
    """Returns an accuracy in words, its 95 % interval and more in brackets."""
    low, high = interval
    inside = "; ".join([f"95 % interval {low:.1%} to {high:.1%}", *more])
    return f"{accuracy:.2%} ({inside})"
