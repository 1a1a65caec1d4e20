internal import Numerics
internal import Processing
public import Topics

/// A function's representation as its table keeps it.
public struct RepresentationRow: Equatable, Sendable {
    public let representation: Representation
    /// The end of the slots it rests on.
    public let asOfMs: Int64
    public let meanMilliCpu: Double
    /// (24) demand of each hour of the day, UTC, over the mean; 1 where it was not seen.
    public let dayProfile: [Float]
}

extension LearnerStage {
    func encodings(
        of due: [FunctionID], until end: Int64
    ) -> [FunctionID: FunctionHistory.Encoding] {
        var encodings: [FunctionID: FunctionHistory.Encoding] = [:]
        for function in due {
            guard let view = functions[function]?.view(until: end) else { continue }
            let vector = model.encode(view)
            encodings[function] = FunctionHistory.Encoding(
                modelVersion: model.version, vector: vector, meanMilliCpu: mean(view.milliCpu),
                distance: model.distance(of: vector))
        }
        return encodings
    }

    /// Publishes what was encoded, with neighbours among all functions that have a vector of the
    /// model in force.
    func announce(
        _ encodings: [FunctionID: FunctionHistory.Encoding], until end: Int64,
        _ effects: inout Effects<Row>
    ) {
        guard !encodings.isEmpty else { return }
        var current = encodings
        for (function, history) in functions where current[function] == nil {
            guard let encoding = history.encoding, encoding.modelVersion == model.version else {
                continue
            }
            current[function] = encoding
        }
        // As many as a partition may hold.
        let members = current.sorted { $0.key < $1.key }.compactMap { function, encoding in
            functions[function].map { history in
                Neighbourhood.Member(
                    function: function, vector: encoding.vector, view: history.view(until: end))
            }
        }
        let neighbourhood = Neighbourhood(members)
        let due = members.filter { encodings[$0.function] != nil }
        for (member, nearest) in zip(due, neighbourhood.nearest(to: due)) {
            guard let view = functions[member.function]?.view(until: end) else { continue }
            announce(
                member, view, nearest: nearest, opposite: neighbourhood.opposite(to: member),
                &effects)
        }
    }

    private func announce(
        _ member: Neighbourhood.Member, _ view: DemandView,
        nearest: [Representation.Neighbour], opposite: [Representation.Neighbour],
        _ effects: inout Effects<Row>
    ) {
        let representation = Representation(
            member.function, modelVersion: model.version, vector: member.vector,
            cluster: model.cluster(of: member.vector), predictability: predictability(of: view),
            slots: view.count, nearest: nearest, opposite: opposite)
        effects.publish(representation)
        effects.save(
            .representation(
                RepresentationRow(
                    representation: representation, asOfMs: view.endSlot * FunctionShape.slotMs,
                    meanMilliCpu: Double(mean(view.milliCpu)), dayProfile: view.dayProfile)))
    }
}
