import Processing
import TestSupport
import Testing
import Topics

@testable import Featurization

@Suite struct `Invocations in a row` {
    @Test(arguments: [1, 7, 63, 64, 65, 500])
    func `are folded as one by one, however many come together`(length: Int) {
        var draws = Draws(seed: UInt64(length))
        let events = shuffled(someEvents(500, &draws), withinMs: 200_000, &draws)
        var bytes = events.map { $0.encodedJSON() }
        // Some that are no invocations, in between.
        for place in stride(from: 5, to: bytes.count, by: 41) { bytes[place].removeLast() }
        var single = StageDriver { FeaturizerStage(partition: $0) }
        for message in bytes { single.feed(message, of: .invocations) }
        var together = StageDriver { FeaturizerStage(partition: $0, hashKey: 77) }
        for start in stride(from: 0, to: bytes.count, by: length) {
            together.feed(
                Array(bytes[start..<min(start + length, bytes.count)]), of: .invocations)
        }
        #expect(together.rejections == single.rejections && !single.rejections.isEmpty)
        single.advance(nowMs: 0, quietMs: 10_000)
        together.advance(nowMs: 0, quietMs: 10_000)
        #expect(together.tables == single.tables)
        #expect(totals(together) == totals(single))
    }

    @Test func `find their function whatever its path hashes to`() {
        // With one key all hash otherwise than with another; 3,000 names make tables grow.
        for key in [UInt64(0), 1, .max] {
            var table = FunctionTable()
            let paths = (0..<3_000).map { Array("team/service-\($0)/handler".utf8) }
            for path in paths {
                let hash = InvocationBatch.hash(ofPath: path, key: key)
                #expect(table.number(of: path.span, hash: hash) == nil)
                _ = table.add(path.span, hash: hash)
            }
            for (number, path) in paths.enumerated() {
                let hash = InvocationBatch.hash(ofPath: path, key: key)
                #expect(table.number(of: path.span, hash: hash) == Int32(number))
                #expect(table.path(of: Int32(number)) == path)
            }
        }
    }

    @Test func `are told apart by their names where hashes are the same`() {
        var table = FunctionTable()
        let paths = (0..<100).map { Array("a/b/\($0)".utf8) }
        for path in paths { _ = table.add(path.span, hash: 42) }
        for (number, path) in paths.enumerated() {
            #expect(table.number(of: path.span, hash: 42) == Int32(number))
        }
        #expect(table.number(of: Array("a/b/c".utf8).span, hash: 42) == nil)
    }
}
