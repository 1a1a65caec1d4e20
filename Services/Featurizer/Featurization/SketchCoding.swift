internal import Numerics
internal import Processing

extension LogSketch {
    init(reading reader: inout StateReader) throws(CorruptState) {
        var before: UInt64 = 0
        let bins = try reader.readArray { reader throws(CorruptState) in
            let step = try reader.readUInt()
            let count = try reader.readUInt()
            guard step <= 0xFFFF, before + step <= 0xFFFF, count < 1 << 48 else {
                throw CorruptState("a sketch has a bin beyond its last")
            }
            before += step
            return before << 48 | count
        }
        guard !bins.isEmpty else {
            self.init()
            return
        }
        let sumFixed = try reader.readInt64(in: 0 ... .max)
        let least = try reader.readDouble(in: StateLimits.amounts)
        let most = try reader.readDouble(in: StateLimits.amounts)
        guard let sketch = LogSketch(bins: bins, sumFixed: sumFixed, least: least, most: most)
        else { throw CorruptState("a sketch's bins are out of order") }
        self = sketch
    }
}

extension Sketch {
    /// As a `LogSketch` reads it.
    mutating func write(to writer: inout StateWriter, in arena: inout WordArena) {
        withBins(in: &arena) { settled, countBits in
            var distinct: UInt64 = 0
            for i in settled.indices
            where i == 0 || settled[i] >> countBits != settled[i - 1] >> countBits {
                distinct += 1
            }
            writer.write(distinct)
            writer.write(numbersUpTo: 2 * settled.count) { numbers in
                var before: UInt32 = 0
                var i = 0
                while i < settled.count {
                    let bin = settled[i] >> countBits
                    var times: UInt64 = 0
                    while i < settled.count, settled[i] >> countBits == bin {
                        times += UInt64(settled[i] & (1 << countBits - 1))
                        i += 1
                    }
                    numbers.append(number: UInt64(bin - before))
                    numbers.append(number: times)
                    before = bin
                }
            }
        }
        guard count > 0 else { return }
        writer.write(sumFixed)
        writer.write(least)
        writer.write(most)
    }
}
