import Foundation
import Postgres
import Topics

/// What a run of the line left behind, in PostgreSQL and on the topics, and what is wrong with it.
struct Outcome {
    /// Invocations folded, by function, in PostgreSQL and by the shapes on the topic.
    let counted: [FunctionID: Int]
    private(set) var countedByShapes: [FunctionID: Int] = [:]
    /// The bytes of every slot, by function and slot, but for `correction`: how often a slot was
    /// published follows from when the featurizer had nothing to read, which the wall clock says.
    private(set) var shapes: [String: [UInt8]] = [:]
    let representedInTables: Set<FunctionID>
    private(set) var represented: Set<FunctionID> = []
    let predictedInTables: Set<ServiceID>
    private(set) var predicted: Set<ServiceID> = []
    private(set) var assignments: [FunctionID: Assignment] = [:]
    /// Events on topic `invocations`, by partition.
    let sent: [Int64]
    /// Messages that the rule of epochs passes over, by topic.
    private(set) var stale: [String: Int] = [:]
    /// What contradicts itself.
    private(set) var faults: [String] = []
    let workersOver: Int

    init(of line: Line) throws {
        let servers = line.bootstrapServers
        counted = try line.folded()
        representedInTables = try line.represented()
        predictedInTables = try line.predicted()
        sent = try ends(of: .invocations, on: servers)
        workersOver = try line.workersOver()
        try takeShapes(TopicReplay(of: .shapes, on: servers))
        let representations = try TopicReplay(of: .representations, on: servers)
        stale[Topic.representations.name] = representations.stale
        represented = Set(
            try representations.decoded(Representation.self).values.map(\.functionID))
        let predictions = try TopicReplay(of: .predictions, on: servers)
        stale[Topic.predictions.name] = predictions.stale
        predicted = Set(try predictions.decoded(Prediction.self).values.map(\.serviceID))
        let workers = try TopicReplay(of: .workers, on: servers).decoded(WorkerReported.self)
        try takeAssignments(TopicReplay(of: .assignments, on: servers), workers, line)
    }

    private mutating func takeShapes(_ replay: TopicReplay) throws {
        stale[Topic.shapes.name] = replay.stale
        for (key, value) in replay.values { shapes[key] = withoutCorrection(value.bytes) }
        for shape in try replay.decoded(FunctionShape.self).values {
            countedByShapes[shape.functionID, default: 0] += shape.counts.total
        }
        expectOneWriter(replay, "shapes")
    }

    private mutating func takeAssignments(
        _ replay: TopicReplay, _ workers: [String: WorkerReported], _ line: Line
    ) throws {
        stale[Topic.assignments.name] = replay.stale
        for assignment in try replay.decoded(Assignment.self).values {
            assignments[assignment.functionID] = assignment
        }
        expectOneWriter(replay, "assignments")
        for (key, value) in replay.values where value.epoch < replay.highestEpoch[key] ?? 0 {
            faults.append("assignments \(key): valid with epoch \(value.epoch), not the highest")
        }
        for (id, assignment) in assignments.sorted(by: { $0.key < $1.key }) {
            let share = assignment.placements.reduce(0) { $0 + $1.share }
            if abs(share - 1) > 1e-9 { faults.append("\(id) has a share of \(share)") }
            for placement in assignment.placements {
                let worker = workers["\(assignment.cell)/\(placement.worker)"]
                if worker?.state != .ready {
                    faults.append("\(id) is on \(placement.worker), which is not ready there")
                }
            }
        }
        let kept = try line.assignmentsKept()
        for id in Set(kept.keys).union(assignments.keys).sorted()
        where kept[id] != assignments[id].map(Line.AssignmentKept.init) {
            faults.append(
                "\(id) in PostgreSQL: \(kept[id].map { "\($0)" } ?? "-"), on the topic: "
                    + "\(assignments[id].map { "\(Line.AssignmentKept($0))" } ?? "-")")
        }
        for fault in try line.guaranteesBroken() { faults.append(fault) }
    }

    /// A key is its partition's, and a partition has one owner at a time under one name.
    private mutating func expectOneWriter(_ replay: TopicReplay, _ topic: String) {
        for (key, value) in replay.values {
            let writers = replay.writers[key] ?? []
            if writers.count != 1 || !value.writer.hasSuffix("/\(value.partition)") {
                faults.append("\(topic) \(key) in \(value.partition) by \(writers.sorted())")
            }
        }
    }

    // MARK: beside another

    /// What differs from an undisturbed run of the same input, in words; nothing should.
    ///
    /// Placements are not among it. The allocator decides online, on shapes, representations and
    /// predictions as they arrive, and nothing orders one topic against another: where a
    /// representation comes before a function's first shape it weighs in its placement, and
    /// after it does not. That holds for two undisturbed runs, too; see `samePlacements`.
    func differences(from calm: Outcome, expected: [FunctionID: Int]) -> [String] {
        var found = faults
        func compare<Key: Hashable & Comparable, Value: Equatable>(
            _ what: String, _ mine: [Key: Value], _ theirs: [Key: Value]
        ) {
            let keys = Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted()
            guard let first = keys.first else { return }
            found.append(
                "\(what): \(keys.count) differ, the first \(first): "
                    + "\(text(mine[first])) beside \(text(theirs[first]))")
        }
        func compare<Key: Hashable & Comparable>(
            _ what: String, _ mine: Set<Key>, _ theirs: Set<Key>
        ) {
            let keys = mine.symmetricDifference(theirs).sorted()
            guard let first = keys.first else { return }
            found.append(
                "\(what): \(mine.count) beside \(theirs.count), the first that differs \(first)")
        }
        let functions = Set(expected.keys)
        let services = Set(functions.map(\.service))
        compare("counts in PostgreSQL", counted, expected)
        compare("counts in PostgreSQL, undisturbed", calm.counted, expected)
        compare("counts of the shapes", countedByShapes, expected)
        compare("shapes", shapes, calm.shapes)
        compare("represented on the topic", represented, calm.represented)
        compare("represented in PostgreSQL", representedInTables, calm.representedInTables)
        compare("represented", represented, functions)
        compare("predicted on the topic", predicted, calm.predicted)
        compare("predicted in PostgreSQL", predictedInTables, calm.predictedInTables)
        compare("predicted", predicted, services)
        compare("assigned", Set(placed.keys), Set(calm.placed.keys))
        compare("assigned", Set(placed.keys), functions)
        if sent != calm.sent { found.append("events sent: \(sent) beside \(calm.sent)") }
        return found
    }

    /// Those with a worker.
    private var placed: [FunctionID: Assignment] {
        assignments.filter { !$0.value.placements.isEmpty }
    }

    /// How many functions are on the same workers as in another run.
    func samePlacements(as other: Outcome) -> Int {
        assignments.count { id, assignment in
            Set(assignment.placements.map(\.worker))
                == other.assignments[id].map { Set($0.placements.map(\.worker)) }
        }
    }

    var workersUsed: Int { Set(placed.values.flatMap { $0.placements.map(\.worker) }).count }
}

private func text(_ value: (some Equatable)?) -> String {
    guard let value else { return "-" }
    if let bytes = value as? [UInt8] { return String(decoding: bytes, as: UTF8.self) }
    return "\(value)"
}

/// An encoded shape less `"correction":N,`.
private func withoutCorrection(_ bytes: [UInt8]) -> [UInt8] {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let start = text.firstRange(of: "\"correction\":"),
        let end = text[start.upperBound...].firstIndex(of: ",")
    else { return bytes }
    return Array((text[..<start.lowerBound] + text[text.index(after: end)...]).utf8)
}

extension Line {
    /// An assignment as both PostgreSQL and the topic have it.
    struct AssignmentKept: Equatable {
        let cell: Int32
        let workers: [String]
        let revision: Int
        let reason: String

        init(_ assignment: Assignment) {
            cell = assignment.cell
            workers = assignment.placements.map(\.worker).sorted()
            revision = assignment.revision
            reason = assignment.reason
        }

        init(cell: Int32, workers: [String], revision: Int, reason: String) {
            (self.cell, self.workers) = (cell, workers)
            (self.revision, self.reason) = (revision, reason)
        }
    }

    func assignmentsKept() throws -> [FunctionID: AssignmentKept] {
        try query { session in
            let rows = try session.execute(
                """
                select customer, service, function, cell, revision, reason,
                    coalesce((select string_agg(p ->> 'worker', ' ')
                        from jsonb_array_elements(placements) p), '')
                from allocator.assignments
                """)
            return Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    let id = FunctionID(customer: row[0], service: row[1], function: row[2])
                    let workers = (row[6] as String).split(separator: " ").map(String.init)
                    return (
                        id,
                        AssignmentKept(
                            cell: row[3], workers: workers.sorted(), revision: Int(row[4] as Int64),
                            reason: row[5])
                    )
                })
        }
    }

    /// Workers on which more is guaranteed than there is.
    func guaranteesBroken() throws -> [String] {
        try query { session in
            try session.execute(
                """
                select worker from allocator.workers
                where guaranteed_milli_cpu > milli_cpu or guaranteed_memory_mb > memory_mb
                """
            ).map { "more is guaranteed on worker \($0[0] as String) than it has" }
        }
    }

    /// Workers whose plan, with room for noise, is beyond what they have.
    func workersOver() throws -> Int {
        try query { session in
            Int(
                try session.execute(
                    """
                    select count(*) from allocator.workers
                    where planned_milli_cpu > milli_cpu or planned_memory_mb > memory_mb
                    """)[0][0] as Int64)
        }
    }
}
