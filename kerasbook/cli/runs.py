"""The commands that use the model of a run: `predict` and `export`."""

import sys

from kerasbook.cli.parsing import BAD_INPUT, add_command, add_run, positive

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


def add(commands):
    """Adds the commands to the parser's."""
    predict = add_command(commands, "predict", PREDICT, "name what is on images", _predict)
    add_run(predict)
    predict.add_argument("images", nargs="+", metavar="IMAGE", help="image files")
    predict.add_argument("--top", type=positive, default=3, metavar="N", help="classes per image")
    export = add_command(commands, "export", EXPORT, "write a SavedModel for serving", _export)
    add_run(export)
    export.add_argument(
        "-o", "--output", metavar="FOLDER", help="folder to write; default: RUN/saved_model"
    )
    export.add_argument("--top", type=positive, default=5, metavar="N", help="classes to name")
    export.add_argument(
        "--overwrite", action="store_true", help="replace the folder if it is there"
    )


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
