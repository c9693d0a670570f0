"""One sitting of a search for a policy: trial after trial, each written down before the next."""

import time

from tqdm import tqdm

from kerasbook import augmentation
from kerasbook.augmentation.search import SearchFailed
from kerasbook.training.budget import duration_text
from kerasbook.training.engine.signals import Interrupted, stop_on_signal
from kerasbook.training.policy_folder import rows_of


class Sitting:
    """Runs trials until there are enough of them, or the time is up.

    Args:
        search: The search.
        folder: `PolicyFolder`.
        clock: `Budget`.
        times: Dictionary from the numbers of earlier trials to their `seconds` and `elapsed`.
        base: The augmentation that comes before a candidate, or `None`.
        found: Arguments of `search.found`.
    """

    def __init__(self, search, folder, clock, *, times, base, found):
        self._search = search
        self._folder = folder
        self._clock = clock
        self._times = dict(times)
        self._base = base
        self._found = found

    @property
    def policy(self):
        """The policy found so far, after the recipe's own augmentation; `None` if there is none."""
        if self._search.best is None:
            return None
        return self._after_base(self._search.found(**self._found))

    def _after_base(self, policy):
        return policy if self._base is None else augmentation.Sequence([self._base, policy])

    def run(self, evaluate, trials, verbose):
        """Asks for candidates and tells their rewards.

        Args:
            evaluate: `TrainedTrials` or `MatchedTrials`.
            trials: Number of trials, those of earlier sittings among them, or `None`.
            verbose: Whether to show a progress line.

        Raises:
            SearchFailed: If no trial is complete at the end, or three in a row failed.
            Interrupted: If a signal asked to stop.
        """
        search, clock = self._search, self._clock
        if search.told:  # a process that was killed may have left the state alone
            self._write_results()
        # Nothing is shown before there is something to say.
        shown = {"bar_format": "{desc}", "mininterval": 0, "delay": 1e-3, "disable": not verbose}
        with tqdm(**shown) as progress, stop_on_signal() as stop:
            while trials is None or len(search.told) < trials:
                if search.told and not clock.allows_another():
                    break
                (candidate,) = search.ask()
                start = time.perf_counter()
                reward = evaluate(candidate)
                seconds = time.perf_counter() - start
                clock.count(seconds)
                times = {"seconds": round(seconds, 3), "elapsed": round(clock.elapsed, 3)}
                self._times[candidate.number] = times
                try:
                    search.tell(candidate, reward)
                finally:
                    self._write(evaluate, candidate)
                progress.set_description_str(self._line(trials), refresh=False)
                progress.update()
                if stop:
                    raise Interrupted("Stopped between trials", stop.signal)
        if search.best is None:
            raise SearchFailed(f"All trials failed: there is no policy after {len(search.told)}")

    def _write(self, evaluate, candidate):
        """Writes what is known, in an order in which no state asks for weights that are gone."""
        evaluate.keep(candidate, self._search.kept)
        self._search.save(self._folder.state)
        evaluate.forget(self._search.kept)
        self._write_results()

    def _write_results(self):
        self._folder.write_trials(rows_of(self._search, self._times))
        if self._search.best is not None:
            self._folder.write_policy(self.policy)

    def _line(self, trials):
        """Returns the progress line: trial, reward, best, time left."""
        search, clock = self._search, self._clock
        done, best = search.told[-1], search.best
        of = "" if trials is None else f" of {trials}"
        reward = "failed" if done.reward is None else f"reward {done.reward:.4f}"
        parts = [f"trial {len(search.told)}{of}", reward]
        if best is not None:
            parts.append(f"best {best.reward:.4f} (trial {best.candidate.number + 1})")
        left = [] if clock.left is None else [max(0, clock.left)]
        if trials is not None:
            left.append(clock.elapsed / len(search.told) * (trials - len(search.told)))
        if left:
            parts.append(f"{duration_text(min(left))} left")
        return ", ".join(parts)

    def results(self):
        """Returns what the record says of the trials."""
        best = self._search.best
        return {
            "trials": len(self._search.told),
            "failed": sum(trial.status == "failed" for trial in self._search.told),
            "seconds": round(self._clock.elapsed, 3),
            "best": None
            if best is None
            else {
                "trial": best.candidate.number + 1,
                "reward": best.reward,
                "policy": best.candidate.policy,
            },
        }

    def write_pictures(self, images, *, title, label):
        """Writes the rewards over trials and the sheet of the best trial's policy, if any."""
        best = self._search.best
        if best is not None:
            rows = rows_of(self._search, self._times)
            policy = self._after_base(self._search.space.augmentation_of(best.candidate.policy))
            self._folder.write_pictures(rows, policy, images, title=title, label=label)
