internal import Numerics

/// Values in one array, found by number; a number that was given back is given out again.
struct Pool<Value> {
    private var values: [Value] = []
    private var free: [Int32] = []

    /// Of values, those that were given back too.
    var bytes: Int { values.count * MemoryLayout<Value>.stride + free.count * 4 }
    /// Those in use.
    var count: Int { values.count - free.count }

    subscript(number: Int32) -> Value {
        _read { yield values[Int(number)] }
        _modify { yield &values[Int(number)] }
    }

    func prefetch(_ number: Int32) { values.prefetch(Int(number)) }

    mutating func add(_ value: Value) -> Int32 {
        if let number = free.popLast() {
            values[Int(number)] = value
            return number
        }
        values.append(value)
        return Int32(values.count - 1)
    }

    mutating func remove(_ number: Int32) { free.append(number) }
}
