"""What searched augmentation policies are worth, at equal time of search.

    python benchmarks/policy_search.py cifar10 --data_dir FOLDER
    python benchmarks/policy_search.py mnist --data_dir FOLDER     the quick case

A search sees a part of the training images and is judged on the rest of them. What it found is then
trained with on all of them, with three seeds, and the model of the last epoch is tested: nothing
else reads the test split. All policies, but "none", come after the same flips and shifts, and those
marked so come alone. Searches have the same wall time; one of density matching has a fifth of it,
whose models are trained on one half of the images and judge by the other. The schedule of a
population is stretched to the epochs of the final training. Two jobs run at a time, each with one
thread, so that the speed of one depends on what else the machine does. What is in the record
already is not done again. The picture is `records/policy_search_CASE.png`.
"""

import argparse
import concurrent.futures
import csv
import dataclasses
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import augmentation_effect
import matplotlib
from paired import RECORDS, write_record

from kerasbook import augmentation, recipes, training

matplotlib.use("Agg")

SEEDS = (0, 1, 2)
JOBS = 2
LEAST = 30.0  # seconds; a search of less would hardly do more than trace and compile
ALONE = ("random", "density_matching")  # the searches whose policies are also tried by themselves
FIFTH = "density_matching, a fifth of the time"


@dataclasses.dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        recipe: The final training's; searches have its other fields.
        searched: TFDS splits that a search trains on and is judged by, parts of the recipe's.
        base: The augmentation before all policies.
        published: The published policy compared with.
        budget: Seconds of each search.
        epochs: Epochs of a trial, or of the models of density matching.
        member_epochs: Epochs that each of a population is trained for, in how many of each trial.
    """

    recipe: training.Recipe
    searched: tuple
    base: str
    published: str
    budget: float
    epochs: int
    member_epochs: tuple


CASES = {
    "cifar10": Case(
        augmentation_effect.RECIPE.replace(
            name="policy_search_cifar10",
            model="wideresnet10",
            epochs=40,
            steps_per_execution=8,
        ),
        searched=("train[:3000]", "train[3000:4000]"),
        base="shift_and_flip",
        published="cifar10",
        budget=600.0,
        epochs=10,
        member_epochs=(32, 4),
    ),
    "mnist": Case(
        recipes.get_recipe("mnist_lenet5").replace(
            name="policy_search_mnist",
            train_split="train[:500]",
            validation_split="train[500:756]",
            epochs=60,
        ),
        searched=("train[:300]", "train[300:500]"),
        base="shift",
        published="svhn",
        budget=60.0,
        epochs=8,
        member_epochs=(24, 3),
    ),
}
SEARCHES = {
    **{name: (name, 1.0) for name in ("random", "reinforce", "density_matching", "population")},
    FIFTH: ("density_matching", 0.2),
}


def policies(case):
    """Returns the policies that are not searched, by the names of the table's rows."""
    base = augmentation.get_policy(case.base)

    def after_base(name):
        return augmentation.Sequence([base, augmentation.get_policy(name)])

    return {
        "none": "none",
        case.base: case.base,
        "rand_augment": augmentation.to_json(after_base("rand_augment")),
        f"{case.published}, published": augmentation.to_json(after_base(case.published)),
    }


def search(case, name, data_dir):
    """Searches, and returns what was found and how."""
    method, share = SEARCHES[name]
    train_split, validation_split = case.searched
    recipe = case.recipe.replace(
        train_split=train_split, validation_split=validation_split, augmentation=case.base
    )
    epochs = case.epochs
    if method == "population":
        whole, epochs = case.member_epochs
        recipe = recipe.replace(epochs=whole)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "search"
        record = training.search_policy(
            recipe,
            method,
            budget=share * case.budget,
            epochs=epochs,
            run_dir=path,
            data_dir=data_dir,
            verbose=0,
        )
        with (path / "trials.csv").open() as file:
            trials = list(csv.DictReader(file))
        policy = json.loads((path / "policy.json").read_text())
    return {
        "method": method,
        "seconds": record["seconds"],
        "trials": record["trials"],
        "failed": record["failed"],
        "best_trial": record["best"]["trial"],
        "best_reward": record["best"]["reward"],
        "rewards": [
            [float(t["elapsed"]), t["fold"], float(t["reward"]) if t["reward"] else None]
            for t in trials
        ],
        "policy": policy,
    }


def stretched(policy, factor):
    """Returns a policy whose schedule, if it has one, lasts for the final training."""
    policy = json.loads(json.dumps(policy))
    parts = policy["arguments"].get("augmentations", [policy])
    for part in parts:
        if "first_epochs" in part["arguments"]:
            epochs = part["arguments"]["first_epochs"]
            part["arguments"]["first_epochs"] = [round(factor * epoch) for epoch in epochs]
    return policy


def final(case, policy, seed, data_dir):
    """Trains with a policy and returns what the last epoch's model is worth."""
    recipe = case.recipe.replace(augmentation=policy, seed=seed)
    return augmentation_effect.run(recipe, data_dir)


def job(description, data_dir):
    """Does one job; what it returns is the last line printed."""
    case = CASES[description["case"]]
    if "search" in description:
        result = search(case, description["search"], data_dir)
    else:
        result = final(case, description["policy"], description["seed"], data_dir)
    print(json.dumps(result))


def in_process(description, data_dir):
    """Does one job in a process of its own, on one thread."""
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    command = [sys.executable, __file__, description["case"], "--job", json.dumps(description)]
    if data_dir:
        command += ["--data_dir", data_dir]
    done = subprocess.run(
        command, env={**os.environ, **threads}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def all_in_turn(pool, descriptions, data_dir):
    """Yields descriptions and results as they are done, so many at a time as there are jobs."""
    futures = {pool.submit(in_process, d, data_dir): d for d in descriptions}
    for future in concurrent.futures.as_completed(futures):
        yield futures[future], future.result()


def draw(record, path):
    """Draws the test accuracies, and the rewards over the time of the searches."""
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    rows = record["rows"]
    for place, row in enumerate(reversed(rows)):
        values = [100 * run["test_accuracy"] for run in row["runs"]]
        left.plot(values, [place] * len(values), "o", alpha=0.5, color="C0")
        left.plot([statistics.mean(values)], [place], "|", ms=16, mew=2.5, color="black")
    left.set_yticks(range(len(rows)), [row["policy"] for row in reversed(rows)])
    left.set_xlabel("test accuracy, %: each seed, and the mean")
    left.grid(alpha=0.3)
    for number, (name, found) in enumerate(record["searches"].items()):
        if found["method"] == "density_matching":
            continue  # its rewards are losses, not accuracies
        told = [row for row in found["rewards"] if row[2] is not None]
        seconds, _, rewards = zip(*told, strict=True)
        if found["method"] == "population":
            name = f"{name}: members after more and more epochs"
        best = list(itertools.accumulate(rewards, max))
        right.plot(seconds, [100 * r for r in rewards], ".", alpha=0.4, color=f"C{number}")
        right.step(seconds, [100 * r for r in best], where="post", color=f"C{number}", label=name)
    right.set_xlabel("seconds of search")
    right.set_ylabel("validation accuracy of a trial, %, and the best so far")
    right.grid(alpha=0.3)
    right.legend(frameon=False)
    figure.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=tuple(CASES))
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    parser.add_argument("--job", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.job:
        job(json.loads(arguments.job), arguments.data_dir)
        return
    name, case = f"policy_search_{arguments.case}", CASES[arguments.case]
    settings = json.loads(json.dumps(dataclasses.asdict(case)))
    file = RECORDS / f"{name}.json"
    record = json.loads(file.read_text()) if file.exists() else {}
    if record.get("case") != settings:
        record = {"searches": {}, "rows": []}
    runs = {row["policy"]: row["runs"] for row in record["rows"]}
    searches = record["searches"]
    wanted = [s for s, (_, share) in SEARCHES.items() if share * case.budget >= LEAST]

    def write():
        rows = [
            {
                "policy": policy,
                "mean_test_accuracy": statistics.mean(r["test_accuracy"] for r in done),
                "deviation": statistics.stdev(r["test_accuracy"] for r in done)
                if len(done) > 1
                else None,
                "runs": sorted(done, key=lambda r: r["seed"]),
            }
            for policy, done in runs.items()
            if done
        ]
        ordered = {search: searches[search] for search in SEARCHES if search in searches}
        write_record(name, rows, case=settings, searches=ordered, jobs=JOBS)

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        due = [{"case": arguments.case, "search": s} for s in wanted if s not in searches]
        for again in due:  # what was trained with an earlier find
            for policy in (again["search"], f"{again['search']}, alone"):
                runs.pop(policy, None)
        for done, found in all_in_turn(pool, due, arguments.data_dir):
            searches[done["search"]] = found
            print(done["search"], found["trials"], found["best_reward"], flush=True)
            write()
        trained = policies(case)
        for search_name in wanted:
            factor = case.recipe.epochs / case.member_epochs[0]
            whole = stretched(searches[search_name]["policy"], factor)
            trained[search_name] = whole
            if search_name in ALONE:
                alone = whole["arguments"]["augmentations"][1]
                trained[f"{search_name}, alone"] = {"version": whole["version"], **alone}
        runs = {policy: runs.get(policy, []) for policy in trained}
        due = [
            {"case": arguments.case, "name": policy, "policy": trained[policy], "seed": seed}
            for seed in SEEDS
            for policy in trained
            if seed not in {run["seed"] for run in runs[policy]}
        ]
        for done, result in all_in_turn(pool, due, arguments.data_dir):
            runs[done["name"]].append(result)
            print(done["name"], result, flush=True)
            write()
    draw(json.loads(file.read_text()), RECORDS / f"{name}.png")


if __name__ == "__main__":
    main()
