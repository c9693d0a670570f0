"""What a search may choose: the space of policies, and policies as tokens."""

import dataclasses
from typing import Any

import numpy as np

from kerasbook.arguments import positive_integer
from kerasbook.augmentation.auto_augment import AutoAugment
from kerasbook.augmentation.levels import operations_of
from kerasbook.augmentation.operations import get_operation

# Sub-policies, each a list of steps `{"operation", "probability", "level"}`.
Policy = list[list[dict[str, Any]]]
AUTO_AUGMENT_OPERATIONS = (
    *("shear_x", "shear_y", "translate_x", "translate_y", "rotate"),
    *("auto_contrast", "invert", "equalize", "solarize", "posterize"),
    *("contrast", "color", "brightness", "sharpness", "cutout", "sample_pairing"),
)


@dataclasses.dataclass(frozen=True)
class PolicySpace:
    """The policies of so many sub-policies of so many operations, each with probability and level.

    A policy is a list of sub-policies as in `AutoAugment`: lists of `{"operation", "probability",
    "level"}`. As tokens it is an integer array `(num_sub_policies, num_operations, 3)`: the number
    of the operation, that of the probability (token k is k / (num_probabilities - 1)), and the
    level. AutoAugment's space, the default, has (16 x 11 x 10)^10 policies.

    Args:
        operations: Names of the operations to choose from, see
            `kerasbook.augmentation.list_operations`; by default the 16 of AutoAugment.
        num_sub_policies: Sub-policies in a policy.
        num_operations: Operations in a sub-policy, which follow each other.
        num_probabilities: Evenly spaced probabilities from 0 to 1, at least 2.
        num_levels: Levels from 0 to `num_levels - 1`, the greatest, at least 2.

    Raises:
        ValueError: If an operation is unknown or needs bounding boxes, or a number is too small.

    Example:
        >>> space = kerasbook.augmentation.search.PolicySpace(("rotate", "invert"), 1, 1)
        >>> space.policy_of([[[0, 5, 9]]])
        [[{'operation': 'rotate', 'probability': 0.5, 'level': 9}]]

    Reference:
        Cubuk et al., 2019, section 3, https://arxiv.org/abs/1805.09501
    """

    operations: tuple[str, ...] = AUTO_AUGMENT_OPERATIONS
    num_sub_policies: int = 5
    num_operations: int = 2
    num_probabilities: int = 11
    num_levels: int = 10

    def __post_init__(self) -> None:
        object.__setattr__(self, "operations", operations_of(self.operations))
        for name in self.operations:
            if get_operation(name).needs_boxes:
                raise ValueError(
                    f"`operations` must do without bounding boxes. Received: operations={name!r}"
                )
        for name in ("num_sub_policies", "num_operations"):
            positive_integer(name, getattr(self, name))
        for name in ("num_probabilities", "num_levels"):
            if positive_integer(name, getattr(self, name)) < 2:
                raise ValueError(f"`{name}` must be at least 2. Received: {name}=1")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of a policy as tokens."""
        return self.num_sub_policies, self.num_operations, 3

    @property
    def sizes(self) -> tuple[int, int, int]:
        """How many values the three kinds of tokens have."""
        return len(self.operations), self.num_probabilities, self.num_levels

    @property
    def greatest_level(self) -> int:
        """The level of greatest effect."""
        return self.num_levels - 1

    def draw(self, generator: np.random.Generator) -> np.ndarray:
        """Draws the tokens of a policy, all with equal chance.

        Args:
            generator: A NumPy generator.
        """
        return generator.integers(0, self.sizes, size=self.shape)

    def policy_of(self, tokens: Any) -> Policy:
        """Returns the policy of tokens, plain JSON values."""
        return [[self._step(*step) for step in steps] for steps in np.asarray(tokens).tolist()]

    def augmentation_of(self, policy: Policy, **arguments: Any) -> AutoAugment:
        """Returns the `AutoAugment` of a policy of this space.

        Args:
            policy: List of sub-policies, as many as one likes.
            **arguments: Further arguments of `AutoAugment`, such as `value_range`.
        """
        return AutoAugment(policy, greatest_level=self.greatest_level, **arguments)

    def to_json(self) -> dict[str, Any]:
        """Returns the arguments as plain JSON values."""
        return {**dataclasses.asdict(self), "operations": list(self.operations)}

    def _step(self, operation: int, probability: int, level: int) -> dict[str, Any]:
        name = self.operations[operation]
        return {
            "operation": name,
            "probability": round(probability / (self.num_probabilities - 1), 6),
            "level": level if get_operation(name).has_level else None,
        }


def space_of(value: PolicySpace | dict[str, Any] | None) -> PolicySpace:
    """Returns a `PolicySpace` as it is, one from its dictionary, and the default one for `None`."""
    if isinstance(value, PolicySpace):
        return value
    if value is None or isinstance(value, dict):
        names = {field.name for field in dataclasses.fields(PolicySpace)}
        if set(value or ()) <= names:
            return PolicySpace(**(value or {}))
    raise ValueError(f"`space` must be a PolicySpace, or None. Received: space={value!r}")
