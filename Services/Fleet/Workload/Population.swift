internal import Foundation
internal import Numerics
internal import Topics

/// Who lives in a generated fleet, drawn in order of appearance.
///
/// The mix follows Shahrad et al., "Serverless in the Wild" (USENIX ATC 2020):
/// - triggers of functions (table of section 3.1): HTTP 55.0 %, timer 15.6 %, queue 15.2 %,
///   orchestration 6.9 %, storage 2.8 %, event 2.2 %, others 2.2 %;
/// - functions of an app: 54 % have one, 95 % at most ten;
/// - rates over eight orders of magnitude: 45 % at most hourly, 81 % at most every minute;
/// - durations log-normal (log-mean -0.38, sigma 2.36, seconds), memory Burr (c 11.652, k 0.221,
///   lambda 107.083 MB).
///
/// Cold starts are log-normal with mean 3.24 s and deviation 7.10 s (Huawei, EuroSys'25). How
/// services fail is in no public trace: made up, and said in `health`.
struct Population {
    static let triggers = ["http", "timer", "queue", "orchestration", "storage", "event", "others"]
    static let triggerWeights = [0.550, 0.156, 0.152, 0.069, 0.028, 0.022, 0.022]
    static let runtimes = ["nodejs", "python", "dotnet", "java", "go"]

    struct Customer {
        let name: String
        let rhythm: Rhythm
        let utcOffset: Int
        /// One in four customers ships what mostly fails far more often than the others.
        let isSloppy: Bool
        let tier: Tier
        let isStrict: Bool
    }

    struct NewFunction {
        let name: String
        let trigger: String
        let medianMs: Double
        let durationSigma: Double
        let usedMb: Double
        let utilisation: Double
        let seed: UInt64
    }

    struct NewService {
        let customer: Customer
        let name: String
        let runtime: String
        let failures: FailureLaw
        let hourWeights: [Double]
        let initMedianMs: Double
        let bornMinute: Int
        /// Nil for those that stay.
        let retiresMinute: Int?
        let declaresLoad: Bool
        let declaredFactor: Double
        var functions: [NewFunction]
    }

    private let seed: UInt64
    private var customers: [Customer] = []
    private var services = 0
    private var weeks: [Int: [Double]] = [:]
    private let triggerTable = AliasTable(Self.triggerWeights)
    private let rhythmTable = AliasTable(Rhythm.weights)

    init(seed: UInt64) { self.seed = seed }

    /// A service that appears at `minute`; `lives` when it goes again after some time.
    mutating func service(at minute: Int, lives: Bool) -> NewService {
        var random = SeededRandom(seed: seed, for: "service \(services)")
        let customer = customer(&random)
        let trigger = Self.triggers[triggerTable.draw(&random)]
        let runtime = random.integer(below: Self.runtimes.count)
        let name = "\(serviceWords[random.integer(below: serviceWords.count)])-\(services)"
        services += 1
        // P(X >= 2) = 2^-1.2 = 0.44 and P(X >= 11) = 11^-1.2 = 0.056.
        let count = random.discretePareto(exponent: 1.2, most: Limits.functionsPerService)
        // A few hours to some weeks; the median new service is gone after a day.
        let lifeMinutes = max(120, random.logNormal(logMean: log(1_440), sigma: 1.2))
        let service = NewService(
            customer: customer, name: name, runtime: Self.runtimes[runtime],
            failures: health(isSloppy: customer.isSloppy, &random),
            hourWeights: week(of: customer),
            // Of the 1.326 that mean and deviation give, 1.1 lies between functions and 0.74
            // within one; a JVM takes longer.
            initMedianMs: exp(0.2966 + 1.1 * random.normal()) * 1_000 * (runtime == 3 ? 2 : 1),
            bornMinute: minute, retiresMinute: lives ? minute + Int(min(1e6, lifeMinutes)) : nil,
            declaresLoad: random.chance(0.7),
            // Customers mistake their own load by half or double.
            declaredFactor: random.logNormal(logMean: 0, sigma: 0.7),
            functions: (0..<count).map { function($0, of: trigger, &random) })
        return service
    }

    private func function(
        _ index: Int, of trigger: String, _ random: inout SeededRandom
    ) -> NewFunction {
        NewFunction(
            name: "\(functionWords[random.integer(below: functionWords.count)])-\(index)",
            trigger: trigger,
            medianMs: min(300_000, max(1, random.logNormal(logMean: -0.38, sigma: 2.36) * 1_000)),
            durationSigma: random.uniform(in: 0.1...0.6),
            usedMb: min(8_192, max(16, random.burr(c: 11.652, k: 0.221, scale: 107.083))),
            // What answers HTTP mostly waits for something.
            utilisation: trigger == "http"
                ? random.uniform(in: 0.1...0.6) : random.uniform(in: 0.2...1),
            seed: random.next())
    }

    /// 70 % belong to a customer that is there already, for most own several in the end.
    private mutating func customer(_ random: inout SeededRandom) -> Customer {
        if !customers.isEmpty, random.chance(0.7) {
            return customers[random.integer(below: customers.count)]
        }
        let offsets = [-8, -5, 0, 1, 1, 1, 2, 5, 8, 9]
        let word = customerWords[random.integer(below: customerWords.count)]
        let new = Customer(
            name: "\(word)-\(customers.count)",
            rhythm: Rhythm.allCases[rhythmTable.draw(&random)],
            utcOffset: offsets[random.integer(below: offsets.count)],
            isSloppy: random.chance(0.25),
            tier: [Tier.guaranteed, .burstable, .burstable, .bestEffort][random.integer(below: 4)],
            isStrict: random.chance(strictShare))
        customers.append(new)
        return new
    }

    /// Mostly healthy, some flaky, a few broken from the start.
    private func health(isSloppy: Bool, _ random: inout SeededRandom) -> FailureLaw {
        let broken = isSloppy ? 0.35 : 0.03
        let flaky = broken + (isSloppy ? 0.25 : 0.07)
        let u = random.uniform()
        let share = random.uniform()
        let rate = u < broken ? 0.5 + 0.48 * share : u < flaky ? 0.02 + 0.18 * share : 0.005 * share
        return FailureLaw(rate: rate, deploySeed: random.next())
    }

    /// One array for all customers of a rhythm and an offset.
    private mutating func week(of customer: Customer) -> [Double] {
        let key = customer.rhythm.rawValue * 100 + customer.utcOffset
        if let known = weeks[key] { return known }
        let week = customer.rhythm.hourWeights(utcOffset: customer.utcOffset)
        weeks[key] = week
        return week
    }
}

/// Invocations a day of the function at quantile `u` of the fleet.
///
/// A log-normal through the two points that Shahrad et al. print: 24 a day at 0.45 and 1,440 at
/// 0.81. In log10: deviation (3.158 - 1.380) / (0.878 + 0.126) = 1.772, mean 1.603. Cut to eight
/// orders of magnitude.
func invocationsPerDay(quantile u: Double) -> Double {
    min(1e7, max(0.1, pow(10, 1.603 + 1.772 * normalQuantile(u))))
}

private let customerWords = [
    "acorn", "basalt", "cedar", "delta", "ember", "fjord", "grove", "harbor", "island", "juniper",
    "kestrel", "lagoon", "meadow", "nimbus", "orchard", "prairie", "quarry", "river", "summit",
    "tundra",
]
private let serviceWords = [
    "billing", "catalog", "checkout", "crawler", "digest", "export", "feed", "gateway", "images",
    "ingest", "invoices", "ledger", "login", "mailer", "metrics", "orders", "pricing", "reports",
    "search", "sync",
]
private let functionWords = [
    "accept", "archive", "build", "check", "clean", "count", "fetch", "index", "list", "merge",
    "notify", "pack", "render", "resize", "route", "scan", "store", "update", "verify", "write",
]
