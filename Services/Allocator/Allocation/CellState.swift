internal import Numerics
internal import Processing
internal import Topics

/// Which entries of the kept state are older than the cell.
struct Changes: Equatable {
    var cell = false
    var calibration = false
    var overload = false
    var functions: Set<FunctionID> = []
    var pending: Set<FunctionID> = []
    var opposites: Set<FunctionID> = []
    var demands: Set<DemandKey> = []
    var services: Set<ServiceID> = []
    var workers: Set<String> = []
    var history = false
    var slacks: Set<FunctionID> = []

    struct DemandKey: Hashable {
        let id: FunctionID
        /// A day number modulo 7.
        let place: Int64
    }

    mutating func note(demandOf id: FunctionID, slot: Int64) {
        let place = DemandWeek.day(of: slot).number % Int64(DemandWeek.days)
        demands.insert(DemandKey(id: id, place: place))
    }

    mutating func forget(_ id: FunctionID) {
        functions.insert(id)
        pending.insert(id)
        opposites.insert(id)
        slacks.insert(id)
        for place in 0..<Int64(DemandWeek.days) {
            demands.insert(DemandKey(id: id, place: place))
        }
    }
}

/// Keys: `cell`, `calibration`, `overload`, `history`, `worker/NAME`, `service/PATH`,
/// `function/PATH`, `pending/PATH`, `opposite/PATH`, `slack/PATH`, and `demand/D/PATH` with D a day
/// number modulo 7; PATH is `customer/service/function`.
private enum Key {
    static let cell = "cell"
    static let calibration = "calibration"
    static let overload = "overload"
    static let worker = "worker/"
    static let service = "service/"
    static let function = "function/"
    static let pending = "pending/"
    static let opposite = "opposite/"
    static let demand = "demand/"
    static let slack = "slack/"
    static let history = "history"
    static let version: UInt8 = 2
}

extension Cell {
    mutating func takeChanges() -> [StateEntry] {
        let taken = changes
        changes = Changes()
        var entries: [StateEntry] = []
        if taken.cell { entries.append(StateEntry(key: Key.cell, value: clock.encoded())) }
        if taken.history {
            entries.append(StateEntry(key: Key.history, value: history.encoded()))
        }
        for id in taken.slacks {
            entries.append(
                StateEntry(key: "\(Key.slack)\(id.path)", value: encodedSlack(of: id)))
        }
        if taken.calibration {
            entries.append(StateEntry(key: Key.calibration, value: learned.encoded()))
        }
        if taken.overload {
            entries.append(StateEntry(key: Key.overload, value: measured.encoded()))
        }
        for name in taken.workers {
            entries.append(
                StateEntry(key: "\(Key.worker)\(name)", value: reports[name]?.encodedState()))
        }
        for id in taken.services {
            entries.append(
                StateEntry(key: "\(Key.service)\(id.path)", value: services[id]?.encoded()))
        }
        for id in taken.functions {
            entries.append(
                StateEntry(key: "\(Key.function)\(id.path)", value: functions[id]?.encoded()))
        }
        for id in taken.pending {
            entries.append(
                StateEntry(key: "\(Key.pending)\(id.path)", value: functions[id]?.encodedPending()))
        }
        for id in taken.opposites {
            entries.append(
                StateEntry(
                    key: "\(Key.opposite)\(id.path)", value: opposites[id].map(encoded(opposites:)))
            )
        }
        for key in taken.demands {
            entries.append(
                StateEntry(
                    key: "\(Key.demand)\(key.place)/\(key.id.path)",
                    value: functions[key.id]?.demand.encoded(place: key.place)))
        }
        return entries.sorted { $0.key < $1.key }
    }

    mutating func restore(_ entry: StateEntry) throws(CorruptState) {
        guard let bytes = entry.value else { return }
        (restored, isUntold) = (true, true)
        var reader = try StateReader(bytes, newest: Key.version)
        if entry.key == Key.cell {
            clock = try Clock(&reader)
        } else if entry.key == Key.history {
            history = try NeedHistory(&reader)
        } else if let path = entry.key.rest(after: Key.slack) {
            try restoreSlack(of: functionID(path), &reader)
        } else if entry.key == Key.calibration {
            learned = try LearnedDeviations(&reader)
        } else if entry.key == Key.overload {
            measured = try MeasuredOverload(&reader)
        } else if let name = entry.key.rest(after: Key.worker) {
            reports[name] = try WorkerReported(name, cell: number, &reader)
            guard reports.count <= Limits.workersPerCellMax else {
                throw CorruptState("more than \(Limits.workersPerCellMax) workers")
            }
        } else if let path = entry.key.rest(after: Key.service) {
            try restore(service: path, &reader)
        } else if let path = entry.key.rest(after: Key.function) {
            try restore(function: functionID(path), &reader)
        } else if let path = entry.key.rest(after: Key.pending) {
            var function = self.function(try functionID(path))
            function.pending = try reader.readArray(each: SlotUse.read)
            guard function.pending.count <= Limits.pendingMax + 1 else {
                throw CorruptState("\(function.pending.count) slots are pending")
            }
            functions[try functionID(path)] = function
        } else if let path = entry.key.rest(after: Key.opposite) {
            opposites[try functionID(path)] = try reader.readArray {
                reader throws(CorruptState) in try functionID(reader.readString())
            }
        } else if let rest = entry.key.rest(after: Key.demand) {
            let id = try functionID(rest.parts.dropFirst().joined(separator: "/"))
            var function = self.function(id)
            try function.demand.restoreDay(&reader)
            functions[id] = function
        } else {
            throw CorruptState("state entry \"\(entry.key)\" is of no known kind")
        }
        try reader.finish()
    }

    /// The ledger and the lists that follow from the entries, once all are back.
    mutating func completeRestore() throws(CorruptState) {
        guard restored else { return }
        guard functions.isEmpty || clock.window != nil else {
            throw CorruptState("cell \(number) has functions and was never evaluated")
        }
        guard functions.count <= Limits.functionsPerCellMax else {
            throw CorruptState("cell \(number) has \(functions.count) functions")
        }
        for (id, function) in functions {
            guard function.demand.firstSlot != .max else {
                throw CorruptState("function \(id) has demand and no entry of its own")
            }
            if let stranger = function.placements.first(where: { reports[$0] == nil }) {
                throw CorruptState("function \(id) is on worker \(stranger), which has no entry")
            }
            services[id.service, default: KnownService()].functions.append(id)
        }
        adoptLearned()
        rebuild()
        if let full = ledger.workers.first(where: { $0.members > Limits.membersPerWorkerMax }) {
            throw CorruptState("worker \(full.name) has \(full.members) members")
        }
    }

    /// Says every assignment again, once after a restore.
    ///
    /// Who had the cell before may have published decisions that its last checkpoint does not hold.
    /// They need not be made again: topics have no mutual order, so the same messages may come in
    /// another one. What the state says then has to be the last word on the topic, too.
    mutating func tellAgain(_ effects: inout CellEffects) {
        guard isUntold else { return }
        isUntold = false
        guard !policy.isDryRun else { return }
        for (id, function) in functions.sorted(by: { $0.key < $1.key })
        where function.revision > 0 {
            effects.publish(assignment(of: id, function))
        }
    }

    /// As far as it has been restored.
    private func function(_ id: FunctionID) -> PlacedFunction {
        functions[id] ?? PlacedFunction(demand: Demand(firstSlot: .max), tier: .burstable)
    }

    private mutating func restore(
        function id: FunctionID, _ reader: inout StateReader
    ) throws(CorruptState) {
        var function = self.function(id)
        try function.restoreHead(&reader)
        functions[id] = function
    }

    private mutating func restore(
        service path: String, _ reader: inout StateReader
    ) throws(CorruptState) {
        guard let id = FunctionID(path: path + "/")?.service else {
            throw CorruptState("\"\(path)\" is no service's path")
        }
        services[id] = try KnownService(&reader)
    }

    private func encoded(opposites: [FunctionID]) -> [UInt8] {
        var writer = StateWriter(version: Key.version)
        writer.write(opposites) { $0.write($1.path) }
        return writer.bytes
    }
}

private func functionID(_ path: String) throws(CorruptState) -> FunctionID {
    guard let id = FunctionID(path: path) else {
        throw CorruptState("\"\(path)\" is no function's path")
    }
    return id
}
