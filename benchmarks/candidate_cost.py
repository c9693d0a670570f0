"""What a candidate policy costs beyond its images: assigned, and traced anew.

    python benchmarks/candidate_cost.py

256 images of 32 x 32 are augmented by one policy, by a new one that is assigned to
`CandidatePolicy` each time, by a new `AutoAugment` each time (which is traced and compiled), and by
a new one that a search was asked for and told of, paired. The record has the seconds beyond those
of the images under one policy.
"""

import argparse
import statistics

import numpy as np
from paired import in_turn, write_record

from kerasbook.augmentation import search as searches

IMAGES = (256, 32, 32, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, IMAGES).astype("uint8")
    space = searches.PolicySpace()
    layer = searches.CandidatePolicy(space)
    drawn = generator.random((len(images), layer.num_draws)).astype("float32")
    policies = iter(searches.RandomSearch(space, seed=1).ask(20 * rounds))
    layer.assign(next(policies))

    def images_alone():
        np.asarray(layer.apply(images, drawn))

    def assigned():
        layer.assign(next(policies))
        images_alone()

    def retraced():
        augment = space.augmentation_of(next(policies).policy)
        own = generator.random((len(images), augment.num_draws)).astype("float32")
        np.asarray(augment.apply(images, own))

    def asked_of(search):
        def ask_and_tell():
            (candidate,) = search.ask()
            layer.assign(candidate)
            images_alone()
            search.tell(candidate, float(generator.random()))

        return ask_and_tell

    functions = {
        "images": images_alone,
        "assigned": assigned,
        "random": asked_of(searches.RandomSearch(space)),
        "reinforce": asked_of(searches.ReinforceController(space)),
        "population": asked_of(searches.PopulationBasedAugmentation(space)),
        "bayes": asked_of(searches.BayesianSearch(space)),
    }
    seconds = in_turn(functions, rounds, warmup=12)  # the controller learns after each ten
    seconds["traced anew"] = in_turn({"traced anew": retraced}, 5, warmup=1)["traced anew"]
    rows = []
    for name, measured in seconds.items():
        count = min(len(measured), len(seconds["images"]))
        beyond = measured[:count] - seconds["images"][:count]
        rows.append(
            {
                "name": name,
                "milliseconds": 1e3 * statistics.median(measured),
                "beyond_milliseconds": 1e3 * statistics.median(beyond),
                "most_beyond_milliseconds": 1e3 * max(beyond),
            }
        )
        print(rows[-1], flush=True)
    write_record("candidate_cost", rows, images=IMAGES, rounds=rounds)


if __name__ == "__main__":
    main()
