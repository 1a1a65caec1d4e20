/// What this module bounds, and by how much.
enum Limits {
    /// Statements kept prepared in one session; further ones are parsed each time.
    static let preparedStatementsMax = 256
    /// Bytes of all parameters of one statement; PostgreSQL takes 1 GiB.
    static let parameterBytesMax = 256 << 20
    /// Parameters of one statement: PostgreSQL counts them in 16 bits.
    static let parametersMax = 65_535
    /// Bytes of rows gathered before they are sent to a COPY.
    static let copyBufferBytes = 64 << 10
    /// Migrations of one set.
    static let migrationsMax = 9_999
}
