/// What is known of a worker's power.
public struct PoweredWorker: Sendable, Equatable {
    public let name: String
    public let milliCpu: Double
    public let wattsIdle: Double?
    public let wattsPeak: Double?
    public let carbonGPerKwh: Double?

    public init(
        name: String, milliCpu: Double, wattsIdle: Double?, wattsPeak: Double?,
        carbonGPerKwh: Double?
    ) {
        self.name = name
        self.milliCpu = milliCpu
        self.wattsIdle = wattsIdle
        self.wattsPeak = wattsPeak
        self.carbonGPerKwh = carbonGPerKwh
    }
}

/// Energy of an hour, with what cooling and distribution add.
public struct HourEnergy: Sendable, Equatable {
    public let kwh: Double
    /// nil when a worker's carbon is unknown.
    public let carbonG: Double?
}

/// `P = P_idle + (P_peak - P_idle) u` of every worker that is on, load spread over them by capacity;
/// times the power usage effectiveness.
struct FleetEnergy: Sendable {
    /// Those that stay on longest first: the least power for a unit of work, then by name.
    let workers: [PoweredWorker]
    private let powerUsageEffectiveness: Double

    init(_ workers: [PoweredWorker], powerUsageEffectiveness: Double) {
        self.workers = workers.sorted { a, b in
            (Self.rank(a), a.name) < (Self.rank(b), b.name)
        }
        self.powerUsageEffectiveness = powerUsageEffectiveness
    }

    private static func rank(_ worker: PoweredWorker) -> Double {
        guard let peak = worker.wattsPeak else { return .infinity }
        return peak / worker.milliCpu * (worker.carbonGPerKwh ?? 1)
    }

    /// - Parameters:
    ///   - on: how many are on, of the first ones.
    ///   - carbonFactor: of this hour's carbon, over what the workers report.
    /// - Returns: nil when the power of one that is on is unknown.
    func hour(on: Int, milliCpu: Double, carbonFactor: Double) -> HourEnergy? {
        let used = workers.prefix(on)
        let capacity = used.reduce(0) { $0 + $1.milliCpu }
        let utilisation = capacity > 0 ? min(1, milliCpu / capacity) : 0
        var (watts, grams): (Double, Double?) = (0, 0)
        for worker in used {
            guard let idle = worker.wattsIdle, let peak = worker.wattsPeak else { return nil }
            let power = idle + (peak - idle) * utilisation
            watts += power
            if let known = grams, let carbon = worker.carbonGPerKwh {
                grams = known + power * carbon
            } else {
                grams = nil
            }
        }
        let kwhAWatt = powerUsageEffectiveness / 1_000
        return HourEnergy(
            kwh: watts * kwhAWatt, carbonG: grams.map { $0 * kwhAWatt * carbonFactor })
    }
}
