internal import CBytes

// Inlinable, for a generic that is not specialised costs more than the cache misses.
extension Array {
    /// Has what lies there read into the cache while other work goes on; nothing where nothing is.
    @inlinable public func prefetch(_ index: Int) {
        guard index >= 0, index < count else { return }
        withUnsafeBufferPointer { elements in
            guard let start = elements.baseAddress else { return }
            prefetchLines(UnsafeRawPointer(start + index), MemoryLayout<Element>.stride)
        }
    }

    /// - Parameter wanted: how many elements, from there on.
    @inlinable public func prefetch(_ index: Int, count wanted: Int) {
        guard index >= 0, index < count, wanted > 0 else { return }
        let bytes = Swift.min(wanted, count &- index) &* MemoryLayout<Element>.stride
        withUnsafeBufferPointer { elements in
            guard let start = elements.baseAddress else { return }
            prefetchLines(UnsafeRawPointer(start + index), bytes)
        }
    }
}

private let lineBytes = 64

/// - Parameter bytes: at least one.
@usableFromInline func prefetchLines(_ start: UnsafeRawPointer, _ bytes: Int) {
    var offset = 0
    while offset < bytes {
        antiphase_prefetch(start + offset)
        offset &+= lineBytes
    }
    // It may end in one more line than its length has.
    antiphase_prefetch(start + (bytes &- 1))
}
