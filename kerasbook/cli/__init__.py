"""The command `kerasbook`: parses, calls, prints.

Exit codes: 0 for success, 2 for anything the user can mend (one line on stderr; `--debug`
shows where it came from), 130 after Ctrl-C, 143 after SIGTERM.
"""

import os
import sys
import traceback
import warnings

from absl import app, flags, logging

import kerasbook
from kerasbook.cli import (
    compare,
    evaluate,
    launch,
    listing,
    runs,
    search,
    show_augmentation,
    train,
    tune,
)
from kerasbook.cli.parsing import BAD_INPUT, Formatter, Parser
from kerasbook.console import (
    one_line,
    open_missing_streams,
    quiet_import,
    show_warning,
    silence,
)

INTERRUPTED = 130

DESCRIPTION = """\
Layers, models and training recipes of the deep-learning textbooks.

  kerasbook train                          train LeNet-5 on the embedded digits, a minute at most
  kerasbook train mnist_lenet5 --seed 1    run a bundled recipe
  kerasbook launch --workers 2             the same as two workers on this machine
  kerasbook tune --log_uniform learning_rate 1e-6 10    search for better fields
  kerasbook search mnist_lenet5 --budget 20m             search an augmentation policy
  kerasbook evaluate runs/NAME             test what a run left
  kerasbook compare runs/NAME runs/OTHER   ask whether two runs differ by more than chance
  kerasbook predict runs/NAME *.png        name what is on images
  kerasbook export runs/NAME -o model      write a SavedModel for serving
  kerasbook show-augmentation imagenet cat.jpg    draw what a policy does to an image
  kerasbook list recipes                   show what there is
"""


def make_parser():
    """Returns the parser of the whole command line."""
    parser = Parser(
        prog="kerasbook",
        description=DESCRIPTION,
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    version = f"kerasbook {kerasbook.__version__}"
    parser.add_argument("--version", action="version", version=version, help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for part in (train, launch, evaluate, compare, tune, search, runs, show_augmentation, listing):
        part.add(commands)
    return parser


def main(arguments):
    """Runs one parsed command and returns its exit code."""
    command = f"kerasbook {arguments.command}"
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
    warnings.showwarning = show_warning
    if getattr(arguments, "strategy", None) == "multi_worker":
        # Where a worker is gone, TensorFlow would print a page; our one line says it.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet_import():
            import keras  # noqa: F401  all commands need it
        return arguments.function(arguments) or 0
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has had enough
        silence(sys.stdout)
        return 0
    except KeyboardInterrupt as error:
        print(f"\n{command}: {str(error) or 'interrupted'}", file=sys.stderr)
        return getattr(error, "exit_code", INTERRUPTED)
    except Exception as error:
        if arguments.debug:
            traceback.print_exc()
        print(f"{command}: {one_line(error)}", file=sys.stderr)
        return BAD_INPUT


def parse(argv):
    """Parses a command line, the program's name first; ends the process where it is wrong."""
    parser = make_parser()
    try:
        arguments, unknown = parser.parse_known_args(argv[1:])
    except flags.Error as error:
        return parser.error(" ".join(str(error).split()))
    if unknown:
        parser.prog = f"kerasbook {arguments.command}"
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    arguments.typed = argv[1:]
    return arguments


def run():
    """The console script."""
    open_missing_streams()
    # absl parses with our parser, which knows the command; it exits with what `main` returns.
    app.run(main, flags_parser=parse)
