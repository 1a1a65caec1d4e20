@main struct Broker {
    static func main() {}
}
