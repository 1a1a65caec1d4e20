internal import Numerics
public import Processing
internal import Topics

extension LearnerStage {
    /// What `takeChanges` has to write.
    struct Changes: Sendable {
        var clock = false
        var model = false
        var heads: Set<FunctionID> = []
        /// By function, the newest day that changed in each place of the week.
        var days: [FunctionID: [Int: Int64]] = [:]
        var forgotten: Set<FunctionID> = []

        mutating func record(_ function: FunctionID, slot: Int64) {
            let day = DemandWeek.day(of: slot).number
            let place = Int(day % Int64(DemandWeek.days))
            let newest = days[function]?[place] ?? day
            days[function, default: [:]][place] = max(newest, day)
            heads.insert(function)
            forgotten.remove(function)
            clock = true
        }

        mutating func forget(_ function: FunctionID) {
            days[function] = nil
            heads.remove(function)
            forgotten.insert(function)
            clock = true
        }
    }

    public mutating func takeChanges() -> [StateEntry] {
        var entries: [StateEntry] = []
        if changes.clock, let clock {
            entries.append(StateEntry(key: StateKey.partitionKey, value: summary(clock).bytes))
        }
        if changes.model, let release {
            entries.append(StateEntry(key: StateKey.modelKey, value: release.parameters))
        }
        for function in changes.forgotten.sorted() {
            entries.append(StateEntry(key: StateKey.key(function), value: nil))
            for place in 0..<DemandWeek.days {
                entries.append(StateEntry(key: StateKey.key(function, day: place), value: nil))
            }
        }
        for function in changes.heads.sorted() {
            guard let history = functions[function] else { continue }
            entries.append(StateEntry(key: StateKey.key(function), value: history.head))
            let days = (changes.days[function] ?? [:]).sorted { $0.key < $1.key }
            for (place, number) in days {
                guard let bytes = history.day(number) else { continue }
                entries.append(StateEntry(key: StateKey.key(function, day: place), value: bytes))
            }
        }
        changes = Changes()
        return entries
    }

    public mutating func restore(_ entry: StateEntry) throws(CorruptState) {
        guard let value = entry.value else { return }
        switch StateKey(entry.key) {
        case .partition:
            let summary = try PartitionSummary(bytes: value)
            clock = Clock(lastSlot: summary.lastSlot, lookedUntil: summary.lookedUntil)
        case .model:
            // Until the next release the prior does: vectors of the other make would say nothing.
            guard !EncoderModel.isOutdated(value) else { return }
            model = try EncoderModel(bytes: value)
            release = (ModelReleased.digest(of: value), value)
        case .function(let function):
            try functions[function, default: FunctionHistory()].restore(head: value)
        case .day(let function):
            try functions[function, default: FunctionHistory()].restore(day: value)
        case nil:
            throw CorruptState("state entry \"\(entry.key)\" is of no known kind")
        }
    }

    private func summary(_ clock: Clock) -> PartitionSummary {
        let distances = functions.values.compactMap(\.encoding)
            .filter { $0.modelVersion == model.version }.compactMap(\.distance)
        return PartitionSummary(
            lastSlot: clock.lastSlot, lookedUntil: clock.lookedUntil, functions: functions.count,
            functionsOfAnHour: functions.values.count {
                $0.ageSlots >= Int64(DemandView.slotsPerHour)
            },
            modelVersion: model.version, distances: distances.count,
            distanceSum: distances.reduce(0) { $0 + Double($1) })
    }
}

/// Keys of state entries: `partition`, `model`, `function/<path>`, `day/<path>/<0...6>`.
enum StateKey {
    case partition
    case model
    case function(FunctionID)
    case day(FunctionID)

    init?(_ key: String) {
        if key == Self.partitionKey {
            self = .partition
        } else if key == Self.modelKey {
            self = .model
        } else if let id = key.rest(after: "function/").flatMap({ FunctionID(path: $0) }) {
            self = .function(id)
        } else if let rest = key.rest(after: "day/"),
            let id = FunctionID(path: String(decoding: rest.utf8.dropLast(2), as: UTF8.self))
        {
            self = .day(id)
        } else {
            return nil
        }
    }

    static let partitionKey = "partition"
    static let modelKey = "model"
    static func key(_ id: FunctionID) -> String { "function/\(id.path)" }
    static func key(_ id: FunctionID, day place: Int) -> String { "day/\(id.path)/\(place)" }
}
