internal import Processing
internal import Topics

/// What the tables keep of how room is divided.
public enum FairnessRow: Sendable, Equatable {
    case customer(CustomerRow)
    case customerRemoved(cell: Int32, customer: String)
    case cell(CellFairnessRow)
    case draw(Draw, atMs: Int64)
}

/// A customer in a cell.
public struct CustomerRow: Sendable, Equatable {
    public let cell: Int32
    public let standing: FairnessReport.Standing
    public let asOfMs: Int64
}

/// How evenly a cell's room is divided.
public struct CellFairnessRow: Sendable, Equatable {
    public let cell: Int32
    public let jain: Double
    public let worst: Double
    public let envy: Double
    public let asOfMs: Int64
}

extension Cell {
    /// Rows of customers whose standing changed since it was last saved, and the cell's.
    mutating func saveFairness(_ effects: inout CellEffects) {
        let report = FairnessReport(holdings, capacity: readyCapacity)
        var standings: [String: FairnessReport.Standing] = [:]
        for standing in report.standings {
            let customer = standing.holding.customer
            standings[customer] = standing
            guard savedStandings[customer] != standing else { continue }
            effects.save(
                .fairness(
                    .customer(CustomerRow(cell: number, standing: standing, asOfMs: nowMs))))
        }
        for customer in savedStandings.keys.sorted() where standings[customer] == nil {
            effects.save(.fairness(.customerRemoved(cell: number, customer: customer)))
        }
        savedStandings = standings
        effects.save(
            .fairness(
                .cell(
                    CellFairnessRow(
                        cell: number, jain: report.jain, worst: report.worst, envy: report.envy,
                        asOfMs: nowMs))))
    }

    /// By name.
    private var holdings: [Holding] {
        var holdings: [String: Holding] = [:]
        for (id, function) in functions {
            let customer = id.service.customer
            var holding =
                holdings.removeValue(forKey: customer)
                ?? Holding(customer: customer, weight: policy.fairness.weight(of: customer))
            holding.add(claim(of: id), waits: function.placements.isEmpty)
            holdings[customer] = holding
        }
        return holdings.sorted { $0.key < $1.key }.map(\.value)
    }
}
