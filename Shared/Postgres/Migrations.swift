/// One numbered step of a schema; once applied anywhere it is never edited.
public struct Migration: Equatable, Sendable {
    public let number: Int
    public let name: String
    public let sql: String

    public init(_ number: Int, _ name: String, _ sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// From a file, for example `0001-checkpoints.sql`: number, hyphen, name.
    public init(file: String, _ contents: [UInt8]) {
        let stem = file.hasSuffix(".sql") ? String(file.dropLast(4)) : file
        let parts = stem.split(separator: "-", maxSplits: 1)
        guard parts.count == 2, let number = Int(parts[0]) else {
            preconditionFailure("migration file \"\(file)\", expected 0001-name.sql")
        }
        self.init(number, String(parts[1]), String(decoding: contents, as: UTF8.self))
    }
}

/// Why a set of migrations and a database do not go together.
public enum MigrationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The text of a migration is not the one that was applied.
    case changed(set: String, number: Int, name: String)
    /// The database has one that this program does not know: the program is too old.
    case newer(set: String, number: Int, name: String)
    /// A migration is missing among those that were applied.
    case gap(set: String, number: Int)

    public var description: String {
        switch self {
        case .changed(let set, let number, let name):
            "migration \(number) \"\(name)\" of \"\(set)\" was changed after it was applied"
        case .newer(let set, let number, let name):
            "the database has migration \(number) \"\(name)\" of \"\(set)\", unknown here"
        case .gap(let set, let number):
            "migration \(number) of \"\(set)\" was left out when later ones were applied"
        }
    }
}

/// The steps by which a set of tables in one schema came to be.
///
/// Several sets can share a schema: a stage's own tables and those of the runtime.
public struct Migrations: Sendable {
    public let schema: String
    public let set: String
    public let steps: [Migration]

    /// - Precondition: `steps` are numbered 1, 2, 3 and so on.
    public init(schema: String, set: String, _ steps: [Migration]) {
        precondition(steps.count <= Limits.migrationsMax, "\(steps.count) migrations")
        for (index, step) in steps.enumerated() {
            precondition(
                step.number == index + 1, "migration \(step.number), expected \(index + 1)")
        }
        self.schema = schema
        self.set = set
        self.steps = steps
    }

    /// Applies what is missing, all of it or nothing, and returns the numbers applied.
    ///
    /// Processes that start at once wait for each other. The schema is made when it is missing,
    /// and is where names without a schema are looked up and created.
    /// - Throws: `MigrationError`, or `PostgresError`.
    @discardableResult
    public func apply(to session: inout Session) throws -> [Int] {
        try session.transaction { session in
            try session.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                .text("antiphase.migrations.\(schema)"))
            try makeTable(&session)
            let applied = try session.execute(
                """
                SELECT number, name, digest FROM \(table) WHERE "set" = $1 ORDER BY number
                """, .text(set))
            try check(applied, &session)
            let missing = steps.dropFirst(applied.count)
            try session.run(script: "SET LOCAL search_path = \(quoted(schema))")
            for step in missing {
                try session.run(script: step.sql)
                try session.execute(
                    """
                    INSERT INTO \(table) ("set", number, name, digest)
                    VALUES ($1, $2, $3, encode(sha256($4), 'hex'))
                    """,
                    .text(set), .int(step.number), .text(step.name), .bytes(Array(step.sql.utf8)))
            }
            return missing.map(\.number)
        }
    }

    private var table: String { "\(quoted(schema)).migrations" }

    /// Looks before it creates, for a role that may only use its schema.
    private func makeTable(_ session: inout Session) throws {
        let schemas = try session.execute(
            "SELECT 1 FROM pg_namespace WHERE nspname = $1", .text(schema))
        if schemas.isEmpty { try session.run(script: "CREATE SCHEMA \(quoted(schema))") }
        let tables = try session.execute("SELECT to_regclass($1) IS NOT NULL", .text(table))
        if tables[0][0] { return }
        try session.run(
            script: """
                CREATE TABLE \(table) (
                    "set" text NOT NULL,
                    number int NOT NULL,
                    name text NOT NULL,
                    digest text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now(),
                    PRIMARY KEY ("set", number))
                """)
    }

    private func check(_ applied: Rows, _ session: inout Session) throws {
        for (index, row) in applied.enumerated() {
            let number: Int = row["number"]
            guard number == index + 1 else {
                throw MigrationError.gap(set: set, number: index + 1)
            }
            guard index < steps.count else {
                throw MigrationError.newer(set: set, number: number, name: row["name"])
            }
            let digest = try session.execute(
                "SELECT encode(sha256($1), 'hex')", .bytes(Array(steps[index].sql.utf8)))
            guard row["digest"] == digest[0][0] as String else {
                throw MigrationError.changed(set: set, number: number, name: row["name"])
            }
        }
    }
}
