/// An element's name; called, it makes the element: `Tag.p(.class("note")) { "text" }`.
struct Tag: Sendable, Equatable {
    let name: String
    let isVoid: Bool

    private init(_ name: String, isVoid: Bool = false) {
        self.name = name
        self.isVoid = isVoid
    }

    func callAsFunction(
        _ attributes: Attribute?..., @NodeBuilder content: () -> Node = { .none }
    ) -> Node {
        .element(self, attributes.compactMap { $0 }, [content()])
    }

    // The page.
    static let html = Tag("html")
    static let head = Tag("head")
    static let title = Tag("title")
    static let meta = Tag("meta", isVoid: true)
    static let link = Tag("link", isVoid: true)
    /// Only by address: text inside it would not be text.
    static let script = Tag("script")
    static let body = Tag("body")

    // Its parts.
    static let header = Tag("header")
    static let nav = Tag("nav")
    static let main = Tag("main")
    static let section = Tag("section")
    static let footer = Tag("footer")
    static let div = Tag("div")
    static let h1 = Tag("h1")
    static let h2 = Tag("h2")
    static let h3 = Tag("h3")

    // Text.
    static let p = Tag("p")
    static let span = Tag("span")
    static let strong = Tag("strong")
    static let code = Tag("code")
    static let a = Tag("a")
    static let time = Tag("time")
    static let ul = Tag("ul")
    static let ol = Tag("ol")
    static let li = Tag("li")
    static let dl = Tag("dl")
    static let dt = Tag("dt")
    static let dd = Tag("dd")
    static let br = Tag("br", isVoid: true)

    // Tables.
    static let table = Tag("table")
    static let caption = Tag("caption")
    static let thead = Tag("thead")
    static let tbody = Tag("tbody")
    static let tr = Tag("tr")
    static let th = Tag("th")
    static let td = Tag("td")

    // A search.
    static let form = Tag("form")
    static let label = Tag("label")
    static let input = Tag("input", isVoid: true)
    static let button = Tag("button")

    // Pictures.
    static let figure = Tag("figure")
    static let figcaption = Tag("figcaption")
    static let svg = Tag("svg")
    static let desc = Tag("desc")
    static let g = Tag("g")
    static let path = Tag("path")
    static let line = Tag("line")
    static let rect = Tag("rect")
    static let svgText = Tag("text")
}
