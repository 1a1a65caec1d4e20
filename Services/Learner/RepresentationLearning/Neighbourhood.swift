internal import Numerics
internal import Topics

/// The functions of one cell at one time, by vector and by load.
struct Neighbourhood: Sendable {
    struct Member: Sendable {
        let function: FunctionID
        /// (D)
        let vector: [Float]
        let load: SharedLoad

        init(function: FunctionID, vector: [Float], view: DemandView) {
            self.function = function
            self.vector = vector
            load = SharedLoad(
                startSlot: view.startSlot, values: view.milliCpu,
                slotsPerDay: DemandWeek.slotsPerDay)
        }
    }

    private let members: [Member]
    private let index: NeighbourIndex
    private let shrinkage: CorrelationShrinkage

    /// So many whose typical days go best with one's are laid over its own days.
    static let comparedMax = 128
    /// Members by which it is told how much a correlation says.
    private static let shrinkageMembers = 128

    init(_ members: [Member]) {
        self.members = members
        index = NeighbourIndex(
            vectors: Matrix(members.map(\.vector)), windows: members.map { $0.load.typicalDay })
        shrinkage = Self.shrinkage(of: members)
    }

    /// Most alike by the cosine of their vectors, best first, of each.
    func nearest(to asked: [Member]) -> [[Representation.Neighbour]] {
        guard !members.isEmpty else { return asked.map { _ in [] } }
        let found = index.nearest(
            to: Matrix(asked.map(\.vector)), count: Limits.neighbours + 1)
        return zip(asked, found).map { member, rows in
            rows.map { (members[$0.row].function, Double($0.cosine)) }
                .filter { $0.0 != member.function }.prefix(Limits.neighbours)
                .map { Representation.Neighbour($0.0, score: rounded($0.1)) }
        }
    }

    /// In antiphase, best first; none whose score is not positive.
    func opposite(to member: Member) -> [Representation.Neighbour] {
        let likely = index.likelyOpposite(
            to: member.load.typicalDay, count: Self.comparedMax)
        let scored = likely.sorted().filter { members[$0].function != member.function }
            .map { (members[$0].function, member.load.antiphase(to: members[$0].load, shrinkage)) }
            .filter { rounded($0.1) > 0 }
        // In the members' order where equal.
        return scored.enumerated().sorted { ($1.element.1, $0.offset) < ($0.element.1, $1.offset) }
            .prefix(Limits.neighbours)
            .map { Representation.Neighbour($0.element.0, score: rounded($0.element.1)) }
    }

    /// Of members of whom as many last days are known as of most; of nothing where those are too few.
    private static func shrinkage(of members: [Member]) -> CorrelationShrinkage {
        let loads = members.map(\.load.hours)
        guard let end = loads.map({ $0.end / Int64($0.perDay) }).max() else { return .unknown }
        let perDay = 24
        for days in stride(from: DemandWeek.days, through: 2, by: -1) {
            let range = (end - Int64(days)) * Int64(perDay)..<end * Int64(perDay)
            let hours = loads.compactMap { $0.values(in: range) }
            guard hours.count >= min(members.count, shrinkageMembers) / 2, hours.count > 1 else {
                continue
            }
            return CorrelationShrinkage(
                hours: Array(hours.prefix(shrinkageMembers)),
                days: (0..<days).map { $0 * perDay..<($0 + 1) * perDay })
        }
        return .unknown
    }

    /// Scores are told to four places: more is noise, and makes messages longer.
    private func rounded(_ score: Double) -> Double {
        (max(-1, min(1, score)) * 10_000).rounded() / 10_000
    }
}
