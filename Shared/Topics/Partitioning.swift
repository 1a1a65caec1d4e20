/// The partition that Kafka's default partitioner gives a key.
///
/// - SeeAlso: `org.apache.kafka.common.utils.Utils.murmur2`, librdkafka's `murmur2_random`.
public func partition(ofKey key: String, among partitions: Int32) -> Int32 {
    precondition(partitions > 0, "a topic has at least one partition, got \(partitions)")
    return Int32(murmur2(key.utf8Span.span) & 0x7FFF_FFFF) % partitions
}

/// Austin Appleby's MurmurHash2, 32 bits, with Kafka's seed.
func murmur2(_ bytes: Span<UInt8>) -> UInt32 {
    let m: UInt32 = 0x5BD1_E995
    var h: UInt32 = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.count)
    var i = 0
    while i + 4 <= bytes.count {
        var k =
            UInt32(bytes[i]) | UInt32(bytes[i + 1]) << 8
            | UInt32(bytes[i + 2]) << 16 | UInt32(bytes[i + 3]) << 24
        k = k &* m
        k ^= k >> 24
        k = k &* m
        h = (h &* m) ^ k
        i += 4
    }
    if i < bytes.count {
        for j in i..<bytes.count { h ^= UInt32(bytes[j]) << (8 * UInt32(j - i)) }
        h = h &* m
    }
    h ^= h >> 13
    h = h &* m
    return h ^ (h >> 15)
}
