import Allocation
import Featurization
import Foundation
import Prediction
import Processing
import TestSupport
import Topics

@testable import RepresentationLearning

extension Target {
    /// Messages, through the stages that read them.
    static let stages: [Target] = [
        reading("featurizer", inputsUsually: 2_000) { FeaturizerStage(partition: $0) },
        reading("learner", inputsUsually: 400) { LearnerStage(partition: $0) },
        reading("predictor", inputsUsually: 400) { PredictorStage(partition: $0) },
        reading("allocator", inputsUsually: 500) { AllocatorStage(cell: $0) },
    ]

    /// What the stages kept, back into them.
    static let states: [Target] = [
        restoring("featurizer", inputsUsually: 400) { FeaturizerStage(partition: $0) },
        restoring("learner", inputsUsually: 400) { LearnerStage(partition: $0) },
        restoring("predictor", inputsUsually: 80) { PredictorStage(partition: $0) },
        restoring("allocator", inputsUsually: 500) { AllocatorStage(cell: $0) },
    ]

    /// The parameters of released models, each message with the digest that it has.
    static let models: [Target] = [
        Target(
            "parameters of an encoder", inputsUsually: 40,
            mutator: {
                // Of version 1: the layout's number is before it, and small numbers are doubled.
                var bytes = EncoderModel.prior.bytes
                bytes[1] = 2
                return Mutator(corpus: [bytes])
            },
            prepare: {
                let trial = try Trial("learner") { LearnerStage(partition: $0) }
                return { parameters in
                    let version = (try? EncoderModel(bytes: parameters))?.version ?? 1
                    return try trial.reads(
                        released(LearnerStage.modelName, version, parameters, place: 1))
                }
            }),
        Target(
            "parameters of a prior", inputsUsually: 400,
            mutator: { Mutator(corpus: priors) },
            prepare: {
                let trial = try Trial("predictor") { PredictorStage(partition: $0) }
                return { try trial.reads(released("predictor/prior/3", 1, $0, place: 3)) }
            }),
    ]

    private static var priors: [[UInt8]] {
        (RealMessages.small.byTopic[.models] ?? []).compactMap { bytes in
            guard let model = try? ModelReleased(decoding: bytes.span),
                model.name.hasPrefix("predictor/")
            else { return nil }
            return Array(model.parameters)
        }
    }

    /// - Parameter place: of the topic, among those that the stage reads.
    private static func released(
        _ name: String, _ version: Int, _ parameters: [UInt8], place: UInt8
    ) -> [UInt8] {
        [place]
            + ModelReleased(
                name: name, version: version, metrics: [:], fittedFromMs: 0,
                fittedToMs: RealMessages.small.endMs, seed: 0, parameters: parameters
            ).encoded()
    }

    private static func reading<Read: Stage & SendableMetatype>(
        _ name: String, inputsUsually: Int, _ make: @escaping @Sendable (Int32) -> Read
    ) -> Target {
        Target(
            "what the \(name) reads", inputsUsually: inputsUsually,
            mutator: {
                Mutator(corpus: Trial<Read>.corpus, dictionary: jsonTokens)
            },
            prepare: {
                let trial = try Trial(name, make)
                return { try trial.reads($0) }
            })
    }

    private static func restoring<Read: Stage & SendableMetatype>(
        _ name: String, inputsUsually: Int, _ make: @escaping @Sendable (Int32) -> Read
    ) -> Target {
        Target(
            "what the \(name) keeps", inputsUsually: inputsUsually,
            mutator: {
                Mutator(
                    corpus: (RealMessages.small.kept[name] ?? []).map { entry in
                        Array(entry.key.utf8) + [0] + (entry.value ?? [])
                    },
                    dictionary: ["cell", "partition", "function/", "day/", "demand/0/"])
            },
            prepare: {
                let trial = try Trial(name, make)
                return { try trial.restores($0) }
            })
    }
}

/// A stage that has seen what is real, and what it does beside what is not.
private struct Trial<Read: Stage & SendableMetatype> {
    let kept: [StateEntry]
    let make: @Sendable (Int32) -> Read
    let base: Read
    let nowMs: Int64

    init(_ name: String, _ make: @escaping @Sendable (Int32) -> Read) throws {
        kept = RealMessages.small.kept[name] ?? []
        self.make = make
        base = try Self.restored(make, kept)
        nowMs = RealMessages.small.endMs
    }

    static var topics: [Topic] { Read.inputs + Read.broadcasts }

    /// The topic's place, then the message.
    static var corpus: [[UInt8]] {
        topics.enumerated().flatMap { place, topic in
            (RealMessages.small.byTopic[topic] ?? []).map { [UInt8(place)] + $0 }
        }
    }

    private static func restored(
        _ make: (Int32) -> Read, _ entries: [StateEntry]
    ) throws(CorruptState) -> Read {
        var stage = make(RealMessages.partition)
        for entry in entries { try stage.restore(entry) }
        try stage.completeRestore()
        return stage
    }

    /// A message may be refused; one that is taken leaves a state that can be kept and put back.
    func reads(_ input: [UInt8]) throws -> Bool {
        guard let first = input.first else { return false }
        let topic = Self.topics[Int(first & 0x7F) % Self.topics.count]
        let message = Array(input.dropFirst())
        var stage = base
        do throws(Rejection) {
            if first & 0x80 != 0 {
                let key = String(decoding: message, as: UTF8.self)
                guard let ended = Read.decodeTombstone(key: key, of: topic) else { return false }
                try run(ended, in: &stage)
            } else {
                try run(Read.decode(message.span, of: topic, headers: .none), in: &stage)
            }
        } catch { return false }
        try goesOn(stage, from: kept)
        return true
    }

    /// One entry is other than it was kept, or gone: that is refused, or does no harm.
    func restores(_ input: [UInt8]) throws -> Bool {
        let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let key = String(decoding: parts[0], as: UTF8.self)
        let value = parts.count > 1 ? Array(parts[1]) : []
        var entries = kept.filter { $0.key != key }
        // What is kept has a value; an empty one stands for an entry that was lost.
        if !value.isEmpty { entries.append(StateEntry(key: key, value: value)) }
        let stage: Read
        do throws(CorruptState) { stage = try Self.restored(make, entries) } catch {
            try hold(error.description.utf8.count < 4_096, "a long refusal: \(error)")
            return false
        }
        try goesOn(stage, from: entries)
        return true
    }

    private func run(_ input: Read.Input, in stage: inout Read) throws(Rejection) {
        var effects = Effects<Read.Row>()
        try stage.process(input, nowMs: nowMs, &effects)
        for message in effects.messages { _ = message.encoded() }
    }

    /// Real messages are taken as ever, and what is then kept can be put back.
    private func goesOn(_ later: Read, from entries: [StateEntry]) throws {
        var stage = later
        for (place, topic) in Self.topics.enumerated() {
            guard let message = RealMessages.small.byTopic[topic]?.last else { continue }
            do throws(Rejection) {
                let input = try Read.decode(message.span, of: topic, headers: .none)
                try run(input, in: &stage)
            } catch {
                // Its time may be over by the changed one's.
                _ = place
            }
        }
        var effects = Effects<Read.Row>()
        stage.advance(nowMs: nowMs, quietMs: 3_600_000, &effects)
        for message in effects.messages { _ = message.encoded() }
        _ = stage.gauges
        var kept: [String: [UInt8]] = [:]
        for entry in entries { kept[entry.key] = entry.value }
        for entry in stage.takeChanges() { kept[entry.key] = entry.value }
        do throws(CorruptState) {
            _ = try Self.restored(
                make,
                kept.sorted { $0.key < $1.key }.map { StateEntry(key: $0.key, value: $0.value) })
        } catch {
            throw Broken("what was kept cannot be put back: \(error)")
        }
    }
}
