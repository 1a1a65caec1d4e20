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
