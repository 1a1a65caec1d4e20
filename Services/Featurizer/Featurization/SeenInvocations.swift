internal import Topics

/// Which invocations were taken already: 64 bits of each in the minutes that are not yet late.
///
/// Two invocations out of n are taken for one with a chance of n^2/2^65: with 10 million in two
/// minutes 3 in a million. Half of the places are free: 16 to 32 bytes an invocation.
struct SeenInvocations {
    /// By minute of event time.
    private var digests: [Int64: DigestSet] = [:]
    /// Since the state was last taken.
    private var unkept: [Int64: [UInt64]] = [:]

    var count: Int { digests.values.reduce(0) { $0 + $1.count } }
    var bytes: Int { digests.values.reduce(0) { $0 + $1.bytes } }

    /// - Returns: whether it was not there.
    mutating func insert(_ digest: UInt64, minute: Int64) -> Bool {
        guard digests[minute, default: DigestSet()].insert(digest) else { return false }
        unkept[minute, default: []].append(digest)
        return true
    }

    mutating func restore(_ kept: [UInt64], minute: Int64) {
        for digest in kept { _ = digests[minute, default: DigestSet()].insert(digest) }
    }

    mutating func forget(before minute: Int64) {
        for gone in digests.keys where gone < minute { digests[gone] = nil }
        for gone in unkept.keys where gone < minute { unkept[gone] = nil }
    }

    mutating func takeUnkept() -> [(minute: Int64, digests: [UInt64])] {
        defer { unkept = [:] }
        return unkept.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

/// Open addressing; 0 stands for a free place, and 1 for a digest of 0 or 1.
private struct DigestSet {
    private var places: [UInt64] = Array(repeating: 0, count: 64)
    private(set) var count = 0

    var bytes: Int { places.count * 8 }

    mutating func insert(_ digest: UInt64) -> Bool {
        if (count + 1) * 2 > places.count { widen() }
        return enter(max(digest, 1))
    }

    private mutating func enter(_ digest: UInt64) -> Bool {
        var place = Int(truncatingIfNeeded: digest) & (places.count - 1)
        while places[place] != 0 {
            if places[place] == digest { return false }
            place = (place + 1) & (places.count - 1)
        }
        places[place] = digest
        count += 1
        return true
    }

    private mutating func widen() {
        let old = places
        places = Array(repeating: 0, count: old.count * 2)
        count = 0
        for digest in old where digest != 0 { _ = enter(digest) }
    }
}
