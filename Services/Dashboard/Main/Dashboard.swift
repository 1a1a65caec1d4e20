@main struct Dashboard {
    static func main() {}
}
