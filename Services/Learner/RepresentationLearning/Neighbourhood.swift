internal import Numerics
internal import Topics

/// The functions of one cell at one time, by vector and by rhythm.
struct Neighbourhood: Sendable {
    struct Member: Sendable {
        let function: FunctionID
        /// (D)
        let vector: [Float]
        let rhythm: Rhythm
    }

    private let members: [Member]

    init(_ members: [Member]) { self.members = members }

    /// Most alike by the cosine of their vectors, best first.
    func nearest(to member: Member) -> [Representation.Neighbour] {
        best(for: member) { Double(dotProduct(member.vector[...], $0.vector[...])) }
    }

    /// In antiphase, best first; none whose score is not positive.
    func opposite(to member: Member) -> [Representation.Neighbour] {
        best(for: member) { member.rhythm.antiphase(to: $0.rhythm) }.filter { $0.score > 0 }
    }

    /// - Complexity: linear in the members; equals are ordered as the members are.
    private func best(
        for member: Member, by score: (Member) -> Double
    ) -> [Representation.Neighbour] {
        var best: [(function: FunctionID, score: Double)] = []
        for other in members where other.function != member.function {
            let score = score(other)
            if best.count == Limits.neighbours, score <= best[best.count - 1].score { continue }
            let place = best.firstIndex { $0.score < score } ?? best.count
            best.insert((other.function, score), at: place)
            if best.count > Limits.neighbours { best.removeLast() }
        }
        return best.map { Representation.Neighbour($0.function, score: rounded($0.score)) }
    }

    /// Scores are told to four places: more is noise, and makes messages longer.
    private func rounded(_ score: Double) -> Double {
        (max(-1, min(1, score)) * 10_000).rounded() / 10_000
    }
}
