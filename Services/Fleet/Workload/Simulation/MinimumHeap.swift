/// A heap whose least element is on top (Cormen et al., "Introduction to Algorithms", chapter 6).
struct MinimumHeap<Element: Comparable & Sendable>: Sendable {
    private var elements: [Element] = []

    var count: Int { elements.count }
    var first: Element? { elements.first }

    mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    @discardableResult
    mutating func removeFirst() -> Element {
        precondition(!elements.isEmpty, "an empty heap has no first")
        elements.swapAt(0, elements.count - 1)
        let least = elements.removeLast()
        var parent = 0
        while true {
            var least = 2 * parent + 1
            guard least < elements.count else { break }
            if least + 1 < elements.count, elements[least + 1] < elements[least] { least += 1 }
            guard elements[least] < elements[parent] else { break }
            elements.swapAt(parent, least)
            parent = least
        }
        return least
    }

    mutating func removeAll(where isGone: (Element) -> Bool) {
        let kept = elements.filter { !isGone($0) }
        elements.removeAll(keepingCapacity: true)
        for element in kept { insert(element) }
    }
}
