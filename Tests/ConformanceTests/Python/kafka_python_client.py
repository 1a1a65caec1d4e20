"""What kafka-python, a client with no code of librdkafka or Java, sees of a broker.

Usage: kafka_python_client.py BOOTSTRAP SUFFIX PROGRAM. The suffix makes names that nobody else uses.
"""
import logging
import sys
import threading
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

SERVERS, SUFFIX, PROGRAM = sys.argv[1:4]
CODECS = [None, "gzip", "snappy", "lz4", "zstd"]
START_MS = 1_700_000_000_000
KEPT = {"retention.ms": "-1"}
logging.disable(logging.CRITICAL)
ADMIN = KafkaAdminClient(bootstrap_servers=SERVERS)


def name(stem):
    return f"{stem}-python-{SUFFIX}"


def create(stem, partitions=1, config=None):
    topic = name(stem)
    ADMIN.create_topics([NewTopic(topic, partitions, 1, topic_configs=config or {})],
                        wait_for_metadata=True)
    return topic


def until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited for {what}")
        time.sleep(0.01)


def read_all(topic, **settings):
    reader = KafkaConsumer(bootstrap_servers=SERVERS, auto_offset_reset="earliest",
                           enable_auto_commit=False, fetch_max_wait_ms=50, **settings)
    place = TopicPartition(topic, 0)
    reader.assign([place])
    reader.seek_to_beginning(place)
    end = reader.end_offsets([place])[place]
    found = []

    def complete():
        for messages in reader.poll(100).values():
            found.extend(messages)
        return reader.position(place) >= end
    until(f"the end of {topic}", complete)
    reader.close()
    return found


def records():
    for codec in CODECS:
        topic = create(f"records-{codec}", config=KEPT)
        producer = KafkaProducer(bootstrap_servers=SERVERS, compression_type=codec, linger_ms=20,
                                 batch_size=2000)
        sent = []
        for index in range(200):
            # It refuses to send a record with neither key nor value, and headers without value.
            key = None if index % 5 == 0 and index % 11 else b"key %d" % (index % 9)
            value = None if index % 11 == 0 else b"" if index % 13 == 0 else b"v%d" % index * (index % 20)
            headers = [[], [("one", b"1")], [("empty", b"")],
                       [("twice", b"a"), ("twice", b"b")]][index % 4]
            sent.append((index, key, value, headers, START_MS + index))
            producer.send(topic, value, key, headers, 0, START_MS + index)
        producer.flush(60)
        producer.close()
        found = [(message.offset, message.key, message.value, list(message.headers),
                  message.timestamp) for message in read_all(topic)]
        print(codec, len(found), "as sent" if found == sent else found)


def times():
    topic = create("times", config=KEPT)
    place = TopicPartition(topic, 0)
    producer = KafkaProducer(bootstrap_servers=SERVERS, compression_type="gzip", linger_ms=50)
    for batch in ([100, 110, 120], [200, 220, 210]):
        for at in batch:
            producer.send(topic, b"%d" % at, partition=0, timestamp_ms=START_MS + at)
        producer.flush(60)
    reader = KafkaConsumer(bootstrap_servers=SERVERS)
    for at in [0, 100, 101, 120, 121, 215, 221]:
        found = reader.offsets_for_times({place: START_MS + at})[place]
        print(at, found and (found.offset, found.timestamp - START_MS))
    print("from", reader.beginning_offsets([place])[place], "to", reader.end_offsets([place])[place])
    topic = create("appended", config={"message.timestamp.type": "LogAppendTime"})
    before = int(time.time() * 1000)
    sent = producer.send(topic, b"v", partition=0, timestamp_ms=START_MS).get(30)
    read = read_all(topic)[0]
    print("append time", read.timestamp_type, before <= read.timestamp <= time.time() * 1000,
          sent.timestamp == read.timestamp)


class Member(threading.Thread):
    """A consumer on a thread of its own: joining waits for the others."""

    def __init__(self, topic, **settings):
        super().__init__(daemon=True)
        self.consumer = KafkaConsumer(topic, bootstrap_servers=SERVERS, group_id=topic,
                                      auto_offset_reset="earliest", enable_auto_commit=False,
                                      session_timeout_ms=6000, heartbeat_interval_ms=200,
                                      fetch_max_wait_ms=50, metadata_max_age_ms=500,
                                      **settings)
        self.share, self.ends = [], False
        self.start()

    def run(self):
        while not self.ends:
            self.consumer.poll(50)
            self.share = sorted(place.partition for place in self.consumer.assignment())
        self.consumer.close()

    def leave(self):
        self.ends = True
        self.join(30)


def groups():
    topic = create("groups", 4)
    first = Member(topic)
    until("all partitions", lambda: first.share == [0, 1, 2, 3])
    second = Member(topic)
    until("two shares", lambda: len(first.share) == 2 == len(second.share)
          and sorted(first.share + second.share) == [0, 1, 2, 3])
    print("shares", sorted([first.share, second.share]))
    group = ADMIN.describe_groups([topic])[topic]
    print("described", group["group_state"], group["protocol_type"], group["protocol_data"],
          len(group["members"]))
    second.leave()
    until("all partitions", lambda: first.share == [0, 1, 2, 3])
    first.leave()
    place = TopicPartition(topic, 0)
    alone = KafkaConsumer(bootstrap_servers=SERVERS, group_id=name("alone"),
                          enable_auto_commit=False)
    alone.assign([place])
    alone.commit({place: OffsetAndMetadata(5, "a note", -1)})
    found = alone.committed(place, metadata=True)
    print("committed", found.offset, found.metadata)
    alone.close()
    print("listed", [group["group_state"] for group in ADMIN.list_groups()
                     if group["group_id"] == name("alone")])


def transactions():
    topic = create("transactions")
    place, group = TopicPartition(topic, 0), name("readers")

    def make():
        producer = KafkaProducer(bootstrap_servers=SERVERS, transactional_id=topic, linger_ms=20)
        producer.init_transactions()
        return producer

    def send(producer, *values):
        producer.begin_transaction()
        for value in values:
            producer.send(topic, value, partition=0)
        producer.flush(60)

    first = make()
    send(first, b"a", b"b")
    first.send_offsets_to_transaction({place: OffsetAndMetadata(2, "", -1)}, group)
    first.commit_transaction()
    send(first, b"c")
    first.abort_transaction()
    send(first, b"open")
    for level in ("read_committed", "read_uncommitted"):
        found = read_all(topic, isolation_level=level)
        print(level, [(m.offset, m.value.decode()) for m in found])
    second = make()
    try:
        first.commit_transaction()
        print("the first goes on")
    except KafkaError as error:
        print("the first", type(error).__name__)
    send(second, b"d")
    second.commit_transaction()
    print("in the end", [(m.offset, m.value.decode())
                         for m in read_all(topic, isolation_level="read_committed")])
    reader = KafkaConsumer(bootstrap_servers=SERVERS, group_id=group, enable_auto_commit=False)
    print("offset", reader.committed(place))


def administration():
    topic = create("admin", 2, {"retention.ms": "1000000"})

    def refused(*arguments, **settings):
        try:
            ADMIN.create_topics([NewTopic(*arguments, **settings)])
            return "ok"
        except KafkaError as error:
            return type(error).__name__
    print("again", refused(topic, 1, 1))
    print("replicas", refused(name("x"), 1, 3))
    print("name", refused("a b", 1, 1))
    print("config", refused(name("x"), 1, 1, topic_configs={"retention.ms": "x"}))
    print("partitions", len(ADMIN.describe_topics([topic])[0]["partitions"]))
    ADMIN.create_partitions({topic: 3})
    until("three partitions",
          lambda: len(ADMIN.describe_topics([topic])[0]["partitions"]) == 3)
    producer = KafkaProducer(bootstrap_servers=SERVERS, linger_ms=50)
    for index in range(10):
        producer.send(topic, b"%d" % index, partition=0)
    producer.flush(60)
    place = TopicPartition(topic, 0)
    print("left from", ADMIN.delete_records({place: 4})[place]["low_watermark"])
    print([message.value.decode() for message in read_all(topic)])
    print("nodes", [node["broker_id"] for node in ADMIN.describe_cluster()["brokers"]])
    group = name("admin-group")
    ADMIN.alter_group_offsets(group, {place: OffsetAndMetadata(8, "", -1)})
    print("moved to", ADMIN.list_group_offsets(group)[group][place].offset)
    print("delete group", ADMIN.delete_groups([group])[group])
    ADMIN.delete_topics([topic])
    until("the deletion", lambda: topic not in ADMIN.list_topics())
    print("deleted")


{"records": records, "times": times, "groups": groups, "transactions": transactions,
 "administration": administration}[PROGRAM]()
