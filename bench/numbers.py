"""Statistics of samples: medians, quartiles, comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the samples lie, interpolated between neighbours.

    Args:
        values: at least one.
        share: 0..1.
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return quantile(values, 0.5)


class Comparison(StrEnum):
    """What a row's target is about."""

    RATIO = "ratio"  # median of boocoder / median of the floor
    DIFFERENCE = "difference"  # median of the differences, sample by sample
    VALUE = "value"  # median of boocoder alone
    RATE = "rate"  # as VALUE, but more is better


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Args:
        section: the section that measured it.
        what: one line for a reader.
        unit: of the samples: s, ms, MiB, 1/s.
        ours: boocoder's samples.
        floor: the bare part's samples, pairwise with `ours` for a difference; empty where there is none.
        target: bound of the comparison's result, in `unit` unless it is a ratio; None: shown, not judged.
        tail: whether the 95th percentile is worth showing (many samples).
    """

    section: str
    what: str
    unit: str
    ours: tuple[float, ...]
    floor: tuple[float, ...] = ()
    compare: Comparison = Comparison.VALUE
    target: float | None = None
    tail: bool = False

    @property
    def result(self) -> float:
        """What is held against the target."""
        match self.compare:
            case Comparison.RATIO:
                return median(self.ours) / median(self.floor)
            case Comparison.DIFFERENCE:
                return median([ours - floor for ours, floor in zip(self.ours, self.floor, strict=True)])
            case Comparison.VALUE | Comparison.RATE:
                return median(self.ours)

    @property
    def ok(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.result >= self.target if self.compare is Comparison.RATE else self.result <= self.target
