/// The greatest sum of two series at one time.
///
/// Bit patterns of floats that are not negative are ordered as the floats are, and the optimiser
/// makes vectors of a maximum of whole numbers, which it may not of one of floats.
///
/// - Parameter a: (T) not negative.
/// - Parameter b: (T) not negative.
/// - Returns: 0 of nothing.
public func jointPeak(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Float {
    precondition(a.count == b.count, "joint peak of \(a.count) and \(b.count) values")
    let highest = a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            var highest: Int32 = 0
            for index in 0..<a.count {
                highest = max(highest, Int32(bitPattern: (a[index] + b[index]).bitPattern))
            }
            return highest
        }
    }
    return Float(bitPattern: UInt32(bitPattern: highest))
}

/// (n) the greatest sum of one series and each of n others at one time.
///
/// - Parameter columns: (T, n) the others, a row a time, not negative.
/// - Parameter series: (T) not negative.
public func jointPeaks(_ columns: Matrix, with series: [Float]) -> [Float] {
    precondition(columns.rows == series.count, "\(columns.rows) times, \(series.count) of one")
    var highest = [Int32](repeating: 0, count: columns.columns)
    columns.values.withUnsafeBufferPointer { values in
        highest.withUnsafeMutableBufferPointer { highest in
            for (time, own) in series.enumerated() {
                let start = time * columns.columns
                for index in 0..<highest.count {
                    let sum = Int32(bitPattern: (values[start + index] + own).bitPattern)
                    highest[index] = max(highest[index], sum)
                }
            }
        }
    }
    return highest.map { Float(bitPattern: UInt32(bitPattern: $0)) }
}
