"""The command `show-augmentation`."""

from kerasbook.cli.parsing import add_command, add_data_dir, positive

SHOW_AUGMENTATION = """\
Draws a contact sheet of a policy: a row for each of its operations at levels 0 to 10 (or for each
sub-policy of AutoAugment, at shares of its levels), and images as the whole policy draws them.
POLICY is a name from `kerasbook list policies` or a JSON file of `kerasbook.augmentation.to_json`.

  kerasbook show-augmentation rand_augment cat.jpg -o sheet.png
  kerasbook show-augmentation policy.json cifar10 --index 7
"""


def add(commands):
    """Adds the command to the parser's."""
    summary = "draw what a policy does"
    show = add_command(
        commands, "show-augmentation", SHOW_AUGMENTATION, summary, _show_augmentation
    )
    show.add_argument("policy", metavar="POLICY", help="name or JSON file of a policy")
    show.add_argument("source", metavar="IMAGE|DATASET", help="image file, dataset or TFDS folder")
    show.add_argument(
        "-o", "--output", metavar="FILE", default="augmentation.png", help="PNG file to write"
    )
    show.add_argument("--size", type=positive, default=96, metavar="PIXELS", help="longer side")
    show.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the whole policy")
    show.add_argument("--index", type=int, default=0, metavar="N", help="first image of a dataset")
    add_data_dir(show)


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
