"""The command `evaluate`."""

from kerasbook.cli.parsing import accuracy_text, add_command, add_data_dir

EVALUATE = """\
Evaluates a run's best model on its test split, or another, and prints accuracy, with its 95 %
bootstrap interval, and loss. Of several runs it prints each, and their ensemble: the mean of
their probabilities. A RUN may also be a model file in a run's folder. With --views it averages
the probabilities over crops and mirror images of the (enlarged) image.

  kerasbook evaluate runs/first --split validation
  kerasbook evaluate runs/first --views ten_crop --enlarge 1.15
  kerasbook evaluate runs/seed0 runs/seed1 runs/seed2
"""


def add(commands):
    """Adds the command to the parser's."""
    evaluate = add_command(commands, "evaluate", EVALUATE, "test what a run left", _evaluate)
    evaluate.add_argument(
        "runs", nargs="+", metavar="RUN", help="folder of a run, or a model file in it"
    )
    add_data_dir(evaluate)
    evaluate.add_argument("--split", metavar="SPLIT", help="TFDS split; default: the recipe's")
    evaluate.add_argument(
        "--views",
        metavar="VIEWS",
        help="center, flip, five_crop, ten_crop, dense (every place) or dense_flip",
    )
    evaluate.add_argument(
        "--enlarge",
        type=float,
        nargs="+",
        metavar="FACTOR",
        help="size of the image over the model's, or several to average over; default: 8/7, or "
        "1 with --views flip",
    )


def _evaluate(arguments):
    from kerasbook import training

    names = ("split", "data_dir", "views", "enlarge")
    options = {name: getattr(arguments, name) for name in names}
    if len(arguments.runs) == 1:
        results = training.evaluate(arguments.runs[0], **options)
        print(f"split     {results['split']}")
        print(f"examples  {results['examples']:,}")
        print(f"accuracy  {accuracy_text(results['accuracy'], results['interval'])}")
        print(f"loss      {results['loss']:.4f}")
        return
    results = training.evaluate_ensemble(arguments.runs, **options)
    together = results["ensemble"]
    rows = [*zip(arguments.runs, results["members"], strict=True), ("ensemble", together)]
    width = max(len(name) for name, _ in rows)
    print(f"{together['examples']:,} examples of {together['split']!r}; accuracy:")
    for name, row in rows:
        text = accuracy_text(row["accuracy"], row["interval"], [f"loss {row['loss']:.4f}"])
        print(f"{name:<{width}}  {text}")
