internal import Topics

/// The functions of a partition, numbered in the order in which they were first seen.
struct FunctionTable {
    private(set) var tallies: [FunctionTally] = []
    /// By the path's digest, the number of the first function that has it.
    private var firstByDigest: [UInt64: Int32] = [:]
    /// (functions) the next function of the same digest, -1 for none.
    private var nextOfSameDigest: [Int32] = []

    var count: Int { tallies.count }

    subscript(number: Int32) -> FunctionTally {
        _read { yield tallies[Int(number)] }
        _modify { yield &tallies[Int(number)] }
    }

    func number(of path: [UInt8], digest: UInt64) -> Int32? {
        var number = firstByDigest[digest] ?? -1
        while number >= 0 {
            if tallies[Int(number)].path == path { return number }
            number = nextOfSameDigest[Int(number)]
        }
        return nil
    }

    /// - Parameter path: of no function that is there.
    mutating func add(_ id: FunctionID, path: [UInt8], digest: UInt64) -> Int32 {
        let number = Int32(tallies.count)
        tallies.append(FunctionTally(id: id, path: path))
        nextOfSameDigest.append(firstByDigest[digest] ?? -1)
        firstByDigest[digest] = number
        return number
    }
}
