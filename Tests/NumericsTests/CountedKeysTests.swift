import Testing

@testable import Numerics

@Suite struct `Counted keys` {
    @Test(arguments: UInt64(0)..<8, [UInt32(4), 11, 16])
    func `are what was added, in whatever order`(seed: UInt64, countBits: UInt32) {
        var random = SeededRandom(seed: seed)
        var arena = WordArena()
        var lists = (0..<5).map { _ in CountedKeys() }
        var expected = lists.map { _ in [UInt32: Int]() }
        for _ in 0..<4_000 {
            let list = Int(random.uniform() * 5)
            let key = UInt32(random.uniform() * [3.0, 50, 2_000, 9_000, 30_000][list])
            lists[list].add(key, countBits: countBits, in: &arena)
            expected[list][key, default: 0] += 1
        }
        lists[0].add(7, times: 1_000, countBits: countBits, in: &arena)
        expected[0][7, default: 0] += 1_000
        for list in lists.indices {
            let entries = lists[list].withSettled(countBits: countBits, in: &arena) { settled in
                settled.indices.map { settled[$0] }
            }
            #expect(entries.map { $0 >> countBits } == entries.map { $0 >> countBits }.sorted())
            var counted: [UInt32: Int] = [:]
            for entry in entries {
                counted[entry >> countBits, default: 0] += Int(entry & (1 << countBits - 1))
            }
            #expect(counted == expected[list])
            // As few entries as the counts need.
            let most = 1 << Int(countBits) - 1
            #expect(entries.count == counted.values.reduce(0) { $0 + ($1 + most - 1) / most })
        }
    }

    @Test func `give their room back`() {
        var arena = WordArena()
        for _ in 0..<1_000 {
            var keys = CountedKeys()
            for key in 0..<100 { keys.add(UInt32(key), countBits: 8, in: &arena) }
            keys.release(in: &arena)
            var bytes = ArenaBytes(Array("some bytes".utf8), in: &arena)
            #expect(bytes.copy(in: arena) == Array("some bytes".utf8))
            bytes.release(in: &arena)
        }
        #expect(arena.bytes < 8_192)
    }
}
