import Numerics
import TestSupport
import Testing
import Topics

@testable import Prediction

@Suite struct `Success within the deadline` {
    @Test func `is foretold from what shapes say of it`() throws {
        var driver = driver()
        for slot in Int64(0)..<40 {
            for service in 0..<3 {
                driver.feed(shape("a", "s\(service)", slot: slot, success: 9, error: 1, inTime: 6))
            }
        }
        driver.feed(announced("a", "new"))
        driver.finish()
        // 9 of 10 succeed, 6 of 10 in time.
        let known = try #require(driver.predictions("a/s0").last?.success)
        let inTime = try #require(known.inTime)
        #expect(abs(known.rate.expected - 0.9) < 0.02)
        #expect(abs(inTime.expected - 0.6) < 0.03)
        #expect(inTime.low < 0.6 && inTime.high > 0.6 && inTime.high < known.rate.low)
        // A new service is foretold by what is known of the others.
        let new = try #require(driver.predictions("a/new").last?.success)
        #expect(abs(try #require(new.inTime).expected - 0.6) < 0.1)
    }

    @Test func `is not foretold where nobody counts it, or without a deadline`() throws {
        var driver = driver()
        for slot in Int64(0)..<10 { driver.feed(shape("a", "s", slot: slot, success: 9)) }
        driver.finish()
        #expect(try #require(driver.predictions("a/s").last).success.inTime == nil)
        var free = shape("a", "free", slot: 11, success: 9)
        free.deadlineMs = nil
        driver.feed(shape("a", "s", slot: 11, success: 9, inTime: 9))
        driver.feed(free)
        driver.finish()
        #expect(try #require(driver.predictions("a/s").last).success.inTime != nil)
        #expect(try #require(driver.predictions("a/free").last).success.inTime == nil)
    }

    @Test(arguments: UInt64(0)..<4)
    func `is never foretold to be more than success`(seed: UInt64) {
        var driver = driver()
        for message in recording(seed: seed) { driver.feed(message) }
        driver.finish()
        var count = 0
        for case let prediction as Prediction in driver.messages {
            guard let inTime = prediction.success.inTime else { continue }
            let rate = prediction.success.rate
            #expect(inTime.expected <= rate.expected && inTime.low <= rate.low)
            #expect(inTime.low <= inTime.expected && inTime.expected <= inTime.high)
            count += 1
        }
        #expect(count > 10)
    }
}

@Suite struct `What is said of a service before its outcomes` {
    /// A broad prior of mean 0.5, and services whose rates are drawn from it.
    private let prior = RateDistribution(BetaDistribution(alpha: 1, beta: 1))
    private let group = SuccessHierarchy.Group(trigger: "http", customer: "a")

    private func record(
        services: Int, seed: UInt64 = 1, claim: (Double) -> Double
    ) -> ClaimRecord {
        var random = SeededRandom(seed: seed)
        var record = ClaimRecord()
        for _ in 0..<services {
            let rate = random.uniform()
            record =
                record
                + ClaimRecord(
                    of: Claims(target: claim(rate)), prior: prior,
                    successes: random.binomial(20, rate), outcomes: 20)
        }
        return record
    }

    private func told(_ record: ClaimRecord, target: Double) -> Double {
        ClaimWorths([group: record]).told(
            prior, Claims(target: target), group, without: ClaimRecord()
        ).mean
    }

    @Test func `counts a little before any came out`() {
        // Half of the worth is none, and an eighth each 1, 3, 10 and 30 outcomes: of (1 + 0.9 w) / (2 + w)
        // 0.5 / 2 + (0.633 + 0.74 + 0.833 + 0.875) / 8 = 0.635.
        #expect(abs(told(ClaimRecord(), target: 0.9) - 0.635) < 0.01)
    }

    @Test func `counts for much of who is right`() {
        let honest = record(services: 20) { $0 }
        #expect(told(honest, target: 0.9) > 0.8)
        #expect(told(honest, target: 0.1) < 0.2)
    }

    @Test func `counts for nothing of who always claims the best`() {
        let boasting = record(services: 20) { _ in 0.99 }
        #expect(abs(told(boasting, target: 0.99) - 0.5) < 0.06)
    }

    @Test func `is judged by all customers' where nothing of one's own came out`() {
        var records: [SuccessHierarchy.Group: ClaimRecord] = [:]
        for customer in 0..<10 {
            let group = SuccessHierarchy.Group(trigger: "http", customer: "c\(customer)")
            records[group] = record(services: 10, seed: UInt64(customer)) { $0 }
        }
        let worths = ClaimWorths(records)
        let stranger = SuccessHierarchy.Group(trigger: "http", customer: "stranger")
        func told(_ worths: ClaimWorths) -> Double {
            worths.told(prior, Claims(target: 0.9), stranger, without: ClaimRecord()).mean
        }
        #expect(told(worths) > told(ClaimWorths([:])) + 0.1)
    }

    @Test func `does not count by a service's own outcomes`() {
        let own = record(services: 1) { $0 }
        let worths = ClaimWorths([group: own])
        let claims = Claims(target: 0.9)
        let judgedByIt = worths.told(prior, claims, group, without: ClaimRecord()).mean
        let fleetOnly = worths.told(
            prior, claims, .init(trigger: "http", customer: "other"), without: ClaimRecord()
        ).mean
        #expect(abs(worths.told(prior, claims, group, without: own).mean - fleetOnly) < 1e-9)
        #expect(abs(judgedByIt - fleetOnly) > 1e-6)
    }

    @Test func `is what its customer declared, and believed by what became of that`() throws {
        var driver = driver()
        var random = SeededRandom(seed: 5)
        for number in 0..<12 {
            let rate = number % 2 == 0 ? 0.95 : 0.2
            driver.feed(announced("honest", "s\(number)", target: rate))
            driver.feed(announced("boaster", "s\(number)", target: 0.95))
            for slot in Int64(0)..<15 {
                for customer in ["honest", "boaster"] {
                    let success = random.binomial(5, rate)
                    driver.feed(
                        shape(
                            customer, "s\(number)", slot: Int64(number) + slot, success: success,
                            error: 5 - success))
                }
            }
        }
        for customer in ["honest", "boaster"] {
            driver.feed(announced(customer, "sound", target: 0.95))
            driver.feed(announced(customer, "broken", target: 0.2))
            driver.feed(announced(customer, "silent"))
        }
        driver.finish()
        func rate(_ service: String) throws -> Double {
            try #require(driver.predictions(service).last).success.rate.expected
        }
        #expect(try rate("honest/sound") > 0.85)
        #expect(try rate("honest/broken") < 0.35)
        // As many of the boaster's services fail as succeed, whatever it says.
        #expect(try abs(rate("boaster/sound") - rate("boaster/silent")) < 0.1)
    }
}

@Suite struct `Services with a load like a service's own` {
    /// Twenty pairs whose second halves are new; loads that are alike go with rates that are alike, or with
    /// rates that have nothing to do with each other.
    private func foretold(areAlike: Bool) throws -> (loss: Double, alone: Double) {
        var random = SeededRandom(seed: 9)
        let rates = (0..<40).map { _ in random.chance(0.5) ? 0.97 : 0.15 }
        var messages: [any TopicMessage] = []
        for slot in Int64(0)..<24 {
            for number in 0..<40 {
                let success = random.binomial(4, rates[number])
                messages.append(
                    shape("c\(number)", "s", slot: slot, success: success, error: 4 - success))
            }
        }
        var others: [any TopicMessage] = []
        var outcomes: [Bool] = []
        for number in 0..<40 {
            // Of the same kind, or of any.
            let like = (0..<40).filter { $0 != number && (!areAlike || rates[$0] == rates[number]) }
            let nearest = (0..<3).map { _ in ("c\(like[random.integer(below: like.count)])", "s") }
            others.append(represented("c\(number)", "s", cluster: 0, nearest: nearest))
            others.append(announced("n\(number)", "s"))
            others.append(represented("n\(number)", "s", cluster: 0, nearest: nearest))
            outcomes.append(random.chance(rates[number]))
        }
        func loss(_ messages: [any TopicMessage]) throws -> Double {
            var driver = driver()
            for message in messages { driver.feed(message) }
            driver.finish()
            return try outcomes.indices.reduce(0) { sum, number in
                let rate = try #require(driver.predictions("n\(number)/s").last).success.rate
                    .expected
                let outcome = outcomes[number] ? 1 : 0
                return sum + logLossOf(rate, successes: outcome, failures: 1 - outcome)
            }
        }
        return (
            try loss(messages + others),
            try loss(messages + others.filter { !($0 is Representation) })
        )
    }

    @Test func `tell of a new one where they told of earlier ones`() throws {
        let (loss, alone) = try foretold(areAlike: true)
        #expect(loss < 0.6 * alone)
    }

    @Test func `count for little where they told nothing`() throws {
        let (loss, alone) = try foretold(areAlike: false)
        #expect(loss < 1.03 * alone)
    }
}

@Suite struct `Ways of forgetting` {
    @Test func `count together until one is far ahead`() {
        var losses = MemoryLosses()
        // 10 nats in millionths, of which a hundredth counts: exp(-0.1) = 0.905 to 1.
        losses.sums[2] = SIMD4<Int64>(repeating: 10_000_000)
        losses.sums[2][0] = 0
        let weights = losses.weights(age: 2)
        #expect(abs(weights[1] / weights[0] - 0.9048) < 1e-4)
        #expect(abs(weights.sum() - 1) < 1e-12)
        losses.sums[2] = SIMD4<Int64>(repeating: 1_000_000_000)
        losses.sums[2][3] = 0
        #expect(losses.weights(age: 2)[3] > 0.999)
    }
}
