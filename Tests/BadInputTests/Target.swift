import TestSupport

/// Something that reads bytes which anybody may have written.
struct Target: Sendable {
    let name: String
    /// Inputs of a run that nobody asked more of: some two seconds of a debug build.
    let inputsUsually: Int
    /// How far the process may grow while it reads them.
    let growthMbMax: Int
    let mutator: @Sendable () -> Mutator
    /// Makes a reader, which may remember what it read before: `true` when it took the input.
    let prepare: @Sendable () throws -> ([UInt8]) throws -> Bool

    init(
        _ name: String, inputsUsually: Int, growthMbMax: Int = 64,
        mutator: @escaping @Sendable () -> Mutator,
        prepare: @escaping @Sendable () throws -> ([UInt8]) throws -> Bool
    ) {
        self.name = name
        self.inputsUsually = inputsUsually
        self.growthMbMax = growthMbMax
        self.mutator = mutator
        self.prepare = prepare
    }

    /// For readers that remember nothing.
    init(
        _ name: String, inputsUsually: Int, growthMbMax: Int = 64,
        mutator: @escaping @Sendable () -> Mutator,
        read: @escaping @Sendable ([UInt8]) throws -> Bool
    ) {
        self.init(
            name, inputsUsually: inputsUsually, growthMbMax: growthMbMax, mutator: mutator,
            prepare: { read })
    }

    static let all: [Target] =
        invocations + messages + stages + states + models + records + broker + tables
        + outcomeTables + web + bridge

    static func named(_ name: String) -> Target {
        guard let target = all.first(where: { $0.name == name }) else {
            preconditionFailure("there is no target \(name)")
        }
        return target
    }
}

/// A law that an input breaks.
struct Broken: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func hold(_ law: Bool, _ description: @autoclosure () -> String) throws(Broken) {
    guard law else { throw Broken(description()) }
}
