"""`make sim-schedule`: polls a day, delay from publication to admission, and entries missed, rule by rule.

Each feed's year is played alone, poll by poll; feeds do not touch each other here. An entry that was missed
has an endless delay. Beside each other reader stands Feedmill, made more or less patient until it polls as
often as that one.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
"""Feeds on which the patience for as many polls is sought, before all of them correct it once."""
ELASTICITY = 1.5
"""How much more patience changes than polls do, in that correction."""


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

    def polls_per_feed(self, rule: str, bounds: Bounds) -> float:
        return self.of(rule, bounds).counts[:, POLLS].sum() / self.feeds / self.days


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
        _print(year, name, year.of(rule, Bounds()), by_kind=chosen.kinds)
        bounds = equal_polls(year, rule)
        span = f"{bounds.floor_s / 60:.1f} m to {bounds.ceiling_s / DAY_S:.3g} d"
        ours = f"  Feedmill, patience {bounds.patience:.2g}, {span}"
        _print(year, ours, year.of("feedmill", bounds), by_kind=chosen.kinds)


def equal_polls(year: Year, rule: str) -> Bounds:
    """Return our bounds that make about as many polls as that rule."""
    few = Year(min(year.feeds, FEW), year.days, year.seed, year.code)
    wanted = few.polls_per_feed(rule, Bounds())
    low, high = 0.1, 100.0
    for _ in range(8):
        middle = (low * high) ** 0.5
        done = few.polls_per_feed("feedmill", patient(middle))
        low, high = (middle, high) if done > wanted else (low, middle)
    found = (low * high) ** 0.5
    over = year.polls_per_feed("feedmill", patient(found)) / year.polls_per_feed(rule, Bounds())
    return patient(found * over**ELASTICITY)


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
