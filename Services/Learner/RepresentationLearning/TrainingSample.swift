/// Whom a function serves, or how it is called: a model should serve each as well as the others.
public struct FunctionGroup: Hashable, Comparable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case customer
        case trigger
    }

    public let kind: Kind
    public let name: String

    public init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    public static func < (a: FunctionGroup, b: FunctionGroup) -> Bool {
        (a.kind.rawValue, a.name) < (b.kind.rawValue, b.name)
    }
}

/// What a fit is to know of a function.
public struct TrainingSample: Sendable {
    /// Of several times, in their order, or one of all that is known.
    public let views: [DemandView]
    /// One of a kind at most.
    public let groups: [FunctionGroup]
    /// Of its invocations, those that succeeded; nil where that is not known.
    public let successShare: Double?

    /// - Parameter views: those without slots are left out.
    public init(
        _ views: [DemandView], groups: [FunctionGroup] = [], successShare: Double? = nil
    ) {
        self.views = views.filter { $0.count > 0 }
        self.groups = groups
        self.successShare = successShare
    }

    /// Which views of a function are looked at: of two times, or all, one with its halves.
    enum Extent {
        case pair
        case all
    }

    /// Whether it is known at two times: two days of one view are.
    var hasPair: Bool { views.count > 1 || views.first?.hasHalves == true }

    /// At two times; nil where it is not known at two.
    var pair: (DemandView, DemandView)? {
        guard let first = views.first, let last = views.last else { return nil }
        return views.count > 1 ? (first, last) : first.halves
    }

    func views(_ extent: Extent) -> [DemandView] {
        let pair = pair.map { [$0.0, $0.1] } ?? []
        switch extent {
        case .pair: return pair
        case .all: return views.count > 1 ? views : views + pair
        }
    }

    /// Of `views(extent)`, without making them.
    func count(_ extent: Extent) -> Int {
        switch extent {
        case .pair: hasPair ? 2 : 0
        case .all: views.count > 1 || !hasPair ? views.count : 3
        }
    }
}
