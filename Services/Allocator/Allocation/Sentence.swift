internal import Topics

/// Why a function is where it is: one sentence for people.
enum Sentence {
    /// A rise of at most this part of the function's own need is antiphase at work.
    private static let antiphaseRiseMax = 0.5

    static func placed(
        _ id: FunctionID, _ choice: Choice, on worker: String, capacity: Need, need: Need,
        partner: FunctionID?, _ cause: Cause
    ) -> String {
        let rise = whole(choice.riseMilliCpu)
        let room = whole(capacity.milliCpu)
        let start = "\(moved(cause))worker \(worker)"
        if choice.opened {
            let why =
                choice.workersUsed == 0
                ? "the first in use" : "none of the \(choice.workersUsed) in use has room"
            return "\(start), opened for it: \(why), needs \(whole(need.milliCpu)) of \(room) mCPU"
        }
        let fact = "\(start): peak rises by \(rise) of \(room) mCPU"
        guard choice.riseMilliCpu <= antiphaseRiseMax * need.milliCpu else {
            return "\(fact), the best of \(choice.workersUsed) workers in use"
        }
        guard let partner else { return "\(fact), because its load is low when \(id) is high" }
        return "\(fact), because \(partner) there is in antiphase to it"
    }

    static func spread(_ workers: [String], need: Need, _ cause: Cause) -> String {
        "\(moved(cause))spread over \(workers.count) workers, for it needs "
            + "\(whole(need.milliCpu)) mCPU and \(whole(need.memoryMb)) MB, more than one has"
    }

    static func waits(_ shortage: Shortage, cell: Int32, _ cause: Cause) -> String {
        let start = "\(moved(cause))waits: "
        guard shortage.known > 0 else { return start + "cell \(cell) has no worker yet" }
        guard shortage.ready > 0 else {
            return start + "none of \(shortage.known) workers is ready"
        }
        let (need, roomiest) = (shortage.need, shortage.roomiest)
        let among = "the roomiest of \(shortage.ready) workers has"
        if need.milliCpu > roomiest.milliCpu {
            return start
                + "needs \(whole(need.milliCpu)) mCPU, \(among) \(whole(roomiest.milliCpu))"
        }
        if need.memoryMb > roomiest.memoryMb {
            return start + "needs \(whole(need.memoryMb)) MB, \(among) \(whole(roomiest.memoryMb))"
        }
        return start + "none of \(shortage.ready) workers has both \(whole(need.milliCpu)) mCPU "
            + "and \(whole(need.memoryMb)) MB left beside what it guarantees"
    }

    private static let drewNone = "waits: drew none of"

    /// - Parameter reason: as `lost` or another wrote it.
    static func isLost(_ reason: String) -> Bool { reason.hasPrefix(drewNone) }

    static func lost(_ draw: Draw) -> String {
        "\(drewNone) \(draw.places) places for \(draw.tickets.count) equal claims "
            + "(lottery \(draw.lottery.name))"
    }

    static func gaveWay(to id: FunctionID) -> String {
        "waits: gave way to \(id), whose customer has a smaller share"
    }

    static let silent = "forgotten: silent for a week, and the cell is full"

    static func tier(_ tier: Tier) -> String { "stays: its service's tier is now \(tier.rawValue)" }

    private static func moved(_ cause: Cause) -> String {
        switch cause {
        case .new, .waited: ""
        case .draining(let worker): "moved from \(worker), which drains: "
        case .gone(let worker): "lost \(worker), which is gone: "
        case .overloaded(let worker, let share):
            "moved from \(worker), expected over its CPU for \(hundredths(share * 100)) % of the time: "
        case .overMemory(let worker, let percent):
            "moved from \(worker), planned \(percent) % over its memory: "
        case .guarantee(let worker): "moved from \(worker), which guaranteed more than it has: "
        case .freeing(let worker): "moved from \(worker) to free it: "
        case .joining: "needs fewer workers than before: "
        case .drawn(let draw):
            "drew one of \(draw.places) places for \(draw.tickets.count) equal claims "
                + "(lottery \(draw.lottery.name)): "
        case .fairness: "others with a higher share gave way: "
        }
    }

    private static func whole(_ amount: Double) -> Int { Int(max(0, amount).rounded()) }

    private static func hundredths(_ amount: Double) -> String {
        let whole = Int((amount * 100).rounded())
        return "\(whole / 100).\(whole % 100 < 10 ? "0" : "")\(whole % 100)"
    }
}
