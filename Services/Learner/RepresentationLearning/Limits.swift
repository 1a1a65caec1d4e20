/// What a partition of the learner may hold and spend.
public enum Limits {
    /// Beyond this a newcomer has no representation until a function that fell silent is forgotten.
    public static let functionsPerPartition = 4_096
    /// `nearest` and `opposite` name so many at most.
    public static let neighbours = 5
    /// A function's first hours are looked at every 15 minutes of event time...
    public static let youngSlots: Int64 = 72
    static let youngCadenceSlots: Int64 = 3
    /// ...later ones every hour, and a day's end looks at every function.
    static let cadenceSlots: Int64 = 12
    /// Wall-clock silence after which what is pending is published early.
    public static let quietMs: Int64 = 30_000
    /// Functions that a model is fitted on, unless told otherwise...
    public static let trainingSamples = 2_000
    /// ...and at most: they take some 50 kB each while it is.
    public static let trainingSamplesMax = 10_000
    public static let clusters = 2...64
    /// Of a model's bytes: base64 in a message of at most 1 MB.
    public static let modelBytes = 700_000
}
