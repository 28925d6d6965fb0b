"""What a soak does to a plant: each trouble strikes, lasts, and is mended again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import redis

from tests.faults.plant import Plant, Running
from tests.faults.processes import kill
from tests.faults.proxy import Proxy, Wire
from tests.servers.restartable import Restartable
from tests.store.elasticsearch.backend import client

FLOOD_STAGE = "index.blocks.read_only_allow_delete"
"""What Elasticsearch itself sets when a disk is full."""


@dataclass
class Scene:
    """A plant with everything around it that can break. `wait` lets seconds pass, or fewer if asked to stop."""

    plant: Plant
    redis: Restartable
    elasticsearch: Restartable
    wire: Proxy
    wait: Callable[[float], object]
    draw: random.Random
    workers: list[Running] = field(default_factory=list)
    beats: list[Running] = field(default_factory=list)
    _names: int = 0

    def more_workers(self, count: int = 1) -> None:
        self.workers += [self.plant.worker(self._name("worker")) for _ in range(count)]

    def more_beats(self) -> None:
        self.beats.append(self.plant.beat(self._name("beat")))

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}-{self._names}"


def kill_celery(scene: Scene) -> None:
    """Kill the process that works; its supervisor starts another."""
    kill(scene.draw.choice(scene.workers).celery())


def kill_worker(scene: Scene) -> None:
    """Kill a worker with all that belongs to it, and start another."""
    worker = scene.workers.pop(scene.draw.randrange(len(scene.workers)))
    kill(*scene.plant.left_of(worker))
    scene.wait(scene.draw.uniform(0, 5))
    scene.more_workers()


def stop_worker(scene: Scene) -> None:
    """Stop a worker in good order, and start another."""
    worker = scene.workers.pop(scene.draw.randrange(len(scene.workers)))
    if code := scene.plant.stop(worker):
        raise AssertionError(f"{worker.name} ended with {code} when it was asked to stop")
    scene.more_workers()


def replace_beat(scene: Scene) -> None:
    """Start a second beat, let both run, and kill the first."""
    scene.more_beats()
    scene.wait(scene.draw.uniform(2, 10))
    kill(*scene.plant.left_of(scene.beats.pop(0)))


def restart_redis(scene: Scene) -> None:
    scene.draw.choice((Restartable.stop, Restartable.kill))(scene.redis)
    scene.wait(scene.draw.uniform(0, 20))
    scene.redis.start()


def flush_redis(scene: Scene) -> None:
    with redis.Redis.from_url(scene.redis.url) as broker:
        broker.flushall()


def fill_redis(scene: Scene) -> None:
    with redis.Redis.from_url(scene.redis.url) as broker:
        broker.config_set("maxmemory", 1)
        scene.wait(scene.draw.uniform(2, 15))
        broker.config_set("maxmemory", 0)


def restart_elasticsearch(scene: Scene) -> None:
    scene.draw.choice((Restartable.stop, Restartable.kill))(scene.elasticsearch)
    scene.wait(scene.draw.uniform(0, 20))
    scene.elasticsearch.start()


def fill_disk(scene: Scene) -> None:
    """Block all indices, or those of one kind, as a full disk does."""
    index = f"{scene.plant.prefix}-{scene.draw.choice(('*', 'articles-*', 'entries-*', 'feeds-*'))}"
    with client(scene.plant.direct_url) as es:
        es.indices.put_settings(index=index, settings={FLOOD_STAGE: True})
        scene.wait(scene.draw.uniform(2, 12))
        es.indices.put_settings(index=index, settings={FLOOD_STAGE: None})


def lose_replies(scene: Scene) -> None:
    scene.wire.wire = scene.draw.choice((Wire.NO_REPLIES, Wire.NO_WORD_OF_WRITES))
    scene.wait(scene.draw.uniform(1, 8))
    scene.wire.wire = Wire.WHOLE


def cut_wire(scene: Scene) -> None:
    scene.wire.wire = Wire.CUT
    scene.wait(scene.draw.uniform(1, 8))
    scene.wire.wire = Wire.WHOLE


TROUBLES = (
    kill_celery,
    kill_worker,
    stop_worker,
    replace_beat,
    restart_redis,
    flush_redis,
    fill_redis,
    restart_elasticsearch,
    fill_disk,
    lose_replies,
    cut_wire,
)


def troubles(draw: random.Random) -> Iterator[Callable[[Scene], None]]:
    """Yield troubles for ever: each of them once in every round, in an order of its own."""
    while True:
        yield from draw.sample(TROUBLES, len(TROUBLES))
