import Topics

/// An invocation's Protobuf as its specification says it, as plainly as can be: a list of fields, then
/// their meaning. It shares nothing with the product's decoder.
///
/// - SeeAlso: Protocol Buffers, Encoding <https://protobuf.dev/programming-guides/encoding/>
enum PlainProtobuf {
    private enum Value {
        case varint(UInt64)
        case eightBytes(UInt64)
        case text([UInt8])
        case other
    }

    private struct Malformed: Error {}

    /// - Returns: nil when the bytes are no invocation.
    static func invocation(_ bytes: [UInt8]) -> Invocation? {
        guard bytes.count <= 65_536, let fields = try? fields(bytes) else { return nil }
        var words: [UInt64: String] = [:]
        var numbers: [UInt64: Double] = [:]
        var integers: [UInt64: UInt64] = [:]
        for (number, value) in fields {
            switch (number, value) {
            case (1...4, .text(let text)), (12...14, .text(let text)):
                guard let word = String(validating: text, as: UTF8.self) else { return nil }
                words[number] = word
            case (5, .varint(let integer)): integers[number] = integer
            // The schema's zero says nothing, so it takes nothing back either.
            case (15, .varint(let integer)): if integer != 0 { integers[number] = integer }
            case (6...11, .eightBytes(let pattern)):
                numbers[number] = Double(bitPattern: pattern)
            case (1...15, _): return nil
            default: continue
            }
        }
        guard let customer = words[1], let service = words[2], let function = words[3],
            let id = words[4], let started = integers[5], let duration = numbers[6],
            let memory = numbers[8], let outcome = integers[15]
        else { return nil }
        let outcomes: [Outcome] = [
            .success, .error, .timeout, .outOfMemory, .throttled, .killed, .unknown,
        ]
        let read = Invocation(
            customer: customer, service: service, function: function, invocation: id,
            startedAtMs: Int64(bitPattern: started), durationMs: duration, cpuMs: numbers[7],
            memoryMb: memory, memoryPeakMb: numbers[9], initMs: numbers[10],
            deadlineMs: numbers[11], trigger: words[12], runtime: words[13], worker: words[14],
            outcome: outcomes[Int(min(outcome, 7)) - 1])
        return (try? read.validate()) == nil ? nil : read
    }

    private static func fields(_ bytes: [UInt8]) throws -> [(UInt64, Value)] {
        var rest = bytes[...]
        var found: [(UInt64, Value)] = []
        while !rest.isEmpty { found.append(try field(&rest, depth: 1)) }
        return found
    }

    private static func field(
        _ rest: inout ArraySlice<UInt8>, depth: Int
    ) throws -> (UInt64, Value) {
        let tag = try varint(&rest)
        let number = tag / 8
        guard number >= 1, number < 1 << 29 else { throw Malformed() }
        switch tag % 8 {
        case 0: return (number, .varint(try varint(&rest)))
        case 1: return (number, .eightBytes(try fixed(8, &rest)))
        case 5:
            _ = try fixed(4, &rest)
            return (number, .other)
        case 2:
            let count = try varint(&rest)
            guard count <= UInt64(rest.count) else { throw Malformed() }
            defer { rest = rest.dropFirst(Int(count)) }
            return (number, .text(Array(rest.prefix(Int(count)))))
        case 3:
            guard depth < 32 else { throw Malformed() }
            while true {
                var ahead = rest
                let next = try varint(&ahead)
                guard next % 8 != 4 else {
                    guard next / 8 == number else { throw Malformed() }
                    rest = ahead
                    return (number, .other)
                }
                _ = try field(&rest, depth: depth + 1)
            }
        default: throw Malformed()
        }
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<10 {
            guard let byte = rest.popFirst() else { throw Malformed() }
            let (bits, lost) = (UInt64(byte & 0x7F), place == 9 && byte & 0x7F > 1)
            guard !lost else { throw Malformed() }
            value += bits << UInt64(7 * place)
            if byte < 128 { return value }
        }
        throw Malformed()
    }

    private static func fixed(_ count: Int, _ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
        guard rest.count >= count else { throw Malformed() }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
