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
        for floats in [bank.biases, standardisation.means, standardisation.scales, centre] {
            writer.write(floats) { $0.write($1) }
        }
        writer.write(precision.rawValue)
        switch precision {
        case .float32: writer.write(projection.values) { $0.write($1) }
        case .float16: writer.write(projection.values) { $0.write(Float16($1)) }
        case .int8:
            let bytes = projectionBytes ?? QuantisedRows(projection)
            writer.write(bytes.scales) { $0.write($1) }
            writer.write(bytes.values.map { UInt8(bitPattern: $0) })
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
        centre = try reader.readFloats(dimensions, "centre")
        let text = try reader.readString()
        guard let precision = Precision(rawValue: text) else {
            throw CorruptState("a projection is kept as \(text)")
        }
        self.precision = precision
        let count = dimensions * features
        switch precision {
        case .float32:
            projection = Matrix(
                rows: dimensions, columns: features,
                values: try reader.readFloats(count, "projection"))
        case .float16:
            let values = try reader.readArray { reader throws(CorruptState) in
                Float(try reader.readFloat16())
            }
            guard values.count == count, values.allSatisfy(\.isFinite) else {
                throw CorruptState("a projection of \(count) numbers has \(values.count), or worse")
            }
            projection = Matrix(rows: dimensions, columns: features, values: values)
        case .int8:
            let scales = try reader.readFloats(dimensions, "scales of a projection")
            let values = try reader.readBytes().map { Int8(bitPattern: $0) }
            guard values.count == count else {
                throw CorruptState("a projection of \(count) bytes has \(values.count)")
            }
            let bytes = QuantisedRows(columns: features, values: values, scales: scales)
            projection = bytes.matrix
            projectionBytes = bytes
        }
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
