import Testing
import Topics

@testable import Workload

@Suite struct `A resumed run` {
    /// What lies on the topic when every partition was cut somewhere else, as a kill leaves it.
    @Test(arguments: UInt64(0)..<6)
    func `sends what is missing in each partition, once and in order`(seed: UInt64) throws {
        let fleet = generated(seed: 3, functions: 16)
        let whole = wholeDay
        var random = SeededCuts(state: seed)
        var there: [Sent] = []
        for partition in Int32(0)..<4 {
            let own = whole.filter { $0.partition == partition }
            there += own.prefix(random.below(own.count + 1))
        }
        var resume = Resume(run: fleet.run, partitions: 4)
        for event in there {
            resume.found(
                invocation: event.sequence.invocation(run: fleet.run), in: event.partition)
        }
        let rest = sent(EventStream(fleet, from: resume.minute)).filter {
            resume.isMissing($0.sequence, in: $0.partition)
        }
        for partition in Int32(0)..<4 {
            #expect(
                (there + rest).filter { $0.partition == partition }
                    == whole.filter { $0.partition == partition })
        }
    }

    @Test func `sends everything when nothing is there`() {
        let resume = Resume(run: "g1.abcd", partitions: 2)
        #expect(resume.isFresh)
        #expect(resume.minute == 0)
        #expect(resume.isMissing(Sequence(minute: 0, rank: 0), in: 1))
    }

    @Test func `passes over what others sent`() {
        var resume = Resume(run: "g1.abcd", partitions: 1)
        for id in ["g2.abcd-zz", "g1.abcd-", "g1.abcd", "g1.abcd-ZZ", "g1.abcd-+1", "lambda-7"] {
            resume.found(invocation: id, in: 0)
        }
        #expect(resume.isFresh)
    }

    @Test func `takes what retention deleted as sent`() {
        var resume = Resume(run: "r", partitions: 3)
        resume.found(invocation: Sequence(minute: 70, rank: 2).invocation(run: "r"), in: 0)
        resume.found(invocation: Sequence(minute: 90, rank: 1).invocation(run: "r"), in: 1)
        resume.foundEmptied(2)
        #expect(resume.minute == 70)
        #expect(!resume.isMissing(Sequence(minute: 70, rank: 2), in: 2))
        #expect(resume.isMissing(Sequence(minute: 70, rank: 3), in: 2))
    }

    @Test(arguments: [(0, 0), (0, 35), (1, 0), (525_600, 16_777_215)])
    func `finds the place that an id names`(minute: Int, rank: Int) {
        let sequence = Sequence(minute: minute, rank: rank)
        #expect(Sequence(invocation: sequence.invocation(run: "az7.1x"), run: "az7.1x") == sequence)
    }
}

private struct SeededCuts {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = (state &+ 1) &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}
