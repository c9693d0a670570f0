"""The command `kerasbook`: parses, calls, prints.

Exit codes: 0 for success, 2 for anything the user can mend (one line on stderr; `--debug`
shows where it came from), 130 after Ctrl-C, 143 after SIGTERM.
"""

import argparse
import contextlib
import sys
import traceback
import warnings

from absl import app, flags, logging
from absl.flags import argparse_flags

import kerasbook
from kerasbook.console import (
    PatientStream,
    one_line,
    open_missing_streams,
    quiet_import,
    show_warning,
    silence,
)

BAD_INPUT = 2
INTERRUPTED = 130

DESCRIPTION = """\
Layers, models and training recipes of the deep-learning textbooks.

  kerasbook train                          train LeNet-5 on the embedded digits, a minute at most
  kerasbook train mnist_lenet5 --seed 1    run a bundled recipe
  kerasbook evaluate runs/NAME             test what a run left
  kerasbook predict runs/NAME *.png        name what is on images
  kerasbook export runs/NAME -o model      write a SavedModel for serving
  kerasbook show-augmentation imagenet cat.jpg    draw what a policy does to an image
  kerasbook list recipes                   show what there is
"""

TRAIN = """\
Runs a recipe into a new folder: the recipe as run, record.json, log.csv, curves.png,
confusion_matrix.png, mistakes.png (the worst of them), checkpoints/best.keras and last.keras,
and saved_model/, ready to be served. Prints the test accuracy of the best epoch's model, and
the folder.

  kerasbook train mnist_mlp --epochs 2 --set learning_rate=0.01
  kerasbook train --augmentation policy.json         a policy of yours, see `to_json`
  kerasbook train --run_dir runs/first --resume      go on after Ctrl-C
"""

EVALUATE = """\
Evaluates a run's best model on its test split, or another, and prints loss and accuracy.

  kerasbook evaluate runs/first --split validation
"""

PREDICT = """\
Prints a table of the most probable classes of each image file (JPEG, PNG, GIF or BMP). Images
of any size are resized, and turned to grey or colour, as in the run's own pipeline. A file that
cannot be read is named on stderr, the others are still predicted, and the exit code is 2.

  kerasbook predict runs/first three.png seven.jpg
"""

EXPORT = """\
Writes a run's best model as a SavedModel (in place of RUN/saved_model, or to a new folder),
loads it again, and compares it with the model on real images before it appears. Signatures:
serving_default (float images), image_bytes (the files themselves) and tf_example (serialized
tf.train.Example with the file under "image"). All return `probabilities`, and the `classes` and
`scores` of the best.

  kerasbook export runs/first -o served/digits/1
"""

SHOW_AUGMENTATION = """\
Draws a contact sheet of a policy: a row for each of its operations at levels 0 to 10 (or for each
sub-policy of AutoAugment, at shares of its levels), and images as the whole policy draws them.
POLICY is a name from `kerasbook list policies` or a JSON file of `kerasbook.augmentation.to_json`.

  kerasbook show-augmentation rand_augment cat.jpg -o sheet.png
  kerasbook show-augmentation policy.json cifar10 --index 7
"""

LIST = """\
Prints the names of what there is, the parts of plug-ins among them.

  kerasbook list models
"""


class _Parser(argparse_flags.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message):
        self.exit(BAD_INPUT, f"{self.prog}: {message}; see {self.prog} --help\n")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Shows defaults that say something, and leaves the examples as they are written."""

    def _get_help_string(self, action):
        if not action.default or action.default is argparse.SUPPRESS:
            return action.help
        return f"{action.help} (default: %(default)s)"


def make_parser():
    """Returns the parser of the whole command line."""
    parser = _Parser(
        prog="kerasbook",
        description=DESCRIPTION,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    version = f"kerasbook {kerasbook.__version__}"
    parser.add_argument("--version", action="version", version=version, help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name, text, summary, function):
        command = commands.add_parser(
            name,
            help=summary,
            description=text,
            formatter_class=_Formatter,
            allow_abbrev=False,
        )
        command.set_defaults(function=function)
        command.add_argument("--debug", action="store_true", help="show tracebacks of errors")
        return command

    _add_train_flags(add("train", TRAIN, "run a recipe", _train))
    evaluate = add("evaluate", EVALUATE, "test what a run left", _evaluate)
    _add_run(evaluate)
    _add_data_dir(evaluate)
    evaluate.add_argument("--split", metavar="SPLIT", help="TFDS split; default: the recipe's")
    predict = add("predict", PREDICT, "name what is on images", _predict)
    _add_run(predict)
    predict.add_argument("images", nargs="+", metavar="IMAGE", help="image files")
    predict.add_argument("--top", type=_positive, default=3, metavar="N", help="classes per image")
    export = add("export", EXPORT, "write a SavedModel for serving", _export)
    _add_run(export)
    export.add_argument(
        "-o", "--output", metavar="FOLDER", help="folder to write; default: RUN/saved_model"
    )
    export.add_argument("--top", type=_positive, default=5, metavar="N", help="classes to name")
    export.add_argument(
        "--overwrite", action="store_true", help="replace the folder if it is there"
    )
    _add_show_flags(
        add("show-augmentation", SHOW_AUGMENTATION, "draw what a policy does", _show_augmentation)
    )
    listing = add("list", LIST, "show what there is", _list)
    kinds = ("models", "layers", "operations", "policies", "recipes", "datasets")
    listing.add_argument("kind", nargs="?", choices=kinds, help="one kind only")
    _add_data_dir(listing)
    return parser


def _add_train_flags(train):
    train.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help="name from `kerasbook list recipes` (default: digits_lenet5)",
    )
    train.add_argument("--epochs", type=_positive, metavar="N", help="passes over the data")
    train.add_argument(
        "--batch_size",
        type=_positive,
        metavar="N",
        help="examples in a step, over all replicas",
    )
    train.add_argument("--seed", type=int, metavar="N", help="seed of everything random")
    _add_data_dir(train)
    train.add_argument(
        "--max_examples", type=_positive, metavar="N", help="use the first N of each split only"
    )
    train.add_argument(
        "--run_dir", metavar="FOLDER", help="folder of the run; default: runs/RECIPE-DATE-TIME"
    )
    train.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint in --run_dir"
    )
    train.add_argument(
        "--strategy",
        choices=("default", "mirrored", "multi_worker", "tpu"),
        default="default",
        help="one device; all GPUs here; the machines in TF_CONFIG; a TPU",
    )
    train.add_argument(
        "--augmentation",
        metavar="POLICY",
        help="name from `kerasbook list policies`, or a policy's JSON file",
    )
    train.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
        help="dtype policy of the model",
    )
    train.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="FIELD=VALUE",
        help="change any field of the recipe; may be given several times",
    )


def _add_show_flags(show):
    show.add_argument("policy", metavar="POLICY", help="name or JSON file of a policy")
    show.add_argument("source", metavar="IMAGE|DATASET", help="image file, dataset or TFDS folder")
    show.add_argument(
        "-o", "--output", metavar="FILE", default="augmentation.png", help="PNG file to write"
    )
    show.add_argument("--size", type=_positive, default=96, metavar="PIXELS", help="longer side")
    show.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the whole policy")
    show.add_argument("--index", type=int, default=0, metavar="N", help="first image of a dataset")
    _add_data_dir(show)


def _add_run(command):
    command.add_argument("run", metavar="RUN", help="folder of a run")


def _add_data_dir(command):
    command.add_argument(
        "--data_dir",
        metavar="FOLDER",
        help="folder of prepared TFDS datasets; default: TFDS' own",
    )


def _positive(text):
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a positive integer, received {text!r}")
    return value


def _train(arguments):
    from kerasbook import recipes, training
    from kerasbook.training.recipe import parse_settings

    given = {
        name: getattr(arguments, name)
        for name in ("epochs", "batch_size", "seed", "augmentation", "precision")
        if getattr(arguments, name) is not None
    }
    if arguments.resume and arguments.recipe is None:
        recipe = training.recipe_of(arguments.run_dir)
    else:
        recipe = recipes.get_recipe(arguments.recipe or "digits_lenet5")
    with contextlib.redirect_stdout(PatientStream(sys.stdout)):
        record = training.train(
            recipe.replace(**{**parse_settings(arguments.settings), **given}),
            run_dir=arguments.run_dir,
            data_dir=arguments.data_dir,
            max_examples=arguments.max_examples,
            strategy=arguments.strategy,
            resume=arguments.resume,
        )
        _print_results(record)


def _print_results(record):
    if record is not None:
        print(
            f"test accuracy {record['test_accuracy']:.2%} "
            f"({record['examples']['test']:,} images, loss {record['test_loss']:.4f})"
        )
        print(f"run folder    {record['run_dir']}", flush=True)


def _evaluate(arguments):
    from kerasbook import training

    results = training.evaluate(arguments.run, split=arguments.split, data_dir=arguments.data_dir)
    print(f"split     {results['split']}")
    print(f"examples  {results['examples']:,}")
    print(f"accuracy  {results['accuracy']:.2%}")
    print(f"loss      {results['loss']:.4f}")


def _predict(arguments):
    from kerasbook import training

    width = max(map(len, arguments.images))
    failed = 0
    for file, answer in training.predict(arguments.run, arguments.images, top=arguments.top):
        if isinstance(answer, Exception):
            print(f"kerasbook predict: {answer}", file=sys.stderr)
            failed += 1
        else:
            row = "   ".join(f"{name} {probability:6.1%}" for name, probability in answer)
            print(f"{file:<{width}}   {row}")
    return BAD_INPUT if failed else 0


def _export(arguments):
    from kerasbook import training

    path, difference = training.export_run(
        arguments.run, arguments.output, top_k=arguments.top, overwrite=arguments.overwrite
    )
    print(f"wrote {path}; served and predicted probabilities differ by {difference:.1e} at most")


def _show_augmentation(arguments):
    from kerasbook.training import preview_augmentation

    preview_augmentation(
        arguments.policy,
        arguments.source,
        arguments.output,
        data_dir=arguments.data_dir,
        index=arguments.index,
        size=arguments.size,
        seed=arguments.seed,
    )
    print(f"wrote {arguments.output}")


def _list(arguments):
    if arguments.kind:
        print("\n".join(_names(arguments.kind, arguments.data_dir)))
        return
    for kind in ("models", "layers", "operations", "policies", "recipes"):
        print(f"{kind}:", *_names(kind, None), sep="\n  ", end="\n\n")
    count = len(_names("datasets", arguments.data_dir)) - 1
    print("datasets:", "digits", f"and {count:,} of TFDS: kerasbook list datasets", sep="\n  ")


def _names(kind, data_dir):
    if kind == "models":
        from kerasbook.applications import list_models as names
    elif kind == "layers":
        from kerasbook.layers import list_layers as names
    elif kind == "operations":
        from kerasbook.augmentation import list_operations as names
    elif kind == "policies":
        from kerasbook.augmentation import list_policies as names
    elif kind == "recipes":
        from kerasbook.recipes import list_recipes as names
    else:
        from kerasbook.training.data import list_datasets

        return list_datasets(data_dir)
    return names()


def main(arguments):
    """Runs one parsed command and returns its exit code."""
    command = f"kerasbook {arguments.command}"
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
    warnings.showwarning = show_warning
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


def _parse(argv):
    parser = make_parser()
    try:
        arguments, unknown = parser.parse_known_args(argv[1:])
    except flags.Error as error:
        return parser.error(" ".join(str(error).split()))
    if unknown:
        parser.prog = f"kerasbook {arguments.command}"
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return arguments


def run():
    """The console script."""
    open_missing_streams()
    # absl parses with our parser, which knows the command; it exits with what `main` returns.
    app.run(main, flags_parser=_parse)
