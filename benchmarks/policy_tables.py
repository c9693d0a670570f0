"""The tables of searches for augmentation policies: what was found, how, and what a trial costs."""

from quoting import machine, read, table

CASES = {"cifar10": "CIFAR-10", "mnist": "MNIST"}


def policy_search():
    """The final trainings of the larger case, and the searches before them."""
    return _final("cifar10") + "\n\n" + _searches("cifar10")


def policy_search_quick():
    """The same of the quick case."""
    return _final("mnist") + "\n\n" + _searches("mnist")


def _final(name):
    record = read(f"policy_search_{name}")
    case = record["case"]
    rows = [
        [
            row["policy"],
            f"{row['mean_test_accuracy']:.2%}",
            "" if row["deviation"] is None else f"{100 * row['deviation']:.2f}",
            " ".join(f"{run['test_accuracy']:.2%}" for run in row["runs"]),
        ]
        for row in record["rows"]
    ]
    recipe = case["recipe"]
    parameters = record["rows"][0]["runs"][0]["parameters"]
    note = (
        f"{CASES[name]}, test accuracy after {recipe['epochs']} epochs on "
        f"`{recipe['train_split']}`, {parameters:,} parameters; its standard deviation over the "
        "seeds in points; every policy "
        f"comes after `{case['base']}`, but for `none` and those alone; {machine(record)}, "
        f"{record['jobs']} jobs at a time on one thread each; `benchmarks/policy_search.py {name}`."
    )
    return table([f"{CASES[name]}", "mean", "deviation", "seeds 0, 1, ..."], rows, note)


def _searches(name):
    record = read(f"policy_search_{name}")
    rows = []
    for search, found in record["searches"].items():
        ended = [seconds for seconds, _, _ in found["rewards"]]
        rows.append(
            [
                search,
                f"{found['trials']}",
                f"{found['seconds']:.0f} s",
                f"{ended[0]:.0f} s",
                f"{found['best_reward']:.4f}",
                f"{ended[_place(found)]:.0f} s",
            ]
        )
    train, validation = record["case"]["searched"]
    note = (
        f"Searches on `{train}`, judged on `{validation}`, density matching on one half of both by "
        "the other; one search each. The best reward is the validation accuracy of a trial, of a "
        f"population's after all of its member's epochs, of density matching minus a loss; "
        f"trials of {record['case']['epochs']} epochs."
    )
    header = ["search", "trials", "in all", "first after", "best reward", "best after"]
    return table(header, rows, note)


def _place(found):
    """Returns which trial told was the best one."""
    rewards = [reward for _, _, reward in found["rewards"]]
    return rewards.index(found["best_reward"])


def candidate_cost():
    record = read("candidate_cost")
    rows = [
        [
            row["name"],
            f"{row['milliseconds']:.1f} ms",
            f"{row['beyond_milliseconds']:.1f} ms",
            f"{row['most_beyond_milliseconds']:.1f} ms",
        ]
        for row in record["rows"]
    ]
    images = " x ".join(map(str, record["images"]))
    note = (
        f"{images} images; medians of {record['rounds']} rounds, the controller learning after "
        f"each ten trials; {machine(record)}; `benchmarks/candidate_cost.py`."
    )
    return table(["a candidate", "in all", "beyond its images", "at most"], rows, note)
