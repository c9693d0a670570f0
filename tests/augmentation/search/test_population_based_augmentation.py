"""Population based augmentation: selection, lineage and variation against their definitions."""

import contextlib
import json

import numpy as np
import pytest

from kerasbook.augmentation.search import (
    PolicySpace,
    PopulationBasedAugmentation,
    SearchFailed,
)

SPACE = PolicySpace(("rotate", "invert", "solarize", "color"), 2, 2)


def made(population=8, **arguments):
    return PopulationBasedAugmentation(SPACE, population=population, **arguments)


def tell(search, rewards):
    """Tells the rewards of the next candidates; three failures in a row do not stop it here."""
    told = []
    for reward in rewards:
        (candidate,) = search.ask()
        told.append(candidate)
        with contextlib.suppress(SearchFailed):
            search.tell(candidate, reward)
    return told


def tokens(search):
    return [trial.tokens.tolist() for trial in search.trials]


def generations(search, count, seed=0):
    """Trains so many generations with random rewards, of which some are failures."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        rewards = generator.random(search.population)
        tell(search, np.where(rewards < 0.15, np.nan, rewards).tolist())


def expected_parents(numbers, rewards, share):
    """Returns, for each member, the numbers that may be its parent, by the definition."""
    order = sorted(
        numbers,
        key=lambda n: (0, -rewards[n]) if np.isfinite(rewards[n]) else (1, 0),
    )
    good = [n for n in order if np.isfinite(rewards[n])]
    best = set(good[:share])
    parents = {}
    for n in numbers:
        is_low = n in order[len(order) - share :] and n not in best
        parents[n] = best if is_low or n not in good else {n}
    return parents


@pytest.mark.parametrize(
    ("population", "quantile", "share"), [(8, 0.25, 2), (5, 0.5, 2), (3, 0.1, 1)]
)
def test_selection_by_its_definition(population, quantile, share):
    search = made(population, quantile=quantile)
    generations(search, 30)
    rewards = {t.candidate.number: np.nan if t.reward is None else t.reward for t in search.trials}
    chosen = set()
    for start in range(0, 29 * population, population):
        parents = expected_parents(range(start, start + population), rewards, share)
        for number, possible in parents.items():
            child = search.trials[number + population]
            parent = child.candidate.parent
            assert (parent in possible) if possible else parent is None
            if possible == {number} and parent == number:
                assert child.tokens.tolist() == search.trials[number].tokens.tolist()
            if len(possible) > 1:
                chosen.add(sorted(possible, key=rewards.get).index(parent))
    assert chosen == (set() if share == 1 else set(range(share)))


def test_a_generation_by_hand():
    search = made()
    assert [c.number for c in search.ask(20)] == list(range(8))  # no more before the rewards
    assert [c.parent for c in search.ask(8)] == [None] * 8
    tell(search, [0.1, 0.8, np.nan, 0.5, 0.9, 0.3, 0.4, 0.2])
    second = search.ask(8)
    parents = [c.parent for c in second]
    for place in (1, 3, 4, 5, 6, 7):
        assert parents[place] == place
        assert second[place].policy == search.trials[place].candidate.policy
    for place in (0, 2):  # the failed one and the next
        assert parents[place] in (1, 4)
        assert second[place].policy != search.trials[parents[place]].candidate.policy


def test_equal_rewards_and_the_first_generation():
    search = made(4)
    tell(search, [0.5] * 4)
    assert [c.parent for c in search.ask(4)] == [0, 1, 2, 0]
    first = np.array([trial.tokens for trial in asked(made(4000), 4000)])
    for kind, size in enumerate(SPACE.sizes):
        counts = np.bincount(first[..., kind].ravel(), minlength=size)
        share = first[..., kind].size / size
        assert np.abs(counts - share).max() < 5 * np.sqrt(share)


def asked(search, count):
    search.ask(count)
    return search.trials


def test_the_best_are_chosen_equally_often():
    counts = np.zeros(2)
    for seed in range(400):
        search = made(seed=seed)
        tell(search, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
        parents = [c.parent for c in search.ask(8)]
        assert parents[:6] == list(range(6))
        counts += np.bincount(parents[6:], minlength=2)
    assert abs(counts[0] - 400) < 5 * np.sqrt(800 / 4)


def test_variation_by_its_frequencies():
    """Of tokens in the middle, nothing is clipped: the shares of all changes are known."""
    search = made()
    generator = np.random.default_rng(1)
    start = np.full((5000, *SPACE.shape), 5)
    start[..., 0] = 2
    changed = search._varied(start, generator)
    count = changed[..., 0].size
    for kind, size in enumerate(SPACE.sizes):
        expected = np.full(size, 0.2 / size)
        if kind == 0:
            expected[2] += 0.8
        else:
            expected[5] += 0.8 * 0.25
            for step in (1, 2, 3):
                expected[[5 - step, 5 + step]] += 0.8 * 0.25 / 2
        found = np.bincount(changed[..., kind].ravel(), minlength=size) / count
        np.testing.assert_array_less(
            np.abs(found - expected), 5 * np.sqrt(expected * (1 - expected) / count)
        )
    # Each token by itself: what happens to one says nothing about another.
    moved = (changed != start).reshape(5000, -1)
    correlations = np.corrcoef(moved.T) - np.eye(moved.shape[1])
    assert np.abs(correlations).max() < 5 / np.sqrt(5000)


def test_variation_ends_at_the_ends():
    search, generator = made(), np.random.default_rng(2)
    for value, kind, side in ((0, 1, 0), (10, 1, 10), (0, 2, 0), (9, 2, 9)):
        start = np.zeros((4000, *SPACE.shape), int)
        start[..., kind] = value
        changed = search._varied(start, generator)
        assert (changed >= 0).all()
        assert (changed < SPACE.sizes).all()
        size = SPACE.sizes[kind]
        # Half of the steps lead outside, and a step of 0 stays.
        expected = 0.2 / size + 0.8 * (0.5 + 0.5 / 4)
        share = (changed[..., kind] == side).mean()
        assert abs(share - expected) < 5 * np.sqrt(0.25 / changed[..., kind].size)


def test_a_candidate_varies_a_policy_of_the_best_by_little():
    search = PopulationBasedAugmentation(population=8)  # 10 steps: 30 tokens
    tell(search, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
    for trial in asked(search, 8)[14:]:
        parent = search.trials[trial.candidate.parent]
        same = np.mean(trial.tokens == parent.tokens)
        assert 0.2 < same < 0.8
        assert np.mean(np.abs(trial.tokens - parent.tokens)[..., 1:] <= 3) > 0.7


@pytest.mark.parametrize("stop", [0, 3, 8, 13, 16])
@pytest.mark.parametrize("ahead", [1, 5])
def test_restored_it_goes_on_as_if_never_stopped(stop, ahead, tmp_path):
    rewards = np.random.default_rng(4).random(40)
    rewards[[2, 9, 10]] = np.nan
    whole = made(seed=7)
    tell(whole, rewards)
    first = made(seed=7)
    tell(first, rewards[:stop])
    first.ask(ahead)
    first.save(tmp_path / "state.json")
    second = made(seed=7)
    second.load(tmp_path / "state.json")
    assert (second.generation, second.num_generations) == (first.generation, first.num_generations)
    tell(second, rewards[stop:])
    assert tokens(second) == tokens(whole)
    assert [t.candidate for t in second.trials] == [t.candidate for t in whole.trials]
    assert tokens(made(seed=7)) != tokens(whole)


def test_arguments_and_seed_say_what_is_proposed(tmp_path):
    search = made(6, quantile=0.4, seed=3)
    assert search.arguments == {"population": 6, "quantile": 0.4, "seed": 3}
    generations(search, 3)
    again, other = made(6, quantile=0.4, seed=3), made(6, quantile=0.4, seed=4)
    generations(again, 3)
    generations(other, 3)
    assert tokens(again) == tokens(search) != tokens(other)
    with pytest.raises(ValueError, match="`state` must be of this search"):
        made(5, quantile=0.4, seed=3).restore(search.state())


def test_the_order_of_rewards_within_a_generation_does_not_matter():
    searches = made(seed=1), made(seed=1)
    rewards = np.random.default_rng(5).random(8)
    for search, order in zip(searches, (range(8), reversed(range(8))), strict=True):
        candidates = search.ask(8)
        for place in order:
            search.tell(candidates[place], rewards[place])
        search.ask(8)
    assert tokens(searches[0]) == tokens(searches[1])


def test_a_generation_that_failed_begins_anew():
    search = made(4)
    tell(search, [0.1, 0.2, 0.3, 0.4])
    tell(search, [np.nan] * 4)
    third = search.ask(4)
    assert [c.parent for c in third] == [None] * 4
    earlier = tokens(search)[:8]
    assert not any(t in earlier for t in tokens(search)[8:])
    # Until the next is done, the one before is the last that is worth anything.
    assert search.schedule() == [search.trials[3].candidate.policy]
    tell(search, [0.3, 0.1, 0.2, 0.0])
    assert search.schedule() == [third[0].policy]
    tell(search, [0.3, 0.4, 0.2, 0.0])
    assert len(search.schedule()) == 2


def test_one_that_is_left_is_the_parent_of_all():
    search = made(4)
    tell(search, [np.nan, np.nan, 0.1, np.nan])
    assert [c.parent for c in search.ask(4)] == [2] * 4


def test_generations_and_what_is_kept():
    search = made(4)
    assert (search.generation, search.num_generations, search.kept) == (0, 0, set())
    seen = []
    for count in range(1, 14):
        (candidate,) = search.ask()
        if candidate.parent is not None:
            assert candidate.parent in search.kept
        seen.append((search.generation, search.num_generations, sorted(search.kept)))
        search.tell(candidate, 0.1 * count)
    expected = []
    for number in range(13):
        generation = number // 4
        first = max(0, 4 * (generation - 1))
        expected.append((generation, generation, list(range(first, number + 1))))
    assert seen == expected
    assert search.num_generations == 3


def test_several_may_be_told_in_any_order_before_a_generation_is_done():
    search = made(4)
    first = search.ask(4)
    for place in (3, 1, 2):
        search.tell(first[place], 0.5)
        assert search.num_generations == 0
        assert search.ask(4) == [c for c in first if search.trials[c.number].status == "pending"]
    search.tell(first[0], 0.5)
    assert search.num_generations == 1
    assert [c.number for c in search.ask(4)] == [4, 5, 6, 7]


def lineage(search, number):
    """The definition: from parent to parent, the first one first."""
    parent = search.trials[number].candidate.parent
    return [*([] if parent is None else lineage(search, parent)), number]


def test_the_schedule_is_the_lineage_of_the_best():
    search = made()
    generations(search, 5, seed=10)
    tell(search, [9.0])  # a sixth generation, not done: it does not count
    last = [t for t in search.trials[32:40] if t.reward is not None]
    ranked = sorted(last, key=lambda t: -t.reward)
    numbers = lineage(search, ranked[0].candidate.number)
    assert [n // 8 for n in numbers] == [0, 1, 2, 3, 4]
    assert len({n % 8 for n in numbers}) == 3  # twice it was a copy
    assert search.schedule() == [search.trials[n].candidate.policy for n in numbers]
    three = [lineage(search, t.candidate.number) for t in ranked[:3]]
    for policy, together in zip(search.schedule(3), zip(*three, strict=True), strict=True):
        expected = []
        for n in together:
            expected.extend(s for s in search.trials[n].candidate.policy if s not in expected)
        assert policy == expected


def test_before_a_generation_is_done_the_best_so_far():
    search = made()
    with pytest.raises(ValueError, match="must have a complete trial"):
        search.schedule()
    with pytest.raises(ValueError, match="must have a complete trial"):
        search.found()
    tell(search, [0.2, 0.5, 0.3])
    assert search.schedule() == [search.trials[1].candidate.policy]
    assert search.found().first_epochs == [0]


class Fixed(PopulationBasedAugmentation):
    """A schedule that is known: generation g has the policies' letter g."""

    letters = ""

    def schedule(self, num_best=1):
        names = {"a": "invert", "b": "equalize", "c": "auto_contrast", "d": "identity"}
        return [
            [[{"operation": names[letter], "probability": 1.0, "level": None}]]
            for letter in self.letters
        ]


@pytest.mark.parametrize(
    ("letters", "arguments", "expected"),
    [
        ("abcd", {}, "abcd"),
        ("abc", {"epochs_per_generation": 3}, "aaabbbccc"),
        ("abc", {"epochs_per_generation": 3, "epochs": 9}, "aaabbbccc"),
        ("abc", {"epochs_per_generation": 2, "epochs": 12}, "aaaabbbbcccc"),
        ("ab", {"epochs": 5}, "aabbb"),  # in the middle of the third epoch b began
        ("abcd", {"epochs": 6}, "abbcdd"),
        ("abcd", {"epochs": 2}, "bd"),
        ("abc", {"epochs": 1}, "b"),
        ("abcd", {"epochs_per_generation": 5, "epochs": 4}, "abcd"),
        ("aabba", {"epochs_per_generation": 2}, "aaaabbbbaa"),
    ],
)
def test_what_is_found_follows_the_schedule(letters, arguments, expected):
    search = Fixed(SPACE)
    search.letters = letters
    found = search.found(**arguments)
    search.letters = expected
    policies = search.schedule()
    bounds = [*found.first_epochs, len(expected)]
    for policy, begin, end in zip(found.policies, bounds, bounds[1:], strict=False):
        assert begin < end
        assert policies[begin:end] == [policy] * (end - begin)
    assert all(a != b for a, b in zip(found.policies, found.policies[1:], strict=False))


def test_what_is_found_is_a_layer_of_the_space(tmp_path):
    search = PopulationBasedAugmentation(PolicySpace(num_levels=5), population=4)
    generations(search, 4, seed=3)
    found = search.found(value_range=(0, 1), seed=5, epochs=20)
    assert (found.value_range, found.seed, found.greatest_level) == ((0, 1), 5, 4)
    last = search.schedule()[-1]
    assert json.loads(json.dumps(found.policies[-1])) == last
    assert found.first_epochs[0] == 0
    assert max(found.first_epochs) < 20
    joined = search.found(num_best=2)
    assert len(joined.policies[-1]) > len(last)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"population": 1}, "`population` must be at least 2. Received: population=1"),
        ({"population": 0}, "`population` must be a positive integer"),
        ({"quantile": 0}, r"`quantile` must be in \(0, 0.5\].*0"),
        ({"quantile": 0.6}, r"`quantile` must be in \(0, 0.5\].*0.6"),
        ({"quantile": "0.25"}, r"`quantile` must be in \(0, 0.5\]"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        PopulationBasedAugmentation(**arguments)


@pytest.mark.parametrize("name", ["epochs_per_generation", "epochs", "num_best"])
def test_wrong_arguments_of_found(name):
    search = made(2)
    tell(search, [0.5, 0.6])
    with pytest.raises(ValueError, match=f"`{name}` must be a positive integer"):
        search.found(**{name: 0})
