import Foundation
import TestSupport

@testable import Brokerage

extension Target {
    /// What the broker keeps and is sent: batches, compressed bodies, segments, journals.
    static let records: [Target] = [
        Target(
            "record batches", inputsUsually: 10_000, growthMbMax: 600,
            mutator: { Mutator(corpus: marked(Batches.all)) }, read: isBatch),
        Target(
            "compressed records", inputsUsually: 3_000, growthMbMax: 900,
            mutator: { Mutator(corpus: compressedBodies) }, read: isCompressed),
        Target(
            "segments", inputsUsually: 700, growthMbMax: 600,
            mutator: { Mutator(corpus: segments) }, prepare: { Segments().read }),
        Target(
            "journals", inputsUsually: 400,
            mutator: { Mutator(corpus: Journals.corpus) }, prepare: { Journals().read }),
    ]

    /// An odd first byte asks for checksums to be made right.
    private static func marked(_ corpus: [[UInt8]]) -> [[UInt8]] {
        corpus.flatMap { [[0] + $0, [1] + $0] }
    }

    private static var compressedBodies: [[UInt8]] {
        let plain = Array(String(repeating: "antiphase, antiphase! ", count: 40).utf8)
        return Codec.allCases.filter { $0 != .none }.flatMap { codec -> [[UInt8]] in
            [plain, [], Array(plain.prefix(7)), [UInt8](repeating: 0, count: 1 << 20)].map {
                [UInt8(codec.rawValue)] + ((try? codec.compress($0)) ?? [])
            }
        }
    }

    private static var segments: [[UInt8]] {
        let both = Batches.batch(.none) + placed(Batches.batch(.zstd), at: 3)
        return marked([
            both, both + placed(Batches.batch(.lz4, producer: 3, sequence: 0), at: 6),
            placed(Batches.batch(.none, producer: 4, sequence: 0, transactional: true), at: 0)
                + placed(
                    ControlBatch.marker(
                        ProducerIdentity(id: 4, epoch: 0), commit: false, nowMs: 1), at: 3),
        ])
    }

    static func placed(_ batch: [UInt8], at offset: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: offset >> (56 - 8 * Int64($0))) }
            + batch.dropFirst(8)
    }
}

/// A batch is checked as a producer's is, and what can be opened can be closed and opened again.
private func isBatch(_ input: [UInt8]) throws -> Bool {
    guard let mark = input.first else { return false }
    let rest = Array(input.dropFirst())
    var bytes = mark & 1 == 1 ? Batches.repaired(rest) : rest
    return try bytes.withUnsafeMutableBytes { buffer in
        let batch = UnsafeRawBufferPointer(buffer)
        let header: RecordBatchHeader
        do throws(ErrorCode) {
            header = try RecordBatch.check(batch, bytesMax: 1_048_588)
        } catch { return false }
        _ = ControlBatch.commits(batch, header)
        let records: [Record]
        do throws(Records.Malformed) { records = try Records.decode(batch, header) } catch {
            return false
        }
        try hold(records.count == Int(header.recordCount), "\(records.count) records")
        let again = try Records.encode(records, like: header)
        try again.withUnsafeBytes { again in
            let opened = try Records.decode(again, RecordBatchHeader(again.baseAddress!))
            try hold(opened == records, "opened again it has other records")
        }
        return true
    }
}

/// However little is given, no more comes of it than the limit says.
private func isCompressed(_ input: [UInt8]) throws -> Bool {
    guard let first = input.first, let codec = Codec(rawValue: Int16(first % 5)) else {
        return false
    }
    let body = Array(input.dropFirst())
    guard let plain = body.withUnsafeBytes({ try? codec.decompress($0) }) else { return false }
    try hold(plain.count <= Limits.decompressedBytes, "\(plain.count) bytes came of \(body.count)")
    guard plain.count < 1 << 16 else { return true }
    let again = try codec.compress(plain)
    let same = try again.withUnsafeBytes { try codec.decompress($0) } == plain
    try hold(same, "compressed again it is other bytes")
    return true
}

/// A segment's file as the broker finds it when it starts, and what it then does with the log.
private struct Segments {
    let folder = TemporaryFolder("segments")

    func read(_ input: [UInt8]) throws -> Bool {
        guard let mark = input.first else { return false }
        let bytes = mark & 1 == 1 ? repaired(Array(input.dropFirst())) : Array(input.dropFirst())
        try folder.empty()
        try folder.write(bytes, to: "00000000000000000000.log")
        var cut = 0
        var configuration = TopicConfiguration(
            defaults: BrokerConfiguration(dataFolder: folder.path))
        configuration.compacts = true
        let recovered = try LogRecovery(topic: "events", partition: 0, folder: folder.path) {
            if case .logCut(_, _, _, let bytes, _) = $0 { cut = bytes }
        }
        let kept = recovered.segments.reduce(0) { $0 + $1.size }
        try hold(kept + cut == bytes.count, "\(kept) bytes kept and \(cut) cut of \(bytes.count)")
        let flusher = Flusher(intervalMs: 1_000)
        defer { flusher.stop() }
        let log = try PartitionLog(
            topic: "events", partition: 0, folder: folder.path, configuration: configuration,
            flusher: flusher, tell: { _ in })
        let before = log.endOffset
        try hold(before >= 0 && before < .max / 2, "ends at \(before)")
        _ = log.read(
            from: log.startOffset, bytesMax: 1 << 20, atLeastOne: true, committedOnly: true)
        for timeMs in [0, 1_574_000_000_010, Int64.max] {
            _ = try log.firstRecord(asLateAs: timeMs)
        }
        var batch = Batches.batch(.none)
        let outcome = batch.withUnsafeMutableBytes {
            log.append($0, RecordBatchHeader(UnsafeRawPointer($0.baseAddress!)))
        }
        try hold(outcome.error == .none && outcome.baseOffset == before, "\(outcome)")
        try log.roll(nowMs: 1_574_000_000_000)
        log.flush()
        log.compact(nowMs: 1_574_000_000_000 + 7 * 86_400_000)
        try hold(log.endOffset == before + 3, "ends at \(log.endOffset)")
        // What is there now is found whole at the next start.
        var again = 0
        let reopened = try LogRecovery(topic: "events", partition: 0, folder: folder.path) {
            if case .logCut = $0 { again += 1 }
        }
        try hold(again == 0, "its own log is cut at the next start")
        try hold(
            reopened.segments.last?.nextOffset == before + 3,
            "the next start ends at \(reopened.segments.last?.nextOffset ?? -1)")
        return cut == 0
    }

    /// As far as lengths lead, each batch with its checksum.
    private func repaired(_ bytes: [UInt8]) -> [UInt8] {
        var rest = bytes[...]
        var repaired: [UInt8] = []
        while rest.count >= RecordBatchHeader.size {
            let length = rest.dropFirst(8).prefix(4).reduce(0) { $0 << 8 | Int($1) }
            let size = length + RecordBatchHeader.lengthOverhead
            guard size >= RecordBatchHeader.size, size <= rest.count else { break }
            repaired += Batches.repaired(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return repaired + rest
    }
}

/// The broker's own files of topics, offsets and producers, and a summary of a segment.
private struct Journals {
    static let files = [
        "topics.journal", "offsets.journal", "producers.journal", "00000000000000000000.index",
    ]
    /// Which file it is, whether its checksums are right, and its bytes.
    static let corpus: [[UInt8]] = {
        do { return try Journals().written() } catch { preconditionFailure("\(error)") }
    }()

    let folder = TemporaryFolder("journals")

    private func written() throws -> [[UInt8]] {
        let handling = try Handling(folder: folder.path)
        for frame in Frames.all { _ = handling.answer(frame) }
        for name in Self.files.dropLast() {
            try hold(folder.read(name).count > 0, "\(name) is empty")
        }
        guard let log = handling.topics.topic(Frames.topic)?.partitions.first else {
            throw Broken("there is no topic")
        }
        try log.roll(nowMs: 1_574_000_000_000)
        log.flush()
        return try Self.files.enumerated().flatMap { place, name -> [[UInt8]] in
            let path = place == 3 ? "\(Frames.topic)-0/\(name)" : name
            let bytes = try folder.read(path)
            return [[UInt8(place), 0] + bytes, [UInt8(place), 1] + bytes]
        }
    }

    func read(_ input: [UInt8]) throws -> Bool {
        guard input.count >= 2 else { return false }
        let place = Int(input[0]) % Self.files.count
        let rest = Array(input.dropFirst(2))
        let bytes = input[1] & 1 == 0 ? rest : place == 3 ? summed(rest) : repaired(rest)
        try folder.empty()
        if place == 3 {
            try folder.write(Batches.batch(.none), to: "00000000000000000000.log")
            try folder.write(bytes, to: Self.files[place])
            let log = try PartitionLog(
                topic: "events", partition: 0, folder: folder.path,
                configuration: TopicConfiguration(
                    defaults: BrokerConfiguration(dataFolder: folder.path)),
                flusher: Flusher(intervalMs: 1_000), tell: { _ in })
            for offset in [log.startOffset, 1, log.endOffset] {
                _ = log.read(from: offset, bytesMax: 100, atLeastOne: true, committedOnly: true)
            }
            _ = try log.firstRecord(asLateAs: 1_574_000_000_010)
            return true
        }
        try folder.write(bytes, to: Self.files[place])
        let journal = try Journal("\(folder.path)/\(Self.files[place])")
        try hold(journal.cutBytes <= bytes.count, "\(journal.cutBytes) cut of \(bytes.count)")
        let handling = try Handling(folder: folder.path)
        for frame in Frames.all { _ = handling.answer(frame) }
        return !journal.entries.isEmpty
    }

    /// Each entry, as far as lengths lead, with its checksum.
    private func repaired(_ bytes: [UInt8]) -> [UInt8] {
        var repaired = bytes
        var start = 0
        while start + 8 <= bytes.count {
            let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - start - 8 else { break }
            let sum = CRC32C.checksum(Array(bytes[start + 8..<start + 8 + length]))
            for i in 0..<4 {
                repaired[start + 4 + i] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * i))
            }
            start += 8 + length
        }
        return repaired
    }

    private func summed(_ bytes: [UInt8]) -> [UInt8] {
        let body = Array(bytes.dropLast(4))
        let sum = CRC32C.checksum(body)
        return body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * $0)) }
    }
}

/// A folder that is gone with its owner, and with the process at the latest.
final class TemporaryFolder: Sendable {
    let path: String

    init(_ name: String) { path = folderUntilExit(name) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func empty() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
    }
}
