"""The command `compare`."""

from kerasbook.cli.parsing import accuracy_text, add_command, add_data_dir

COMPARE = """\
Compares the best models of two runs on the same test examples: both accuracies with their 95 %
intervals, on how many examples each is right, and McNemar's exact test of whether the difference
is more than chance. Runs on different test data are refused.

  kerasbook compare runs/first runs/second
"""

# Below it a difference is called one: what most people take.
SIGNIFICANT = 0.05


def add(commands):
    """Adds the command to the parser's."""
    compare = add_command(commands, "compare", COMPARE, "tell two runs apart", _compare)
    compare.add_argument("first", metavar="RUN", help="folder of a run, or a model file in it")
    compare.add_argument("second", metavar="RUN", help="another")
    add_data_dir(compare)
    compare.add_argument("--split", metavar="SPLIT", help="TFDS split; default: the recipes'")


def _compare(arguments):
    from kerasbook import training

    runs = arguments.first, arguments.second
    results = training.compare(*runs, split=arguments.split, data_dir=arguments.data_dir)
    test, width = results["test"], max(map(len, runs))
    print(f"{results['examples']:,} examples of {results['split']!r}; accuracy:")
    for run, *accuracy in zip(runs, results["accuracies"], results["intervals"], strict=True):
        print(f"{run:<{width}}  {accuracy_text(*accuracy)}")
    print()
    print(f"{'':<{width}}  second right  second wrong")
    print(f"{'first right':<{width}}  {test.both:12,}  {test.first_only:12,}")
    print(f"{'first wrong':<{width}}  {test.second_only:12,}  {test.neither:12,}")
    print()
    print(f"p-value {test.p_value:.4g} (McNemar, exact, two-sided)")
    print(_sentence(*runs, test))


def _sentence(first, second, test):
    """Returns what the table means, in plain words."""
    if test.p_value >= SIGNIFICANT:
        return (
            f"The difference of {abs(test.first_only - test.second_only)} examples may well be "
            "chance: these examples do not tell the runs apart."
        )
    better = first if test.first_only > test.second_only else second
    return f"{better} is better: if both were equally good, chance would rarely do this."
