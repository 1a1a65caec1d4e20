internal import CRdKafka
internal import Glibc

/// Numbers for topic names, and for librdkafka's pointers to topics.
struct TopicTable {
    private(set) var names: [String] = []
    private var indices: [String: TopicIndex] = [:]
    /// The topics of this batch by pointer: only while its records live is a pointer a name.
    private var pointers: [(pointer: OpaquePointer, index: TopicIndex)] = []
    private var last = 0

    mutating func index(of name: String) -> TopicIndex {
        if let index = indices[name] { return index }
        precondition(names.count < Limits.topicsMax, "more than \(Limits.topicsMax) topics")
        let index = TopicIndex(rawValue: Int32(names.count))
        names.append(name)
        indices[name] = index
        return index
    }

    mutating func beginBatch() {
        pointers.removeAll(keepingCapacity: true)
        last = 0
    }

    /// Records come in runs of one topic, so the last answer is mostly the next one.
    mutating func index(of pointer: OpaquePointer) -> TopicIndex {
        if last < pointers.count, pointers[last].pointer == pointer { return pointers[last].index }
        if let found = pointers.firstIndex(where: { $0.pointer == pointer }) {
            last = found
        } else {
            last = pointers.count
            pointers.append((pointer, index(of: String(cString: rd_kafka_topic_name(pointer)))))
        }
        return pointers[last].index
    }
}
