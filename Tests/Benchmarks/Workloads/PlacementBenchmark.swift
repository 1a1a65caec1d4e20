internal import Allocation
internal import Foundation
internal import Numerics
internal import Processing
internal import Topics

/// What a cell costs: packed from nothing, a decision among many workers, and memory.
///
/// Functions have a daily wave of their own phase with noise, for memory also of the kinds that
/// fleets mostly have: a fifth runs in every slot, three tenths once an hour, half once a day.
public struct PlacementBenchmark: Sendable {
    public static let name = "placement"

    public struct Size: Sendable {
        let packed: Int
        let workers: Int
        let decisions: Int
        let kept: Int

        public static let smoke = Size(packed: 60, workers: 20, decisions: 20, kept: 100)
        public static let full = Size(
            packed: 10_000, workers: 1_000, decisions: 2_000, kept: 62_500)
    }

    private let size: Size

    public init(size: Size) { self.size = size }

    /// - Parameter tell: called with a line for each part.
    public func run(_ tell: (String) -> Void) throws {
        // First, while this process has no memory that others left.
        try keep(tell)
        try decide(tell)
        pack(tell)
    }

    private func pack(_ tell: (String) -> Void) {
        var random = SeededRandom(seed: 1)
        let profiles = (0..<size.packed).map { _ in
            Profile(milliCpu: Wave(&random).values(days: 7, &random))
        }
        let began = clock()
        let packing = Packing(
            profiles, capacity: Need(milliCpu: 8_000, memoryMb: 1), Policy())
        let seconds = Double(clock() - began) / Double(CLOCKS_PER_SEC)
        tell(
            "\(grouped(size.packed)) functions packed from nothing: \(rounded(seconds)) CPU s "
                + "(10), \(grouped(packing.workers)) workers")
    }

    private func decide(_ tell: (String) -> Void) throws {
        var random = SeededRandom(seed: 2)
        var stage = AllocatorStage(cell: 0)
        try report(size.workers, to: &stage)
        // Half an hour of functions enough that most workers are in use.
        let waves = (0..<size.workers * 25).map { _ in Wave(&random) }
        for slot in 0..<Int64(6) {
            for (number, wave) in waves.enumerated() {
                try feed(number, wave, slot: slot, &stage, &random)
            }
        }
        var milliseconds: [Double] = []
        for number in 0..<size.decisions {
            let shape = shape(
                of: waves.count + number, slot: 5, milliCpu: 50 + 1_000 * random.uniform())
            var effects = Effects<AllocatorRow>()
            let began = clock()
            try stage.process(.shape(shape), nowMs: 0, &effects)
            milliseconds.append(Double(clock() - began) * 1_000 / Double(CLOCKS_PER_SEC))
        }
        milliseconds.sort()
        func quantile(_ share: Double) -> String {
            rounded(milliseconds[Int(share * Double(milliseconds.count - 1))])
        }
        let used = stage.gauges.first { $0.name == "workers_used" }?.value ?? 0
        tell(
            "\(grouped(size.decisions)) new functions placed among \(grouped(size.workers)) "
                + "workers, \(grouped(Int(used))) of them in use, CPU time: p50 \(quantile(0.5)) ms, "
                + "p99 \(quantile(0.99)) ms (1), longest \(quantile(1)) ms")
    }

    /// Ten functions live through a week; the others are put back from their entries, each with its
    /// own copy, as after a restart. Their workers' sums are a ledger of their own.
    private func keep(_ tell: (String) -> Void) throws {
        var random = SeededRandom(seed: 3)
        var few = AllocatorStage(cell: 0)
        let waves = (0..<10).map { _ in Wave(&random) }
        var entries: [String: StateEntry] = [:]
        for slot in 0..<Int64(7 * 288) {
            for (number, wave) in waves.enumerated() where wave.runs(in: slot, number) {
                var effects = Effects<AllocatorRow>()
                let use = Double(wave.value(slot: slot, &random))
                try few.process(
                    .shape(shape(of: number, slot: slot, milliCpu: use)), nowMs: 0, &effects)
            }
            for entry in few.takeChanges() { entries[entry.key] = entry }
        }
        let before = Self.residentBytes
        var stage = AllocatorStage(cell: 0)
        for entry in entries.values {
            guard let kind = entry.key.split(separator: "/f").last.flatMap({ Int($0) }) else {
                try stage.restore(entry)
                continue
            }
            for number in stride(from: kind, to: size.kept, by: 10) {
                let key = entry.key.replacing("/f\(kind)", with: "/f\(number)")
                try stage.restore(StateEntry(key: key, value: entry.value))
            }
        }
        try stage.completeRestore()
        var ledger = Ledger(Policy())
        for number in 0...size.kept / 25 {
            ledger.insert(
                WorkerLoad(name: "w\(100_000 + number)", milliCpu: 8_000, memoryMb: 65_536))
            _ = ledger.place(
                Profile(milliCpu: waves[0].values(days: 7, &random).map { $0 + 4_500 }))
        }
        let bytes = Double(Self.residentBytes - before)
        let perFunction = Int(bytes / Double(size.kept))
        tell(
            "a cell that keeps a week of \(grouped(size.kept)) functions: "
                + "\(rounded(bytes / 1_048_576)) MiB, \(grouped(perFunction)) bytes a function; "
                + "sixteen: \(rounded(16 * bytes / 1_073_741_824)) GiB (8); "
                + "\(grouped(Int(stage.gauges.first?.value ?? 0) + ledger.workersUsed)) workers")
    }

    private func report(_ workers: Int, to stage: inout AllocatorStage) throws {
        for number in 0..<workers {
            var effects = Effects<AllocatorRow>()
            try stage.process(
                .worker(
                    WorkerReported(
                        worker: "w\(number)", cell: 0, milliCpu: 8_000, memoryMb: 65_536,
                        state: .ready)), nowMs: 0, &effects)
        }
    }

    private func feed(
        _ number: Int, _ wave: Wave, slot: Int64, _ stage: inout AllocatorStage,
        _ random: inout SeededRandom
    ) throws {
        var effects = Effects<AllocatorRow>()
        let use = Double(wave.value(slot: slot, &random))
        try stage.process(
            .shape(shape(of: number, slot: slot, milliCpu: use)), nowMs: 0, &effects)
        _ = stage.takeChanges()
    }

    private func shape(of number: Int, slot: Int64, milliCpu: Double) -> FunctionShape {
        FunctionShape(
            customer: "c\(number % 97)", service: "s\(number / 4)", function: "f\(number)",
            slotStartMs: (WaveFunction.firstSlot + slot) * FunctionShape.slotMs,
            cpuMs: milliCpu * 300, gbSeconds: milliCpu / 1_000 * 300)
    }

    /// Of this process, now.
    private static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4_096
    }
}

/// A function's daily wave.
private struct Wave {
    let height: Float
    let phase: Int64

    init(_ random: inout SeededRandom) {
        height = Float(40 + 1_000 * random.uniform() * random.uniform())
        phase = Int64(random.integer(below: 288))
    }

    func value(slot: Int64, _ random: inout SeededRandom) -> Float {
        let place = (slot + phase) % 288
        let wave = place < 144 ? Float(min(place, 144 - place)) / 72 : 0
        return height * (0.1 + 0.8 * wave + 0.1 * Float(random.uniform()))
    }

    func values(days: Int, _ random: inout SeededRandom) -> [Float] {
        (0..<Int64(days * 288)).map { value(slot: $0, &random) }
    }

    func runs(in slot: Int64, _ number: Int) -> Bool {
        switch number % 10 {
        case 0, 1: true
        case 2, 3, 4: (slot + phase) % 12 == 0
        default: (slot + phase) % 288 == 0
        }
    }
}
