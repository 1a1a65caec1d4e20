import Foundation
import Numerics
import Processing
import Testing

@testable import RepresentationLearning

@Suite struct `What runs take` {
    @Test func `is kept in a byte to four parts of a hundred`() {
        #expect(RunLevels.code(nil) == 0 && RunLevels.code(.nan) == 0)
        // log(1 + 0) / 0.08 = 0, and one more.
        #expect(RunLevels.code(0) == 1 && RunLevels.code(-5) == 1)
        // log(101) / 0.08 = 57.7.
        #expect(RunLevels.code(100) == 59)
        // A day: log(86,400,001) / 0.08 = 228.4.
        #expect(RunLevels.code(86_400_000) == 229)
        #expect(RunLevels.code(1e300) == 255 && RunLevels.code(.infinity) == 255)
        // exp(0.08 / 2) is 4.1 % more.
        for value in stride(from: 20.0, to: 90_000, by: 37) {
            let hours = RunLevels([value]).hours(from: 0)
            #expect(abs(Double(hours[0]) - log1p(value)) <= 0.0401)
        }
    }

    @Test func `is the mean of each hour, and the last one's where nothing ran, worked`() {
        // From the eleventh slot of an hour: two slots, then three hours of twelve, of which the last
        // is cut. Codes 1 + 10 and 1 + 20 are 15 steps on average, 1.2.
        var codes = [UInt8](repeating: 0, count: 2 + 12 + 12 + 5)
        codes[4] = 11
        codes[13] = 21
        codes[30] = 6
        let hours = RunLevels(codes: codes).hours(from: 10)
        #expect(hours == [1.2, 1.2, 1.2, 0.4])
        #expect(RunLevels(codes: Array(repeating: 0, count: 50)).hours(from: 0) == [])
        #expect(RunLevels(codes: []).hours(from: 0) == [])
        // However many slots of an hour ran, the same of each is the same of all.
        let steady = RunLevels(codes: (0..<48).map { $0 % 7 == 0 || $0 > 20 ? 77 : 0 })
        #expect(Set(steady.hours(from: 3)).count == 1)
    }

    @Test func `comes back from state, and is not known of state before it was kept`() throws {
        var history = FunctionHistory()
        for slot in Int64(0)..<20 {
            let runs = FunctionHistory.Runs(
                durationMs: slot % 3 == 0 ? nil : 40 * Double(slot), memoryMb: 128,
                failures: slot == 7 ? 3 : 0, trigger: slot < 19 ? "http" : "timer")
            let first = history.record(milliCpu: 5, invocations: 4, runs, slot: slot)
            let again = history.record(milliCpu: 5, invocations: 4, runs, slot: slot)
            #expect(first && !again)
        }
        // 80 invocations, three of which failed.
        #expect(history.successShare == 77.0 / 80 && history.trigger == "timer")
        let bytes = try #require(history.day(0))
        var restored = FunctionHistory()
        try restored.restore(day: bytes)
        try restored.restore(head: history.head)
        #expect(restored.day(0) == bytes && restored.head == history.head)
        #expect(restored.view(until: 20) == history.view(until: 20))
        #expect(restored.successShare == history.successShare && restored.trigger == "timer")

        var old = FunctionHistory()
        try old.restore(day: Self.dayOfLoadAlone)
        #expect(old.ownView?.runs == [[], []] && old.successShare == nil)
        #expect(old.ownView?.invocations == [4, 4])
        // What comes then is known, and that of before stays unknown through a restart.
        _ = old.record(
            milliCpu: 5, invocations: 2, FunctionHistory.Runs(memoryMb: 64, failures: 1), slot: 10)
        var again = FunctionHistory()
        try again.restore(day: #require(old.day(0)))
        #expect(again.successShare == 0.5 && again.ownView == old.ownView)
    }

    /// As version 1 wrote it: slots 8 and 9 of day 0, half a unit of demand and four invocations each.
    private static var dayOfLoadAlone: [UInt8] {
        var writer = StateWriter(version: 1)
        writer.write(Int64(0))
        for count in [8, 2] as [UInt64] { writer.write(count) }
        for _ in 0..<2 {
            writer.write(Float16(0.5))
            writer.write(UInt64(4))
        }
        for count in [278, 0] as [UInt64] { writer.write(count) }
        return writer.bytes
    }

    @Test func `a late slot does not change the trigger, and a repeat nothing`() {
        var history = FunctionHistory()
        func record(_ slot: Int64, _ trigger: String?) -> Bool {
            history.record(
                milliCpu: 1, invocations: 1, FunctionHistory.Runs(trigger: trigger), slot: slot)
        }
        #expect(record(5, "queue") && record(6, "timer") && !record(5, "queue"))
        #expect(history.trigger == "timer")
        #expect(record(6, nil) && history.trigger == nil)
    }

    @Test func `a head of before there were triggers is read`() throws {
        var writer = StateWriter(version: 2)
        writer.write(Int64(3))
        writer.write(true)
        writer.write(false)
        var history = FunctionHistory()
        try history.restore(head: writer.bytes)
        #expect(history.firstSlot == 3 && history.pending && history.trigger == nil)
    }
}

@Suite struct `An encoder of what runs take` {
    @Test(arguments: RunFleet.Difference.allCases)
    func `tells functions apart that differ in nothing else`(difference: RunFleet.Difference) throws
    {
        // 12 are judged: one is found by chance.
        let fleet = RunFleet(difference, functions: 24, seed: 3)
        let known = try fleet.recall(knowingRuns: true)
        #expect(known >= (difference == .hours ? 5.0 : 8.0) / 12)
        #expect(try fleet.recall(knowingRuns: false) <= 2.0 / 12)
    }

    @Test func `is the one without where no view knows them`() throws {
        let views = (0..<12).map { Planted.allCases[$0 % 3].view(days: 2, seed: $0) }
        let fit = SeriesFit.demand(slotsPerDay: 288, kernels: 84)
        let bare = try fit.encoder(of: views.map(\.channels), seed: 1)
        let asked = try fit.encoder(of: views.map(\.channels), runs: views.map(\.runs), seed: 1)
        #expect(asked.features.runs == [nil, nil] && asked.projection == bare.projection)
        #expect(asked.encode(views[0].channels) == bare.encode(views[0].channels))
    }

    @Test func `gives what is not known no say`() throws {
        let fleet = RunFleet(.memory, functions: 16, seed: 1)
        let encoder = try Training.encoder(
            of: fleet.samples, .all, kernels: 84, seed: 1)
        let view = fleet.samples[0].views[0]
        let standard = encoder.standard(view.channels, slotOfDay: 0, runs: [])
        #expect(standard[encoder.features.loadCount...].allSatisfy { $0 == 0 })
        let known = encoder.standard(of: view)
        #expect(known[..<encoder.features.loadCount] == standard[..<encoder.features.loadCount])
        #expect(known != standard)
        // One that is not known leaves the other its say.
        let half = encoder.standard(view.channels, slotOfDay: 0, runs: [view.runs[0]])
        #expect(half != standard && half != known)
        #expect(encoder.encode(view.channels).allSatisfy { $0.isFinite })
    }

    @Test(arguments: [[], [3], [3, 3], Array(repeating: 7, count: 169)] as [[Float]])
    func `has finite features of a level that never changes`(hours: [Float]) throws {
        var random = SeededRandom(seed: 1)
        let fitted = RunFeatures(fitting: [hours, hours], kernels: 1_008, random: &random)
        guard !hours.isEmpty else { return #expect(fitted == nil) }
        let features = try #require(fitted?.features(of: hours))
        #expect(features.count == fitted?.count && features.allSatisfy { $0.isFinite })
        // 168 kernels, of 1,008 / 6; 254 x 0.08 / 0.3466 = 58.6: sixty levels, at 0 to 59.
        #expect(features.count == 168 + 60)
        #expect(abs(features.suffix(60).reduce(0, +) - 1) < 1e-4)
        #expect(features.suffix(60).count { $0 > 0 } <= 2)
    }

    @Test func `tells a level by its place between two, worked`() {
        // Levels 0.3466 apart: 0.5199 lies half way from the first to the second, and 1e9 at the end.
        let shares = RunFeatures.shares(of: [0.519_860_4, 0.346_573_6])
        #expect(abs(shares[1] - 0.75) < 1e-5 && abs(shares[2] - 0.25) < 1e-5)
        #expect(RunFeatures.shares(of: [1e9]).last == 1 && RunFeatures.shares(of: [-1])[0] == 1)
    }

    @Test func `comes back from its bytes`() throws {
        let fleet = RunFleet(.memory, functions: 16, seed: 1)
        let model = try Training.fit(samples: fleet.samples, version: 3, seed: 1).model
        #expect(model.encoder.features.runs.allSatisfy { $0 != nil })
        let restored = try EncoderModel(bytes: model.bytes)
        #expect(restored == model)
        #expect(
            restored.encode(fleet.samples[0].views[0]) == model.encode(fleet.samples[0].views[0]))
    }
}

/// Functions of one load, the same for all at any time, which differ in what a run takes.
struct RunFleet {
    enum Difference: CaseIterable {
        case duration, memory, hours
    }

    /// Of two times each.
    private(set) var samples: [TrainingSample] = []

    init(_ difference: Difference, functions: Int, seed: UInt64) {
        for function in 0..<functions {
            var random = SeededRandom(seed: seed, for: "\(function)")
            let place = (Double(function) + 0.5) / Double(functions)
            samples.append(
                TrainingSample(
                    (0..<2).map { time in
                        var load = SeededRandom(seed: seed, for: "time \(time)")
                        return Self.view(difference, place, &load, &random)
                    },
                    successShare: place))
        }
    }

    /// Three days; a slot in three runs nothing.
    ///
    /// - Parameter place: of a function, 0...1.
    private static func view(
        _ difference: Difference, _ place: Double, _ load: inout SeededRandom,
        _ random: inout SeededRandom
    ) -> DemandView {
        var (demand, durations, memories): ([Float], [Double], [Double]) = ([], [], [])
        for slot in 0..<3 * 288 {
            let hour = Double(slot % 288) / 12
            let (runs, noise) = (load.uniform() < 0.67, exp(0.5 * (load.uniform() - 0.5)))
            demand.append(runs ? Float(200 * noise * (hour > 8 && hour < 18 ? 1 : 0.2)) : 0)
            let isLong = (hour - 24 * place + 48).truncatingRemainder(dividingBy: 24) < 8
            let (duration, memory): (Double, Double) =
                switch difference {
                case .duration: (10 * exp(9 * place), 256)
                case .memory: (100, 64 * exp(6 * place))
                case .hours: (isLong ? 400 : 100, 256)
                }
            durations.append(runs ? duration * exp(0.5 * (random.uniform() - 0.5)) : .nan)
            memories.append(runs ? memory : .nan)
        }
        return DemandView(
            startSlot: 0, milliCpu: demand, invocations: demand.map { ($0 / 5).rounded(.up) },
            durationMs: durations, memoryMb: memories)
    }

    /// How many functions, of those that a fit left out, are recognised from another time.
    func recall(knowingRuns: Bool) throws -> Double {
        var samples = samples
        if !knowingRuns {
            samples = samples.map { sample in
                TrainingSample(
                    sample.views.map {
                        DemandView(
                            startSlot: $0.startSlot, milliCpu: $0.milliCpu,
                            invocations: $0.invocations)
                    })
            }
        }
        let candidates = try ModelSearch.candidates(
            samples, budget: .only(kernels: 504), seed: 1)
        return candidates[0].recallAtOne
    }
}
