@main struct Featurizer {
    static func main() {}
}
