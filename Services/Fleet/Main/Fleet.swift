@main struct Fleet {
    static func main() {}
}
