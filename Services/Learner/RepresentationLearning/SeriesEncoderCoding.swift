internal import Numerics
internal import Processing

extension SeriesEncoder {
    static let channelsMax = 16
    /// A bank's kernels reach no further.
    static let dilationMax = 1 << 16
    static let biasesMax = 10_080

    func write(to writer: inout StateWriter) {
        writer.write(cleaning.logarithmic)
        writer.write(cleaning.scales) { $0.write($1) }
        writer.write(figures?.slotsPerDay ?? 0)
        writer.write(bank.groups) { writer, group in
            writer.write(group.dilation)
            writer.write(group.each)
            writer.write(group.channels ?? []) { writer, channels in
                // Which ones, a bit each.
                writer.write(channels.reduce(UInt64(0)) { $0 | 1 << UInt64($1) })
            }
        }
        writer.write(dimensions)
        for floats in [
            bank.biases, standardisation.means, standardisation.scales, projection.values, centre,
        ] {
            writer.write(floats) { $0.write($1) }
        }
    }

    init(reading reader: inout StateReader) throws(CorruptState) {
        let logarithmic = try reader.readBool()
        let channels = try reader.readArray { reader throws(CorruptState) in
            try reader.readFloat(in: 0...(.greatestFiniteMagnitude))
        }
        guard (1...Self.channelsMax).contains(channels.count) else {
            throw CorruptState("an encoder sees \(channels.count) channels")
        }
        cleaning = SeriesCleaning(scales: channels, logarithmic: logarithmic)
        let slotsPerDay = try reader.readInt(in: 0...86_400)
        figures = slotsPerDay > 0 ? SeriesFigures(slotsPerDay: slotsPerDay) : nil
        let groups = try reader.readArray { reader throws(CorruptState) in
            try KernelBank.Group(reading: &reader, channels: channels.count)
        }
        let dimensions = try reader.readInt(in: 0...Self.dimensionsMax)
        let biases = groups.reduce(0) { $0 + $1.each * ConvolutionKernels.count }
        guard biases > 0, biases <= Self.biasesMax else {
            throw CorruptState("an encoder has \(biases) kernels and biases")
        }
        bank = KernelBank(groups: groups, biases: try reader.readFloats(biases, "biases"))
        let features = biases + (figures?.count ?? 0)
        standardisation = Standardisation(
            means: try reader.readFloats(features, "means"),
            scales: try reader.readFloats(features, "scales"))
        projection = Matrix(
            rows: dimensions, columns: features,
            values: try reader.readFloats(dimensions * features, "projection"))
        centre = try reader.readFloats(dimensions, "centre")
    }
}

extension KernelBank.Group {
    fileprivate init(
        reading reader: inout StateReader, channels count: Int
    ) throws(CorruptState) {
        dilation = try reader.readInt(in: 1...SeriesEncoder.dilationMax)
        each = try reader.readInt(in: 1...SeriesEncoder.biasesMax)
        let seen = try reader.readArray { reader throws(CorruptState) in
            let bits = try reader.readUInt()
            guard bits > 0, bits >> UInt64(count) == 0 else {
                throw CorruptState("a kernel sees channels \(bits) of \(count)")
            }
            return (0..<count).filter { bits >> UInt64($0) & 1 == 1 }
        }
        let expected = count == 1 ? 0 : ConvolutionKernels.count
        guard seen.count == expected else {
            throw CorruptState("\(seen.count) kernels see channels, expected \(expected)")
        }
        channels = count == 1 ? nil : seen
    }
}
