@main struct Allocator {
    static func main() {}
}
