internal import Foundation
public import Topics

/// Why a function is where it is, and what would be decided now: for people, from what is kept.
///
/// The same kept state gives the same text: decisions rest on nothing else.
public struct Explanation: Sendable, CustomStringConvertible {
    public let description: String
}

extension AllocatorStage {
    /// - Returns: nil when the cell does not know the function.
    public func explanation(of id: FunctionID) -> Explanation? { cell.explanation(of: id) }
}

extension Cell {
    /// Alternatives that are shown.
    private static let alternativesMax = 10

    func explanation(of id: FunctionID) -> Explanation? {
        guard let function = functions[id], clock.window != nil else { return nil }
        let whole = profile(of: id)
        let part = whole.divided(by: max(1, function.placements.count))
        let need = whole.need(policy)
        var lines = [
            "\(id), \(function.tier.rawValue), cell \(number), as of \(moment(nowMs))",
            function.placements.isEmpty
                ? "waits" : "is on \(function.placements.joined(separator: ", "))",
            "decided \(moment(function.decidedAtMs)), revision \(function.revision): "
                + function.reason,
            "needs \(rounded(need.milliCpu)) mCPU and \(rounded(need.memoryMb)) MB at most in a week, "
                + "with room for \(decimal(policy.deviations[function.tier.rank])) deviations of its "
                + "noise; \(whole.cpu.guaranteed) mCPU are guaranteed to it",
        ]
        if function.placements.count > 1 {
            lines.append("each of its \(function.placements.count) workers carries an even part")
        }
        lines.append(
            "its part on each worker, those in use first, then by how little its potential grows:")
        lines += alternatives(for: part, of: function)
        return Explanation(description: lines.joined(separator: "\n"))
    }

    private func alternatives(for part: Profile, of function: PlacedFunction) -> [String] {
        // As if it were nowhere.
        var ledger = ledger
        for worker in function.placements {
            guard let index = ledger.index(of: worker) else { continue }
            ledger.release(part, at: index)
        }
        var ordered: [(empty: Int, growth: Double, index: Int)] = []
        var refused = 0
        for index in ledger.workers.indices {
            let worker = ledger.workers[index]
            guard worker.leastGrowth(part, policy) != nil, let growth = worker.growth(part, policy)
            else {
                refused += 1
                continue
            }
            ordered.append((worker.members == 0 ? 1 : 0, growth, index))
        }
        ordered.sort { $0 < $1 }
        var lines = ordered.prefix(Self.alternativesMax).map { entry in
            alternative(entry.index, part, ledger, isHere: function.placements)
        }
        let more = ordered.count - lines.count
        if more > 0 { lines.append("  and \(more) more") }
        if refused > 0 {
            lines.append(
                "  \(refused) may not take it: not ready, full, or without the memory or the "
                    + "guarantees")
        }
        return lines
    }

    private func alternative(
        _ index: Int, _ part: Profile, _ ledger: Ledger, isHere placements: [String]
    ) -> String {
        let worker = ledger.workers[index]
        let choice = ledger.choice(index, for: part)
        let overload = worker.overload(with: part, policy).map { rank, share in
            "\(Tier.allCases[rank].rawValue) \(percent(worker.overload[rank])) -> \(percent(share))"
                + " of \(percent(policy.budgets[rank]))"
        }
        let here = placements.contains(worker.name) ? ", where it is" : ""
        let verdict = ledger.admits(part, at: index) ? "within the budgets" : "beyond the budgets"
        return "  \(worker.name) (\(worker.members) others)\(here): plan rises by "
            + "\(rounded(choice.riseMilliCpu)) of \(rounded(worker.capacity.milliCpu)) mCPU; "
            + "time over its CPU: \(overload.joined(separator: ", ")); \(verdict)"
    }

    private func moment(_ ms: Int64) -> String {
        Date(timeIntervalSince1970: Double(ms) / 1_000).formatted(.iso8601)
    }

    private func rounded(_ amount: Double) -> String { "\(Int(amount.rounded()))" }
    private func decimal(_ amount: Double) -> String {
        amount.formatted(
            .number.precision(.fractionLength(2)).locale(Locale(identifier: "en_US_POSIX")))
    }
    private func percent(_ share: Double) -> String {
        let text = (share * 100).formatted(
            .number.precision(.significantDigits(1...2)).grouping(.never)
                .locale(Locale(identifier: "en_US_POSIX")))
        return text + " %"
    }
}
