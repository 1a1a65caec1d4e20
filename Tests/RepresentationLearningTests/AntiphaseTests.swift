import Numerics
import Testing
import Topics

@testable import RepresentationLearning

@Suite struct `Antiphase` {
    @Test func `is what two save by sharing, as worked by hand`() throws {
        // Two days of four slots each; an hour is a slot. On the first day 3 0 0 0 and 0 0 1 0 need 3
        // together and 4 apart, on the second 1 0 0 0 and 0 0 3 0 the same: 3/4.
        // One's first day with the other's second: 3 0 0 0 and 0 0 3 0: 3/6; the other way round
        // 1 0 0 0 and 0 0 1 0: 1/2. (3/4 + 1/2 x 1/2) / 1.5 = 2/3.
        let a = DailyLoad(start: 0, values: [3, 0, 0, 0, 1, 0, 0, 0], perDay: 4)
        let b = DailyLoad(start: 0, values: [0, 0, 1, 0, 0, 0, 3, 0], perDay: 4)
        let both = try #require(a.meanRatio(with: b))
        #expect(abs(both.ratio - 2.0 / 3) < 1e-6 && both.common == 8)
        // It lies on calendar days wherever a series begins.
        let late = DailyLoad(start: 4, values: [1, 0, 0, 0], perDay: 4)
        let second = try #require(late.meanRatio(with: b))
        // The second day 3/4, with the other's first 1/2.
        #expect(abs(second.ratio - (0.75 + 0.5 * 0.5) / 1.5) < 1e-6 && second.common == 4)
    }

    @Test func `is found between office hours and night, and not within either`() {
        let office = (0..<4).map { load(Planted.office.view(days: 4, seed: $0)) }
        let night = (0..<4).map { load(Planted.night.view(days: 4, seed: $0)) }
        for a in office {
            // Peaks of some 250 with 6 below them: nearly all is saved, and 4 days count 4 / 4.5.
            for b in night {
                #expect(a.antiphase(to: b, .unknown) > 0.8)
                // But for the order in which days are added up.
                let difference = a.antiphase(to: b, .unknown) - b.antiphase(to: a, .unknown)
                #expect(abs(difference) < 1e-5)
            }
            for b in office { #expect(a.antiphase(to: b, .unknown) == 0) }
        }
    }

    @Test func `is not sold where there is only noise`() {
        let noise = (0..<20).map { load(Planted.noise.view(days: 3, seed: $0)) }
        for a in noise.indices {
            for b in noise.indices where a != b {
                // 288 slots of noise up to 400 each: in some both are near it, and hours are level.
                #expect(noise[a].antiphase(to: noise[b], .unknown) < 0.15)
            }
        }
    }

    @Test func `is not sold of a fleet that rises together`() {
        let together = CorrelationShrinkage(centre: 0.6, weight: 0.2)
        let office = load(Planted.office.view(days: 4, seed: 1))
        let noise = load(Planted.noise.view(days: 4, seed: 1))
        #expect(office.antiphase(to: noise, together) == 0)
    }

    @Test func `needs time that both are known`() {
        let whole = Planted.office.view(days: 4, seed: 1)
        let early = load(whole.slice(0..<576))
        let night = Planted.night.view(days: 4, seed: 1)
        #expect(early.antiphase(to: load(night.slice(576..<1_152)), .unknown) == 0)
        // An hour is less than a twelfth of a day.
        #expect(early.antiphase(to: load(night.slice(564..<1_152)), .unknown) == 0)
    }

    @Test func `counts more the longer both are known`() {
        let office = Planted.office.view(days: 6, seed: 1)
        let night = Planted.night.view(days: 6, seed: 1)
        let scores = [1, 2, 3, 6].map { days in
            load(office.slice(0..<days * 288))
                .antiphase(to: load(night.slice(0..<days * 288)), .unknown)
        }
        #expect(scores == scores.sorted() && scores[0] > 0)
    }

    @Test func `goes with predictability, which a steady and a daily load have and noise has not`()
    {
        let steady = DemandView(
            startSlot: 0, milliCpu: Array(repeating: 50, count: 864),
            invocations: Array(repeating: 1, count: 864))
        #expect(predictability(of: steady) == 1)
        #expect(predictability(of: Planted.office.view(days: 3, seed: 1)) > 0.8)
        #expect(predictability(of: Planted.noise.view(days: 3, seed: 1)) < 0.2)
    }

    private func load(_ view: DemandView) -> SharedLoad {
        SharedLoad(startSlot: view.startSlot, values: view.milliCpu, slotsPerDay: 288)
    }
}

@Suite struct `An index of neighbours` {
    @Test func `finds what comparing with each finds`() {
        var random = SeededRandom(seed: 4)
        let vectors = (0..<300).map { _ in
            unitLength((0..<8).map { _ in Float(random.uniform()) - 0.5 })
        }
        let days = (0..<300).map { _ in
            (0..<NeighbourIndex.windowsPerDay).map { _ in Float(random.uniform()) }
        }
        let index = NeighbourIndex(vectors: Matrix(vectors), windows: days)
        let found = index.nearest(to: Matrix(Array(vectors.prefix(70))), count: 4)
        for (query, rows) in found.enumerated() {
            let cosines = vectors.map { dotProduct($0[...], vectors[query][...]) }
            #expect(rows[0].row == query && rows.count == 4)
            let fourth = cosines.sorted(by: >)[3]
            #expect(rows.allSatisfy { cosines[$0.row] > fourth - 1e-5 })
        }
        for query in 0..<10 {
            let ratios = days.map { day in
                let joint = zip(day, days[query]).map(+).max() ?? 0
                return joint / ((day.max() ?? 0) + (days[query].max() ?? 0))
            }
            let rows = index.likelyOpposite(to: days[query], count: 20)
            let last = ratios.sorted()[19]
            #expect(rows.count == 20 && rows.allSatisfy { ratios[$0] <= last + 1e-6 })
        }
        #expect(index.likelyOpposite(to: days[0], count: 1_000).count == 300)
    }
}

@Suite struct `Planted groups` {
    private static let planted = Planted.allCases.flatMap { group in
        (0..<8).map { (group: group, view: group.view(days: 4, seed: $0)) }
    }

    @Test func `end in clusters of their own`() throws {
        let fit = try Training.fit(samples: Self.planted.map(\.view), version: 1, seed: 1)
        let clusters = Self.planted.map { fit.model.cluster(of: fit.model.encode($0.view)) }
        for group in [Planted.office, .night] {
            let inside = zip(Self.planted, clusters).filter { $0.0.group == group }.map(\.1)
            let outside = zip(Self.planted, clusters).filter { $0.0.group != group }.map(\.1)
            #expect(Set(inside).isDisjoint(with: outside))
        }
        #expect(fit.model.clusters.map(\.size).reduce(0, +) == 24)
        // Fitted anew on the same functions in another order, they keep their ids.
        let again = try Training.fit(
            samples: Self.planted.map(\.view).reversed(), previous: fit.model, version: 2, seed: 9)
        let kept = Self.planted.map { again.model.cluster(of: again.model.encode($0.view)) }
        #expect(zip(clusters, kept).count { $0 == $1 } >= 16)
    }

    @Test func `name each other as opposite`() {
        let members = Self.planted.enumerated().map { index, planted in
            Neighbourhood.Member(
                function: FunctionID(
                    customer: "c", service: "\(planted.group)", function: "\(index)"),
                vector: EncoderModel.prior.encode(planted.view), view: planted.view)
        }
        let neighbourhood = Neighbourhood(members)
        for (member, nearest) in zip(members, neighbourhood.nearest(to: members)) {
            let opposite = neighbourhood.opposite(to: member)
            #expect(opposite.map(\.score) == opposite.map(\.score).sorted(by: >))
            #expect(nearest.count == Limits.neighbours)
            switch member.function.service.service {
            case "office":
                #expect(opposite.count == Limits.neighbours)
                #expect(opposite.allSatisfy { $0.service == "night" && $0.score > 0.8 })
                #expect(nearest.allSatisfy { $0.service == "office" })
            case "night":
                #expect(opposite.allSatisfy { $0.service == "office" && $0.score > 0.8 })
            default:
                #expect(opposite.allSatisfy { $0.score < 0.2 })
            }
        }
    }
}
