internal import Foundation
internal import Numerics
public import Topics

/// A fleet that never was: `Population`'s services, each invoked by its `ArrivalLaw`.
///
/// The services of the start stay; new ones appear all the time, one a day for every five at the
/// start, and go again after some time.
public struct GeneratedFleet: FleetSource {
    public struct Parameters: Sendable, Equatable {
        public var seed: UInt64 = 1
        /// At the start.
        public var functions = 200
        /// Nil for ever.
        public var days: Int?
        /// A Monday, 2026-01-05 00:00 UTC, so that a seed gives the same events every time.
        public var startMs: Int64 = 1_767_571_200_000
        /// No function is allotted more.
        public var workerMemoryMb = Limits.memoryMbMax

        public init() {}
    }

    /// New services a day for each one of the start.
    static let birthsPerDayAndService = 0.2

    private struct Member {
        let profile: FunctionProfile
        let law: ArrivalLaw
        let retiresMinute: Int?
    }

    public let run: String
    public let startMs: Int64
    public let minutes: Int?
    public let durationMsMax = Limits.generatedDurationMsMax
    private let parameters: Parameters
    private var population: Population
    /// By function number; nil when it retired and its last execution ended.
    private var members: [Member?] = []
    private var alive: [Int] = []
    /// Settled, not yet said.
    private var unannounced: [(announced: ServiceAnnounced, retires: Int?)] = []
    private let birthsPerHour: Double
    private var nextHour = 0
    /// Minutes of births to come, rising.
    private var births: [Int] = []
    private var reachedMinute = -1

    /// - Precondition: 1 to `Limits.functionsMax` functions.
    public init(_ parameters: Parameters) {
        precondition(
            (1...Limits.functionsMax).contains(parameters.functions),
            "a fleet has 1 to \(Limits.functionsMax) functions, got \(parameters.functions)")
        self.parameters = parameters
        startMs = parameters.startMs
        minutes = parameters.days.map { $0 * dayMinutes }
        var mixer = SeededRandom(
            seed: UInt64(bitPattern: parameters.startMs),
            for: "\(parameters.functions) \(parameters.days ?? 0) \(parameters.workerMemoryMb)")
        run = "g\(parameters.seed)." + runDigest(&mixer)
        population = Population(seed: parameters.seed)
        var services: [Population.NewService] = []
        var functions = 0
        while functions < parameters.functions {
            var service = population.service(at: 0, lives: false)
            service.functions.removeLast(
                max(0, functions + service.functions.count - parameters.functions))
            functions += service.functions.count
            services.append(service)
        }
        birthsPerHour = Double(services.count) * Self.birthsPerDayAndService / 24
        var quantiles = spreadQuantiles(
            services.reduce(0) { $0 + $1.functions.count { $0.trigger != "timer" } },
            seed: parameters.seed)
        for service in services { settle(service, &quantiles) }
    }

    public var peakDemands: [PeakDemand] {
        members.compactMap { member in
            member.map { PeakDemand($0.profile, perMinute: $0.law.peakPerMinute) }
        }
    }

    /// Of the functions known so far: invocations a day on average, when new.
    var lawsPerDay: [Double] { members.compactMap { $0?.law.perDay } }

    public func profile(_ number: Int) -> FunctionProfile {
        guard let member = members[number] else {
            preconditionFailure("function \(number) retired before its last execution ended")
        }
        return member.profile
    }

    public mutating func advance(to minute: Int) -> [ServiceAnnounced] {
        precondition(minute > reachedMinute, "minutes rise: \(minute) after \(reachedMinute)")
        reachedMinute = minute
        while nextHour * 60 <= minute {
            var random = SeededRandom(seed: parameters.seed ^ 0xB1, at: UInt64(nextHour))
            let count = random.poisson(mean: birthsPerHour)
            births += (0..<count).map { _ in nextHour * 60 + random.integer(below: 60) }.sorted()
            nextHour += 1
        }
        while let born = births.first, born <= minute {
            births.removeFirst()
            var none: [Double] = []
            settle(population.service(at: born, lives: true), &none)
        }
        if minute % 60 == 0 || unannounced.count > 1 { forgetRetired(at: minute) }
        defer { unannounced = [] }
        return unannounced.filter { $0.retires.map { $0 > minute } ?? true }.map(\.announced)
    }

    public func arrivals(in minute: Int, _ body: (FunctionProfile, [Int64]) -> Void) {
        let opensMs = startMs + Int64(minute) * minuteMs
        var starts: [Int64] = []
        for number in alive {
            guard let member = members[number], member.retiresMinute.map({ minute < $0 }) ?? true
            else { continue }
            member.law.starts(
                minute: minute, opensMs: opensMs, seed: member.profile.seed, into: &starts)
            guard !starts.isEmpty else { continue }
            body(member.profile, starts)
            starts.removeAll(keepingCapacity: true)
        }
    }

    /// - Parameter quantiles: of the rates of its functions; those it is too short for are drawn.
    private mutating func settle(_ service: Population.NewService, _ quantiles: inout [Double]) {
        var settled: [Member] = []
        for function in service.functions {
            let law = function.law(in: service, &quantiles)
            let profile = function.profile(
                number: members.count, in: service, perDay: law.perDay,
                memoryMbMax: min(Limits.memoryMbMax, parameters.workerMemoryMb))
            settled.append(
                Member(profile: profile, law: law, retiresMinute: service.retiresMinute))
            alive.append(members.count)
            members.append(settled.last)
        }
        let perDay = settled.reduce(0) { $0 + $1.law.perDay }
        let targets: [Tier: Double] = [.guaranteed: 0.999, .burstable: 0.99]
        unannounced.append(
            (
                ServiceAnnounced(
                    customer: service.customer.name, service: service.name,
                    trigger: settled[0].profile.trigger, runtime: service.runtime,
                    memoryMb: settled.map(\.profile.memoryMb).max() ?? 0,
                    deadlineMs: settled[0].profile.deadlineMs,
                    expectedInvocationsPerDay: service.declaresLoad
                        ? (perDay * service.declaredFactor).rounded(.up) : nil,
                    tier: service.customer.tier, successTarget: targets[service.customer.tier]),
                service.retiresMinute
            ))
    }

    private mutating func forgetRetired(at minute: Int) {
        let longest = Int(durationMsMax) / Int(minuteMs) + 1
        alive.removeAll { number in
            guard let retires = members[number]?.retiresMinute, retires + longest < minute else {
                return false
            }
            members[number] = nil
            return true
        }
    }
}

/// Evenly spread over (0, 1) in random order: a fleet of any size and seed has the same mix of
/// rates, and nearly the same load.
private func spreadQuantiles(_ count: Int, seed: UInt64) -> [Double] {
    var random = SeededRandom(seed: seed, for: "rates")
    var quantiles = (0..<count).map { (Double($0) + 0.5) / Double(count) }
    quantiles.shuffle(using: &random)
    return quantiles
}
