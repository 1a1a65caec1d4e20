/// What a page shows at most, and how long reading may take.
enum Limits {
    /// Reasons of rejection of one stage.
    static let rejectionReasons = 20
    /// Functions of the list on the fleet's page, or found by a search.
    static let functionsListed = 50
    static let workersListed = 500
    static let neighboursListed = 8
    /// Members of a worker with a colour of their own; the others are one area.
    static let membersDrawn = 10
    static let membersListed = 200
    static let searchCharacters = 200
    static let pageStatementMs = 5_000
    /// How long, and in how many pieces, the fleet's load is read between two readings of the rest.
    static let loadMs: Int64 = 500
    static let loadPieces = 20
    /// The fleet's load is summed over every function.
    static let refreshStatementMs = 30_000
}
