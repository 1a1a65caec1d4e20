@main struct Predictor {
    static func main() {}
}
