@main struct Bridge { static func main() {} }
