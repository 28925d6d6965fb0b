"""Two versions read side by side, by a store that holds just lists."""

from types import SimpleNamespace

import pytest

from tests.store.builders import document
from worker.models import Phase
from worker.reindex import compare as comparing
from worker.reindex.compare import compare


def ids(*names):
    return [document(name, article_id=name) for name in names]


class Versions:
    def __init__(self, live, twin):
        self.held = {"live": live, "twin": twin}

    def page(self, after, before, limit, version):
        inside = [each for each in self.held[version] if each.article_id > after]
        return [each for each in inside if not before or each.article_id < before][:limit]


def report(live, twin, sample=None, phase=Phase.COPIED):
    rebuilds = SimpleNamespace(get=lambda: SimpleNamespace(phase=phase))
    articles = SimpleNamespace(refresh=lambda: None)
    store = SimpleNamespace(versions=Versions(live, twin), rebuilds=rebuilds, articles=articles)
    return compare(store, sample, lambda _: None)


CASES = [
    pytest.param(ids(), ids(), (0, 0, 0), id="nothing"),
    pytest.param(ids("a", "b"), ids("a", "b"), (2, 0, 0), id="the same"),
    pytest.param(ids("a", "b"), ids(), (2, 2, 0), id="all lost"),
    pytest.param(ids(), ids("a", "b"), (0, 0, 2), id="all gained"),
    pytest.param(ids("a", "c", "e"), ids("b", "c", "d"), (3, 2, 2), id="mixed"),
    pytest.param(ids("a"), ids("b", "c"), (1, 1, 2), id="one before the others"),
    pytest.param(ids("c"), ids("a", "b"), (1, 1, 2), id="one behind the others"),
]


@pytest.mark.parametrize("size", [1, 2, 200])
@pytest.mark.parametrize(("live", "twin", "counts"), CASES)
def test_every_article_is_met_once(monkeypatch, live, twin, counts, size):
    monkeypatch.setattr(comparing, "_PAGE", size)
    found = report(live, twin)
    assert (found.compared, found.lost, found.gained) == counts


def test_after_the_swap_it_is_the_other_way_round():
    found = report(ids("a"), ids("a", "b"), phase=Phase.PROMOTED)
    assert (found.compared, found.lost, found.gained) == (2, 1, 0)


def test_a_sample_takes_some_of_every_stretch():
    everything = ids(*(f"{number:04x}" for number in range(0, 16**4, 64)))
    found = report(everything, everything, sample=128)
    assert found.compared == 128
