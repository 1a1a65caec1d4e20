import Processing
import Testing

@Suite struct `Kept state` {
    @Test(arguments: [
        Int64.min, -1_000_000, -1, 0, 1, 63, 64, 127, 128, 16_383, 16_384, .max,
    ])
    func `gives every integer back`(value: Int64) throws {
        var writer = StateWriter(version: 1)
        writer.write(value)
        writer.write(UInt64(bitPattern: value))
        var reader = try StateReader(writer.bytes, newest: 1)
        #expect(try reader.readInt64() == value)
        #expect(try reader.readUInt() == UInt64(bitPattern: value))
        try reader.finish()
    }

    @Test func `gives mixed fields back in order`() throws {
        var reader = try StateReader(sample, newest: 3)
        #expect(reader.version == 3)
        #expect(try reader.readString() == "naïve 🙂")
        #expect(try reader.readOptionalString() == nil)
        #expect(try reader.readOptionalDouble() == -0.5)
        #expect(try reader.readFloat() == 1.25)
        #expect(try reader.readFloat16() == 0.5)
        #expect(try reader.readBool())
        let numbers = try reader.readArray { (reader) throws(CorruptState) in
            try reader.readInt()
        }
        #expect(numbers == [3, -4, 5])
        try reader.finish()
    }

    @Test func `refuses to be read when it was cut anywhere`() {
        for end in 0..<sample.count {
            #expect(throws: CorruptState.self) {
                var reader = try StateReader(Array(sample[..<end]), newest: 3)
                _ = try reader.readString()
                _ = try reader.readOptionalString()
                _ = try reader.readOptionalDouble()
                _ = try reader.readFloat()
                _ = try reader.readFloat16()
                _ = try reader.readBool()
                _ = try reader.readArray { (reader) throws(CorruptState) in try reader.readInt() }
            }
        }
    }

    @Test func `refuses a version it does not know, and bytes left over`() throws {
        #expect(throws: CorruptState.self) { try StateReader(sample, newest: 2) }
        let reader = try StateReader(sample, newest: 3)
        #expect(throws: CorruptState.self) { try reader.finish() }
    }

    @Test func `asks for no memory that a torn count names`() {
        var writer = StateWriter(version: 1)
        writer.write(UInt64.max >> 1)
        #expect(throws: CorruptState.self) {
            var reader = try StateReader(writer.bytes, newest: 1)
            _ = try reader.readString()
        }
    }

    private var sample: [UInt8] {
        var writer = StateWriter(version: 3)
        writer.write("naïve 🙂")
        writer.write(String?.none)
        writer.write(Double?(-0.5))
        writer.write(Float(1.25))
        writer.write(Float16(0.5))
        writer.write(true)
        writer.write([3, -4, 5]) { $0.write($1) }
        return writer.bytes
    }
}
