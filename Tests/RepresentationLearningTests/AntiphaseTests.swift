import Numerics
import Testing
import Topics

@testable import RepresentationLearning

@Suite struct `Antiphase` {
    @Test func `is found between office hours and night, and not within either`() {
        let office = (0..<4).map { Rhythm(Planted.office.view(days: 4, seed: $0)) }
        let night = (0..<4).map { Rhythm(Planted.night.view(days: 4, seed: $0)) }
        for a in office {
            for b in night {
                // Ten hours each of 24, smoothed over four quarters: 40 of 96 in sum, in squares
                // 37 + 2 x (1/16 + 1/4 + 9/16) = 38.75. Without noise they correlate at
                // -(40/96)^2 / (38.75/96 - (40/96)^2) = -0.755; four days count 96 / (96 + 12).
                #expect(a.antiphase(to: b) > 0.6)
                #expect(a.antiphase(to: b) < 0.755 * 96 / 108)
                #expect(a.antiphase(to: b) == b.antiphase(to: a))
            }
            for b in office { #expect(a.antiphase(to: b) < -0.4) }
        }
    }

    @Test func `is not sold where there is only noise`() {
        let noise = (0..<40).map { Rhythm(Planted.noise.view(days: 3, seed: $0)) }
        var greatest = 0.0
        for a in noise.indices {
            for b in noise.indices where a != b {
                greatest = max(greatest, noise[a].antiphase(to: noise[b]))
            }
        }
        // Of 780 pairs the most opposed correlates at about -0.2 by chance.
        #expect(greatest < 0.05)
    }

    @Test func `needs time that both are known`() {
        let whole = Planted.office.view(days: 4, seed: 1)
        let early = Rhythm(whole.slice(0..<576))
        let night = Planted.night.view(days: 4, seed: 1)
        #expect(early.antiphase(to: Rhythm(night.slice(576..<1_152))) == 0)
        // An hour is four quarters, fewer than the eight it takes.
        let brief = Rhythm(night.slice(564..<1_152))
        #expect(early.antiphase(to: brief) == 0)
    }

    @Test func `counts more the longer both are known`() {
        let office = Planted.office.view(days: 6, seed: 1)
        let night = Planted.night.view(days: 6, seed: 1)
        let scores = [2, 3, 6].map { days in
            Rhythm(office.slice(0..<days * 288))
                .antiphase(to: Rhythm(night.slice(0..<days * 288)))
        }
        #expect(scores == scores.sorted())
    }

    @Test func `goes by predictability, which a steady and a daily load have and noise has not`() {
        let steady = DemandView(
            startSlot: 0, milliCpu: Array(repeating: 50, count: 864),
            invocations: Array(repeating: 1, count: 864))
        #expect(Rhythm(steady).predictability == 1)
        #expect(Rhythm(Planted.office.view(days: 3, seed: 1)).predictability > 0.8)
        #expect(Rhythm(Planted.noise.view(days: 3, seed: 1)).predictability < 0.2)
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
                vector: EncoderModel.prior.encode(planted.view), rhythm: Rhythm(planted.view))
        }
        let neighbourhood = Neighbourhood(members)
        for member in members {
            let opposite = neighbourhood.opposite(to: member)
            #expect(opposite.map(\.score) == opposite.map(\.score).sorted(by: >))
            switch member.function.service.service {
            case "office":
                #expect(opposite.count == Limits.neighbours)
                #expect(opposite.allSatisfy { $0.service == "night" && $0.score > 0.4 })
                #expect(neighbourhood.nearest(to: member).allSatisfy { $0.service == "office" })
            case "night":
                #expect(opposite.allSatisfy { $0.service == "office" && $0.score > 0.4 })
            default:
                #expect(opposite.allSatisfy { $0.score < 0.1 })
            }
        }
    }
}
