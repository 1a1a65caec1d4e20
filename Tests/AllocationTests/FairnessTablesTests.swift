import Postgres
import TestSupport
import Testing
import Topics

@testable import Allocation
@testable import Allocator

@Suite(.enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL's programs"))
struct `The allocator's tables of fairness and plans` {
    private let dayMs: Int64 = 86_400_000

    @Test func `hold the last of each customer, the cells' figures, and every draw`() throws {
        try withSession { session in
            let atMs = 18_000 * dayMs + 5_400_000
            let lottery = Lottery(seed: 1, cell: 3, slot: 5_184_018, tier: .burstable)
            let draw = Draw(
                lottery, places: 1,
                among: [(function("a"), 1), (function("b", of: "it\"s"), 1)])
            try write(
                [
                    .cell(cellRow(atMs)),
                    .fairness(.customer(customer("acme", functions: 1, atMs))),
                    .fairness(.customer(customer("acme", functions: 2, atMs))),
                    .fairness(.customer(customer("gone", functions: 1, atMs))),
                    .fairness(
                        .cell(
                            CellFairnessRow(
                                cell: 3, jain: 0.5, worst: 0.25, envy: 0.75, asOfMs: atMs))),
                    .fairness(.draw(draw, atMs: atMs)), .fairness(.draw(draw, atMs: atMs)),
                ], &session)
            try write([.fairness(.customerRemoved(cell: 3, customer: "gone"))], &session)
            let customers = try session.execute(
                "select customer, functions, used_milli_cpu from dashboard.customers")
            #expect(customers.count == 1)
            #expect(customers[0][0] as String == "acme")
            #expect(customers[0][1] as Int == 2 && customers[0][2] as Int == 200)
            for view in ["cell_fairness", "cell_fairness_history"] {
                let cells = try session.execute(
                    "select jain, worst_to_fair_share, envy from dashboard.\(view)")
                #expect(cells.count == 1)
                #expect(cells[0][0] as Double == 0.5 && cells[0][2] as Double == 0.75)
            }
            let draws = try session.execute(
                """
                select seed, places, claims, tickets -> 1 ->> 'service',
                    (select count(*) from jsonb_array_elements(tickets) t where (t ->> 'won')::bool)
                from dashboard.lotteries
                """)
            #expect(draws.count == 1)
            #expect(draws[0][0] as String == "1/3/5184018/burstable")
            #expect(draws[0][1] as Int == 1 && draws[0][2] as Int == 2 && draws[0][4] as Int == 1)
            let services = Set(draw.tickets.map(\.function.service.service))
            #expect(services.contains(draws[0][3] as String))
        }
    }

    @Test func `replace a cell's plan by the next, and leave other cells' alone`() throws {
        try withSession { session in
            try write(
                [.plan(plan(cell: 1, hour: 432_000)), .plan(plan(cell: 2, hour: 432_000))],
                &session)
            try write([.plan(plan(cell: 1, hour: 432_001))], &session)
            let hours = try session.execute(
                """
                select cell, (extract(epoch from hour) / 3600)::bigint, workers_p95, kwh_today
                from dashboard.plan_hours order by cell, hour
                """)
            #expect(hours.map { $0[0] as Int32 } == [1, 1, 2, 2])
            #expect(hours[0][1] as Int == 432_001 && hours[2][1] as Int == 432_000)
            let plans = try session.execute(
                """
                select hours_short_with_one_less, hours_short, hours_short_with_one_more, kwh_today
                from dashboard.plans order by cell
                """)
            #expect(plans[0][0] as Double == 0.5 && plans[0][2] as Double == 0)
            #expect(plans[0][3] as Double == 3)
            let days = try session.execute(
                "select day::text from dashboard.plan_days where cell = 1")
            // Day 18,000 of 1970.
            #expect(days.map { $0[0] as String } == ["2019-04-14"])
            let deferred = try session.execute(
                "select milli_cpu, saved_carbon_g from dashboard.plan_deferrals where cell = 1")
            #expect(deferred.count == 1)
            #expect(deferred[0][0] as Double == 30 && deferred[0][1] as Double == 3)
            let offs = try session.execute("select worker from dashboard.plan_switches")
            #expect(offs.count == 2)
        }
    }

    @Test func `read customers' weights as they are set`() throws {
        let weights = try #require(CustomerWeights(setting: "acme=2,a=b=0.5"))
        #expect(weights.byCustomer == ["acme": 2, "a=b": 0.5])
        #expect(weights.settingText == "a=b=0.5,acme=2")
        #expect(CustomerWeights(setting: "")?.byCustomer == [:])
        for wrong in ["acme", "=2", "acme=0", "acme=x", "acme=1,acme=2", "acme=1e9", "acme=nan"] {
            #expect(CustomerWeights(setting: wrong) == nil)
        }
    }

    private func withSession(_ body: (inout Session) throws -> Void) throws {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            var options = Session.Options()
            options.role = "allocator"
            options.schema = "allocator"
            var session = try Session(url, options)
            try Migrations(schema: "allocator", set: "allocator", Allocator.migrations)
                .apply(to: &session)
            try body(&session)
        }
    }

    private func write(_ rows: [AllocatorRow], _ session: inout Session) throws {
        try session.transaction { session in
            try AllocatorTables().write(rows, to: &session)
        }
    }

    private func customer(_ name: String, functions: Int, _ atMs: Int64) -> CustomerRow {
        var holding = Holding(customer: name, weight: 1)
        for _ in 0..<functions {
            holding.add(Claim(milliCpu: 100, memoryMb: 10), waits: false)
        }
        let report = FairnessReport([holding], capacity: Claim(milliCpu: 1_000, memoryMb: 100))
        return CustomerRow(cell: 3, standing: report.standings[0], asOfMs: atMs)
    }

    private func cellRow(_ asOfMs: Int64) -> CellRow {
        CellRow(
            cell: 3, functions: 1, waiting: 0, workersReady: 1, workersUsed: 1,
            workersSumOfPeaks: nil, workersBound: nil, moves: 0, asOfMs: asOfMs)
    }

    /// Two hours, one day.
    private func plan(cell: Int32, hour: Int64) -> FleetPlan {
        let energy = HourEnergy(kwh: 1.5, carbonG: nil)
        return FleetPlan(
            cell: cell, workersReady: 2,
            hours: (0..<2).map {
                .init(
                    hour: hour + $0, workersP50: 1, workersP95: 2, milliCpu: 100, today: energy,
                    planned: nil)
            },
            days: [
                .init(
                    day: 18_000, workersP50: 1, workersP95: 2, workersToHave: 2, placedP50: 3,
                    placedP95: 4)
            ],
            purchases: [
                .init(workers: 1, hoursShort: 0.5), .init(workers: 2, hoursShort: 0.25),
                .init(workers: 3, hoursShort: 0),
            ],
            offs: [.init(worker: "w", fromHour: hour, untilHour: hour + 2)],
            deferred: [
                .init(fromHour: hour, untilHour: hour + 1, milliCpu: 10, savedG: 1),
                .init(fromHour: hour, untilHour: hour + 1, milliCpu: 20, savedG: 2),
            ], asOfMs: hour * 3_600_000)
    }
}
