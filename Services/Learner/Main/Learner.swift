@main struct Learner {
    static func main() {}
}
