"""What an augmentation does to an image: its operations level by level, and the whole of it."""

import numpy as np
from matplotlib.figure import Figure

from kerasbook.augmentation.levels import magnitude_of
from kerasbook.augmentation.operations import get_operation
from kerasbook.augmentation.operations.masks import mix_with_another
from kerasbook.augmentation.program import Steps, run
from kerasbook.ops import compiled

LEVELS = (0, 2, 4, 6, 8, 10)
SAMPLES = 2 * len(LEVELS)
DPI = 100
# In pixels: around pictures, below them for a caption, above a section, left for the labels.
GAP, CAPTION, HEADING, MARGIN = 6, 15, 58, 170
TITLE = 30
SHORT_UNITS = {"degrees": "°", "factor": "x", "bits kept": " bits"}


def plot_augmentation_sheet(policy, images, path, *, seed=0, size=96, title=""):
    """Draws the operations of a policy at levels 0 to 10, and what the whole policy draws.

    A policy of sub-policies has a row for each, at 0 to 100% of its levels, with every operation
    carried out, whatever its probability. Operations of two sides show the upper one.

    Args:
        policy: An augmentation, such as `kerasbook.augmentation.get_policy` returns.
        images: Sequence of arrays `(height, width, 1 or 3)` of one shape, uint8 in [0, 255]. The
            operations show the first; the whole policy shows all.
        path: The picture to write; its suffix says the format.
        seed: Seed of what the whole policy draws.
        size: Side in pixels that smaller images are enlarged to, by a whole factor and after the
            operations.
        title: Title of the sheet.

    Raises:
        ValueError: If there are no images.
    """
    images = [np.asarray(image) for image in images]
    if not images:
        raise ValueError("`images` must hold one image at least. Received: images=[]")
    sections = []
    for leaf in (leaf for leaf in policy.leaves() if leaf.is_planned):
        sections.extend(_levels(leaf, images))
    sections.append(("The whole policy, as drawn", None, _samples(policy, images, seed)))
    zoom = max(1, size // max(images[0].shape[:2]))
    _draw([section for section in sections if section[2]], zoom, title, path)


def _levels(policy, images):
    """Returns the sections of one augmentation: (heading, heads of columns, rows)."""
    name = type(policy).__name__
    ranges = getattr(policy, "magnitude_ranges", None)
    if hasattr(policy, "sub_policies"):
        rows = []
        for number, steps in enumerate(policy.sub_policies, 1):
            label = "\n".join(f"{_words(step)} {rate:.0%}" for step, rate, _ in steps)
            cells = [
                ([_step(policy, ranges, step, s * level / 10) for step, _, s in steps], "")
                for level in LEVELS
            ]
            rows.append((f"{number}.  {label}", cells))
        heads = [f"{10 * level}%" for level in LEVELS]
        heading = f"{name}: sub-policies and probabilities, at shares of their levels"
        return [(heading, heads, _pictures(policy, rows, images))]
    rows, without = [], [([], "as it is")]
    for operation in map(get_operation, policy.operations):
        if operation.has_level:
            steps = [_step(policy, ranges, operation.name, level / 10) for level in LEVELS]
            cells = [([step], _value(step[1], operation.unit)) for step in steps]
            rows.append((_label(operation), cells))
        elif operation.name != "identity":
            step = (policy.operations.index(operation.name), 0.0)
            without.append(([step], _words(operation.name)))
    lines = []
    if without[1:]:
        width = len(LEVELS)
        lines = [("", without[i : i + width]) for i in range(0, len(without), width)]
    pictures = _pictures(policy, rows + lines, images)
    return [
        (f"{name}: operations", [f"level {v}" for v in LEVELS], pictures[: len(rows)]),
        (f"{name}: operations without a level", None, pictures[len(rows) :]),
    ]


def _step(policy, ranges, name, strength):
    """Returns an operation's place in the policy and its magnitude."""
    which = policy.operations.index(name)
    magnitude = magnitude_of(
        np.array([which]), strength, np.ones(1, "float32"), policy.operations, ranges
    )
    return which, float(magnitude[0])


def _pictures(policy, rows, images):
    """Carries out the steps of all cells; returns rows of (label, [(picture, caption)])."""
    cells = [cell for _, row in rows for cell in row]
    if not cells:
        return []
    count, longest = len(cells), max(1, *(len(steps) for steps, _ in cells))
    nothing = len(policy.operations)
    which, magnitude = np.full((count + 1, longest), nothing), np.zeros((count + 1, longest))
    for place, (steps, _) in enumerate(cells):
        for i, step in enumerate(steps):
            which[place, i], magnitude[place, i] = step
    chance = np.full((count + 1, longest, policy.num_chances), 0.5)
    for place, name in enumerate(policy.operations):
        if get_operation(name).kernel is mix_with_another:
            # The other image stands at the end of the batch.
            distance = count - np.arange(count + 1) - 0.5
            cell, step = np.nonzero(which == place)
            chance[cell, step, 0] = (distance / count)[cell]
    batch = np.stack([images[0]] * count + [_another(images)])
    carry_out = compiled(
        lambda *given: run(
            given[0], Steps(*given[1:]), policy.operations, policy.fill, policy.value_range
        )
    )
    steps = which.astype("int32"), magnitude.astype("float32"), chance.astype("float32")
    results = iter(np.asarray(carry_out(batch, *steps)))
    return [(label, [(next(results), caption) for _, caption in row]) for label, row in rows]


def _samples(policy, images, seed):
    """Returns two rows of what a whole policy makes of the images."""
    mixes = any(leaf.mixes_samples for leaf in policy.leaves())
    if mixes:
        images = images if images[1:] else [images[0], _another(images)]
        order = np.arange(SAMPLES) % len(images)
    else:  # a row of one image, and a row of all
        order = np.concatenate([np.zeros(SAMPLES // 2, int), np.arange(SAMPLES // 2) % len(images)])
    batch = np.stack([images[place] for place in order])
    drawn = policy.draw(seed, 0, np.arange(SAMPLES))
    if mixes:
        labels = np.eye(SAMPLES, dtype="float32")
        batch = policy.apply({"images": batch, "labels": labels}, drawn)["images"]
    else:
        batch = policy.apply(batch, drawn)
    cells = [(picture, "") for picture in np.asarray(batch)[:SAMPLES]]
    first, second = ("mixed", "mixed") if mixes else ("this image", "one image each")
    if not images[1:]:
        second = first
    return [(first, cells[: SAMPLES // 2]), (second, cells[SAMPLES // 2 :])]


def _another(images):
    """Returns an image to mix the first one with: the second, or its mirror image."""
    return images[1] if images[1:] else images[0][:, ::-1]


def _words(name):
    return name.replace("_", " ")


def _label(operation):
    unit = "" if operation.unit in SHORT_UNITS else operation.unit.split(";")[0]
    return f"{_words(operation.name)}\n{unit}".strip()


def _value(magnitude, unit):
    return f"{magnitude:.3g}{SHORT_UNITS.get(unit, '')}"


def _draw(sections, zoom, title, path):
    """Draws sections of (heading, heads of columns, rows) below each other, pixel for pixel."""
    height, width = (zoom * side for side in sections[0][2][0][1][0][0].shape[:2])
    step_x, step_y = width + GAP, height + CAPTION + GAP
    heights = [(HEADING if heads else HEADING - 18) + len(r) * step_y for _, heads, r in sections]
    across, down = MARGIN + len(LEVELS) * step_x + GAP, TITLE + sum(heights)
    figure = Figure(figsize=(across / DPI, down / DPI), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    sheet = np.full((down, across, 3), 255, "uint8")

    def write(x, y, text, **style):
        axes.text(x, y, text, parse_math=False, **{"size": 8, "color": "0.25", **style})

    write(2 * GAP, TITLE - 4, title, size=12, weight="bold", color="black")
    top = TITLE
    for (heading, heads, rows), used in zip(sections, heights, strict=True):
        write(2 * GAP, top + 31, heading, size=10, weight="bold", color="black")
        bottom, top = top + used, top + used - len(rows) * step_y
        for column, head in enumerate(heads or []):
            write(MARGIN + column * step_x + width / 2, top - 7, head, size=9, ha="center")
        for label, cells in rows:
            write(MARGIN - 2 * GAP, top + height / 2, label, ha="right", va="center", size=9)
            for column, (picture, caption) in enumerate(cells):
                x = MARGIN + column * step_x
                enlarged = picture.repeat(zoom, axis=0).repeat(zoom, axis=1)
                sheet[top : top + height, x : x + width] = enlarged
                write(x + width / 2, top + height + 2, caption, ha="center", va="top", size=7.5)
            top += step_y
        top = bottom
    axes.imshow(sheet, extent=(0, across, down, 0), interpolation="none", aspect="auto")
    figure.savefig(path, dpi=DPI)
