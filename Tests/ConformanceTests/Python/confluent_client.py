"""What confluent-kafka, a newer librdkafka, sees of a broker; a line for each thing seen.

Usage: confluent_client.py BOOTSTRAP SUFFIX PROGRAM. The suffix makes names that nobody else uses.
"""
import sys
import time

from confluent_kafka import (Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException,
                             Producer, TopicPartition, TIMESTAMP_LOG_APPEND_TIME, OFFSET_BEGINNING,
                             ConsumerGroupState, IsolationLevel)
from confluent_kafka.admin import (AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource,
                                   NewPartitions, NewTopic, OffsetSpec)

SERVERS, SUFFIX, PROGRAM = sys.argv[1:4]
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
START_MS = 1_700_000_000_000
KEPT = {"retention.ms": "-1"}
ADMIN = AdminClient({"bootstrap.servers": SERVERS})


def name(stem):
    return f"{stem}-confluent-{SUFFIX}"


def outcome(future):
    try:
        future.result(30)
        return "ok"
    except KafkaException as error:
        return error.args[0].name()


def create(stem, partitions=1, config=None):
    topic = name(stem)
    client = ADMIN
    future = client.create_topics([NewTopic(topic, partitions, 1, config=config or {})])[topic]
    future.result(30)
    until("leaders", lambda: topic in (topics := client.list_topics(timeout=10).topics)
          and len(topics[topic].partitions) == partitions
          and all(p.leader >= 0 for p in topics[topic].partitions.values()))
    return topic


def until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited for {what}")
        time.sleep(0.01)


def consumer(**settings):
    standard = {"bootstrap.servers": SERVERS, "group.id": "alone", "enable.auto.commit": False,
                "auto.offset.reset": "earliest", "enable.partition.eof": True,
                "session.timeout.ms": 6000, "heartbeat.interval.ms": 200,
                "fetch.wait.max.ms": 50}
    standard.update({key.replace("_", "."): value for key, value in settings.items()})
    return Consumer(standard)


def read_all(topic, **settings):
    reader = consumer(**settings)
    reader.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    found = []
    end = time.monotonic() + 60
    while time.monotonic() < end:
        message = reader.poll(1)
        if message is None:
            continue
        if message.error():
            if message.error().code() == KafkaError._PARTITION_EOF:
                reader.close()
                return found
            raise SystemExit(message.error().name())
        found.append(message)
    raise SystemExit(f"no end of {topic}")


def records():
    for codec in CODECS:
        topic = create(f"records-{codec}", config=KEPT)
        producer = Producer({"bootstrap.servers": SERVERS, "compression.type": codec,
                             "enable.idempotence": True, "batch.num.messages": 40})
        sent = []
        for index in range(200):
            key = None if index % 5 == 0 else b"key %d" % (index % 9)
            value = None if index % 11 == 0 else b"" if index % 13 == 0 else b"v%d" % index * (index % 20)
            headers = [[], [("one", b"1")], [("null", None), ("empty", b"")],
                       [("twice", b"a"), ("twice", b"b")]][index % 4]
            sent.append((index, key, value, headers, START_MS + index))
            producer.produce(topic, value, key, partition=0, timestamp=START_MS + index,
                             headers=headers)
        producer.flush(60)
        found = [(message.offset(), message.key(), message.value(), message.headers() or [],
                  message.timestamp()[1]) for message in read_all(topic, check_crcs=True)]
        print(codec, len(found), "as sent" if found == sent else found)


def times():
    for codec in CODECS:
        topic = create(f"times-{codec}", config=KEPT)
        producer = Producer({"bootstrap.servers": SERVERS, "compression.type": codec})
        for batch in ([100, 110, 120], [200, 220, 210]):
            for at in batch:
                producer.produce(topic, str(at), partition=0, timestamp=START_MS + at)
            producer.flush(60)
        reader = consumer()
        asked = [0, 100, 101, 120, 121, 215, 221]
        for at in asked:
            found = reader.offsets_for_times([TopicPartition(topic, 0, START_MS + at)], timeout=30)
            print(codec, at, found[0].offset)
        for what, spec in [("earliest", OffsetSpec.earliest()), ("latest", OffsetSpec.latest()),
                           ("largest time", OffsetSpec.max_timestamp())]:
            future = ADMIN.list_offsets({TopicPartition(topic, 0): spec})
            print(codec, what, list(future.values())[0].result(30).offset)
    topic = create("appended", config={"message.timestamp.type": "LogAppendTime"})
    producer = Producer({"bootstrap.servers": SERVERS, "compression.type": "zstd"})
    before = int(time.time() * 1000)
    producer.produce(topic, "v", partition=0, timestamp=START_MS)
    producer.flush(60)
    kind, at = read_all(topic)[0].timestamp()
    print("append time", kind == TIMESTAMP_LOG_APPEND_TIME, before <= at <= time.time() * 1000)


class Member:
    def __init__(self, topic, **settings):
        self.assigned, self.events = set(), []
        self.consumer = consumer(group_id=topic, **settings)
        self.consumer.subscribe([topic], on_assign=self.assign, on_revoke=self.revoke,
                                on_lost=self.revoke)

    def assign(self, _, partitions):
        self.assigned |= {p.partition for p in partitions}
        if partitions:
            self.events.append(f"+{len(partitions)}")

    def revoke(self, _, partitions):
        self.assigned -= {p.partition for p in partitions}
        if partitions:
            self.events.append(f"-{len(partitions)}")


def settle(members, partitions=4):
    def settled():
        for member in members:
            member.consumer.poll(0.01)
        every = [p for member in members for p in member.assigned]
        return sorted(every) == list(range(partitions)) and all(m.assigned for m in members)
    until("shares", settled)


def groups():
    topic = create("range", 4)
    first = Member(topic, partition_assignment_strategy="range")
    settle([first])
    second = Member(topic, partition_assignment_strategy="range")
    settle([first, second])
    print("range", sorted([sorted(first.assigned), sorted(second.assigned)]))
    described = ADMIN.describe_consumer_groups([topic])[topic].result(30)
    print(described.state == ConsumerGroupState.STABLE, described.partition_assignor,
          sorted(len(m.assignment.topic_partitions) for m in described.members))
    second.consumer.close()
    settle([first])
    print("alone", sorted(first.assigned))
    first.consumer.close()
    topic = create("cooperative", 4)
    first = Member(topic, partition_assignment_strategy="cooperative-sticky")
    settle([first])
    second = Member(topic, partition_assignment_strategy="cooperative-sticky")
    settle([first, second])
    print("cooperative", first.events, len(first.assigned), len(second.assigned))
    second.consumer.close()
    first.consumer.close()
    topic = create("static", 4)
    first = Member(topic, group_instance_id="one", session_timeout_ms=30000)
    other = Member(topic, group_instance_id="two", session_timeout_ms=30000)
    settle([first, other])
    share, events = set(first.assigned), list(other.events)
    first.consumer.close()
    first = Member(topic, group_instance_id="one", session_timeout_ms=30000)
    until("the share of who came back", lambda: [first.consumer.poll(0.01),
          other.consumer.poll(0.01)] and first.assigned)
    print("static", first.assigned == share, other.events == events)
    first.consumer.commit(offsets=[TopicPartition(topic, 1, 7, "a note")], asynchronous=False)
    found = first.consumer.committed([TopicPartition(topic, 1), TopicPartition(topic, 2)], 30)
    print("committed", [p.offset for p in found])


def transactions():
    topic = create("transactions")
    group = name("readers")

    def make():
        producer = Producer({"bootstrap.servers": SERVERS, "transactional.id": topic})
        producer.init_transactions(60)
        return producer

    def send(producer, *values):
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value, partition=0)
        producer.flush(60)

    first = make()
    send(first, "a", "b")
    reader = consumer(group_id=group)
    first.send_offsets_to_transaction([TopicPartition(topic, 0, 2)],
                                      reader.consumer_group_metadata(), 60)
    first.commit_transaction(60)
    until("the offset", lambda: reader.committed([TopicPartition(topic, 0)], 30)[0].offset == 2)
    send(first, "c")
    first.abort_transaction(60)
    send(first, "open")
    for level in ("read_committed", "read_uncommitted"):
        found = read_all(topic, isolation_level=level)
        print(level, [(m.offset(), m.value().decode()) for m in found])
    for level in (IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED):
        place = TopicPartition(topic, 0)
        future = ADMIN.list_offsets({place: OffsetSpec.latest()}, isolation_level=level)
        print(level.name, future[place].result(30).offset)
    second = make()
    try:
        first.commit_transaction(60)
        print("the first goes on")
    except KafkaException as error:
        print("the first", error.args[0].name(), error.args[0].fatal())
    send(second, "d")
    second.commit_transaction(60)
    found = read_all(topic, isolation_level="read_committed")
    print("in the end", [(m.offset(), m.value().decode()) for m in found])
    print("offset", reader.committed([TopicPartition(topic, 0)], 30)[0].offset)


def administration():
    client = ADMIN
    topic = create("admin", 2, {"retention.ms": "1000000"})
    print("again", outcome(client.create_topics([NewTopic(topic, 1, 1)])[topic]))
    for what, new in [("replicas", NewTopic(name("x"), 1, 3)), ("name", NewTopic("a b", 1, 1)),
                      ("config", NewTopic(name("x"), 1, 1, config={"retention.ms": "x"}))]:
        print(what, outcome(list(client.create_topics([new]).values())[0]))
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)

    def setting(key):
        return client.describe_configs([resource])[resource].result(30)[key].value

    print([f"{key}={setting(key)}" for key in ("retention.ms", "cleanup.policy",
                                                "max.message.bytes", "message.timestamp.type")])
    change = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[
        ConfigEntry("retention.ms", "2000000", incremental_operation=AlterConfigOpType.SET),
        ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.APPEND)])
    print("alter", outcome(client.incremental_alter_configs([change])[change]))
    until("the change", lambda: setting("retention.ms") == "2000000")
    print(setting("cleanup.policy"))
    print("grow", outcome(client.create_partitions([NewPartitions(topic, 3)])[topic]))
    until("partitions", lambda: len(client.list_topics(timeout=10).topics[topic].partitions) == 3)
    producer = Producer({"bootstrap.servers": SERVERS})
    for index in range(10):
        producer.produce(topic, str(index), "k", partition=0)
    producer.flush(60)
    deleted = client.delete_records([TopicPartition(topic, 0, 4)])
    print("left from", list(deleted.values())[0].result(30).low_watermark)
    print([m.value().decode() for m in read_all(topic)])
    group = name("admin-group")
    reader = consumer(group_id=group)
    reader.commit(offsets=[TopicPartition(topic, 0, 5)], asynchronous=False)
    listed = client.list_consumer_groups().result().valid
    print([(g.group_id == group, g.state == ConsumerGroupState.EMPTY, g.is_simple_consumer_group)
           for g in listed if g.group_id == group])
    change = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 8)])
    print("move", outcome(client.alter_consumer_group_offsets([change])[group]))
    asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0)])
    found = client.list_consumer_group_offsets([asked])[group].result(30)
    print("moved to", found.topic_partitions[0].offset)
    reader.close()
    print("delete group", outcome(client.delete_consumer_groups([group])[group]))
    print("again", outcome(client.delete_consumer_groups([group])[group]))
    cluster = client.describe_cluster().result(30)
    print("nodes", [node.id for node in cluster.nodes], cluster.controller.id)
    print("delete", outcome(client.delete_topics([topic])[topic]))
    until("the deletion", lambda: topic not in client.list_topics(timeout=10).topics)
    print("again", outcome(client.delete_topics([topic])[topic]))


{"records": records, "times": times, "groups": groups, "transactions": transactions,
 "administration": administration}[PROGRAM]()
