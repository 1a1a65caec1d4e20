internal import Numerics
internal import Processing

extension SeriesEncoder {
    static let channelsMax = 16
    /// A bank's kernels reach no further.
    static let dilationMax = 1 << 16
    static let biasesMax = 10_080

    func write(to writer: inout StateWriter) {
        writer.write(features.cleaning.logarithmic)
        writer.write(features.cleaning.scales) { $0.write($1) }
        writer.write(features.figures?.slotsPerDay ?? 0)
        writer.write(features.bank.groups) { $1.write(to: &$0) }
        writer.write(features.runs) { writer, run in
            // One without a kernel is not known.
            writer.write(run?.bank.groups ?? []) { $1.write(to: &$0) }
            writer.write(run?.bank.biases ?? []) { $0.write($1) }
        }
        writer.write(dimensions)
        for floats in [features.bank.biases, standardisation.means, standardisation.scales, centre]
        {
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
        let slotsPerDay = try reader.readInt(in: 0...86_400)
        let groups = try reader.readArray { reader throws(CorruptState) in
            try KernelBank.Group(reading: &reader, channels: channels.count)
        }
        let runs = try Self.readRuns(&reader)
        let dimensions = try reader.readInt(in: 0...Self.dimensionsMax)
        let biases = try Self.biases(of: groups)
        features = SeriesFeatures(
            cleaning: SeriesCleaning(scales: channels, logarithmic: logarithmic),
            bank: KernelBank(groups: groups, biases: try reader.readFloats(biases, "biases")),
            figures: slotsPerDay > 0 ? SeriesFigures(slotsPerDay: slotsPerDay) : nil, runs: runs)
        standardisation = Standardisation(
            means: try reader.readFloats(features.count, "means"),
            scales: try reader.readFloats(features.count, "scales"))
        centre = try reader.readFloats(dimensions, "centre")
        let text = try reader.readString()
        guard let precision = Precision(rawValue: text) else {
            throw CorruptState("a projection is kept as \(text)")
        }
        self.precision = precision
        let columns = features.count
        let count = dimensions * columns
        switch precision {
        case .float32:
            projection = Matrix(
                rows: dimensions, columns: columns,
                values: try reader.readFloats(count, "projection"))
        case .float16:
            let values = try reader.readArray { reader throws(CorruptState) in
                Float(try reader.readFloat16())
            }
            guard values.count == count, values.allSatisfy(\.isFinite) else {
                throw CorruptState("a projection of \(count) numbers has \(values.count), or worse")
            }
            projection = Matrix(rows: dimensions, columns: columns, values: values)
        case .int8:
            let scales = try reader.readFloats(dimensions, "scales of a projection")
            let values = try reader.readBytes().map { Int8(bitPattern: $0) }
            guard values.count == count else {
                throw CorruptState("a projection of \(count) bytes has \(values.count)")
            }
            let bytes = QuantisedRows(columns: columns, values: values, scales: scales)
            projection = bytes.matrix
            projectionBytes = bytes
        }
    }
}

extension SeriesEncoder {
    private static func readRuns(
        _ reader: inout StateReader
    ) throws(CorruptState) -> [RunFeatures?] {
        let runs = try reader.readArray { reader throws(CorruptState) -> RunFeatures? in
            let groups = try reader.readArray { reader throws(CorruptState) in
                try KernelBank.Group(reading: &reader, channels: 1)
            }
            let biases = groups.isEmpty ? 0 : try Self.biases(of: groups)
            let read = try reader.readFloats(biases, "biases of runs")
            return groups.isEmpty
                ? nil : RunFeatures(bank: KernelBank(groups: groups, biases: read))
        }
        guard runs.count <= RunFeatures.channelsMax else {
            throw CorruptState("an encoder knows \(runs.count) things that a run takes")
        }
        return runs
    }

    private static func biases(of groups: [KernelBank.Group]) throws(CorruptState) -> Int {
        let biases = groups.reduce(0) { $0 + $1.each * ConvolutionKernels.count }
        guard biases > 0, biases <= biasesMax else {
            throw CorruptState("an encoder has \(biases) kernels and biases")
        }
        return biases
    }
}

extension KernelBank.Group {
    fileprivate func write(to writer: inout StateWriter) {
        writer.write(dilation)
        writer.write(each)
        writer.write(channels ?? []) { writer, channels in
            // Which ones, a bit each.
            writer.write(channels.reduce(UInt64(0)) { $0 | 1 << UInt64($1) })
        }
    }

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
