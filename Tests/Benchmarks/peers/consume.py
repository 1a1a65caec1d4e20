"""The featurizer's fold as a Python data engineer would write it: confluent-kafka and polars.

consume.py BOOTSTRAP TOPIC COUNT

Reads COUNT JSON invocations from the topic's beginning, folds them into slots of five minutes (counts
by outcome, percentiles of duration, memory and CPU, by function and slot) that close by event time
with 60 s of lateness, and prints one JSON object: events, shapes, seconds, cpu_seconds. It keeps no
state anywhere and publishes nothing: what the featurizer does beside the fold is left out.
"""

import json
import os
import sys
import time

import polars
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

SLOT_MS = 300_000
LATENESS_MS = 60_000
BATCH_RECORDS = 10_000
# Parsed at once: polars wants large inputs, and a real consumer wants its events soon.
PARSED_RECORDS = 200_000
OUTCOMES = ["success", "error", "timeout", "out_of_memory", "throttled", "killed"]
SCHEMA = {
    "customer": polars.String,
    "service": polars.String,
    "function": polars.String,
    "started_at_ms": polars.Int64,
    "duration_ms": polars.Float64,
    "memory_mb": polars.Float64,
    "memory_peak_mb": polars.Float64,
    "outcome": polars.String,
}
FUNCTION = ["slot", "customer", "service", "function"]


def shapes(events: polars.DataFrame) -> polars.DataFrame:
    duration = polars.col("duration_ms")
    return events.group_by(FUNCTION).agg(
        *[(polars.col("outcome") == name).sum().alias(name) for name in OUTCOMES],
        *[duration.quantile(q / 100).alias(f"duration_p{q}") for q in (1, 50, 95, 99)],
        duration.max().alias("duration_max"),
        duration.mean().alias("duration_mean"),
        (polars.col("memory_mb") * duration).sum().alias("mb_ms"),
        polars.col("memory_peak_mb").max(),
    )


class Fold:
    """Frames of slots that are open; a closed slot's are folded and forgotten.

    Partitions are read at different speeds, so a slot closes when the slowest has passed it.
    """

    def __init__(self, partitions):
        self.open = {}
        self.latest_ms = dict.fromkeys(partitions, 0)
        self.shapes = 0

    def add(self, lines, partitions):
        frame = polars.read_ndjson(b"\n".join(lines), schema=SCHEMA).with_columns(
            slot=polars.col("started_at_ms") // SLOT_MS,
            partition=polars.Series(partitions, dtype=polars.Int32),
        )
        latest = frame.group_by("partition").agg(polars.col("started_at_ms").max())
        for partition, latest_ms in latest.iter_rows():
            self.latest_ms[partition] = max(self.latest_ms[partition], latest_ms)
        for (slot,), part in frame.partition_by("slot", as_dict=True).items():
            self.open.setdefault(slot, []).append(part)
        closed_before = (min(self.latest_ms.values()) - LATENESS_MS) // SLOT_MS
        for slot in [slot for slot in self.open if slot < closed_before]:
            self.close(slot)

    def close(self, slot):
        self.shapes += shapes(polars.concat(self.open.pop(slot))).height


def main(bootstrap, topic, count):
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"python-peer-{os.getpid()}",
            "enable.auto.commit": False,
            "queued.max.messages.kbytes": 1_048_576,
            "queued.min.messages": 1_000_000,
        }
    )
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions])
    fold, lines, sources, events, began = Fold(partitions), [], [], 0, None
    while events < count:
        batch = consumer.consume(BATCH_RECORDS, timeout=1.0)
        if batch and began is None:
            began = time.monotonic()
        for message in batch:
            if message.error():
                sys.exit(f"consume: {message.error()}")
            lines.append(message.value())
            sources.append(message.partition())
        events += len(batch)
        if len(lines) >= PARSED_RECORDS or (lines and events >= count):
            fold.add(lines, sources)
            lines, sources = [], []
    for slot in list(fold.open):
        fold.close(slot)
    seconds = time.monotonic() - began
    cpu = time.process_time()
    report = {"events": events, "shapes": fold.shapes, "seconds": seconds, "cpu_seconds": cpu}
    print(json.dumps(report))
    consumer.close()


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
