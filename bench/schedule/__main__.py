"""`make sim-schedule`: polls a day, delay from publication to admission, and entries missed, rule by rule.

Each feed's year is played alone, poll by poll; feeds do not touch each other here. An entry that was missed
has an endless delay. Beside each other reader stands Feedmill, made more or less patient until it polls as
often as that one.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import exp, log
from typing import TYPE_CHECKING

import numpy as np

from bench.schedule import play, readers, servers
from bench.schedule.compiled import compiled
from bench.schedule.play import LOST, NOTICED, POLLS, Tally, quantile
from bench.schedule.servers import KINDS
from worker.feeds import filling, rates, schedule
from worker.feeds.schedule import DAY_S, Bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.schedule.play import Rule

OTHERS = {
    "fixed, 60 minutes": "fixed",
    "miniflux, entry_frequency": "entry_frequency",
    "CommaFeed, empirical": "empirical",
    "rss-fetcher": "duplicates",
}
FEW = 500
"""Feeds on which the patience for as many polls is sought first."""
EQUAL = 0.01
"""By how much polls may differ and still be as many."""


@dataclass(frozen=True)
class Year:
    """Which feeds, for how many days, and the compiled functions that play them."""

    feeds: int
    days: float
    seed: int
    code: dict[str, Rule]

    def of(self, rule: str, bounds: Bounds) -> Tally:
        """Return what became of the feeds under that rule, on all cores."""
        cores = os.cpu_count() or 1

        def part(first: int) -> Tally:
            return self.code["play"](
                self.code[rule], bounds, np.arange(first, self.feeds, cores), self.days, self.seed
            )

        with ThreadPoolExecutor(cores) as pool:
            counts, delays = zip(*pool.map(part, range(cores)), strict=True)
        return Tally(sum(counts), sum(delays))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--days", type=float, default=365)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--kinds", action="store_true", help="medians of each kind of feed, too")
    chosen = parser.parse_args()
    code = compiled(rates, filling, schedule, servers, readers, play)
    year = Year(chosen.feeds, chosen.days, chosen.seed, code)
    print(f"{year.feeds:,} feeds over {year.days:g} days, seed {year.seed}")
    print(f"{'':56} {'polls/day':>10} {'median':>9} {'p95':>9} {'missed':>8} {'noticed':>8}")
    _print(year, "Feedmill, as it comes", year.of("feedmill", Bounds()), by_kind=chosen.kinds)
    for name, rule in OTHERS.items():
        theirs = year.of(rule, Bounds())
        _print(year, name, theirs, by_kind=chosen.kinds)
        bounds, ours = equal_polls(year, theirs, rule)
        span = f"{bounds.floor_s / 60:.1f} m to {bounds.ceiling_s / DAY_S:.3g} d"
        _print(year, f"  Feedmill, patience {bounds.patience:.2g}, {span}", ours, by_kind=chosen.kinds)


def equal_polls(year: Year, theirs: Tally, rule: str) -> tuple[Bounds, Tally]:
    """Return our bounds that make as many polls as that rule, and what becomes of the feeds then.

    By bisection on a few feeds, then by the secant of the last two tries with all of them.
    """
    patience, elasticity = _of_few(year, rule), 1.5
    tried: list[tuple[float, float]] = []
    for _ in range(4):
        ours = year.of("feedmill", patient(patience))
        over = log(ours.counts[:, POLLS].sum() / theirs.counts[:, POLLS].sum())
        tried.append((log(patience), over))
        if abs(over) <= EQUAL:
            break
        if len(tried) > 1:
            (before, over_before), (after, over_after) = tried[-2:]
            elasticity = (before - after) / (over_after - over_before)
        patience *= exp(over * elasticity)
    return patient(exp(tried[-1][0])), ours


def _of_few(year: Year, rule: str) -> float:
    few = replace(year, feeds=min(year.feeds, FEW))
    wanted = few.of(rule, Bounds()).counts[:, POLLS].sum()
    low, high = 0.1, 100.0
    for _ in range(8):
        middle = (low * high) ** 0.5
        done = few.of("feedmill", patient(middle)).counts[:, POLLS].sum()
        low, high = (middle, high) if done > wanted else (low, middle)
    return (low * high) ** 0.5


def patient(patience: float) -> Bounds:
    """Return our bounds with that patience: the impatient lower the floor, the patient raise the ceiling.

    The floor goes down to a minute at a fifth of the usual patience, the ceiling up to a week.
    """
    usual = Bounds()
    return usual._replace(
        patience=patience,
        floor_s=max(60.0, usual.floor_s * min(1.0, 2 * patience)),
        ceiling_s=usual.ceiling_s * min(7.0, max(1.0, patience)),
    )


def _print(year: Year, name: str, tally: Tally, *, by_kind: bool) -> None:
    counts, delays = tally.counts.sum(axis=0), tally.delays.sum(axis=0)
    noticed = f"{counts[NOTICED]:,}" if "Feedmill" in name else "-"
    polls = f"{counts[POLLS] / year.days:,.0f}"
    print(f"{name:56} {polls:>10} {_delays(delays)} {counts[LOST]:>8,} {noticed:>8}", flush=True)
    for kind, name_of_kind in enumerate(KINDS) if by_kind else ():
        share = f"{tally.counts[kind, POLLS] / counts[POLLS]:.1%}"
        lost, all_of_it = tally.counts[kind, LOST], tally.delays[kind]
        print(f"    {name_of_kind:40} {all_of_it.sum():>11,} {share:>10} {_delays(all_of_it)} {lost:>8,}")


def _delays(delays: NDArray[np.int64]) -> str:
    if not delays.sum():
        return f"{'-':>9} {'-':>9}"
    median, p95 = (f"{quantile(delays, share) / 60:.1f} m" for share in (0.5, 0.95))
    return f"{median:>9} {p95:>9}"


if __name__ == "__main__":
    main()
