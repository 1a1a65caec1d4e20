/// What every page has around what it says.
struct Layout {
    var title: String
    /// Which entry of the navigation it stands under.
    var place: Place?
    /// What the search field holds.
    var search = ""
    var nowMs: Int64

    enum Place { case fleet, workers }

    func page(@NodeBuilder _ content: () -> Node) -> Node {
        Tag.html(.language("en")) {
            Tag.head {
                Tag.meta(.charset("utf-8"))
                Tag.title { title == "Fleet" ? "Antiphase" : "\(title) – Antiphase" }
                Tag.meta(.meta("viewport"), .content("width=device-width, initial-scale=1"))
                Tag.meta(.meta("color-scheme"), .content("light dark"))
                Tag.link(.relation("stylesheet"), .href(.stylesheet))
                Tag.link(.relation("icon"), .href(.icon), .type("image/svg+xml"))
                Tag.script(.source(.script), .defer)
            }
            Tag.body {
                Tag.a(.class("skip"), .href(.here("content"))) { "Skip to the content" }
                top
                Tag.main(.id("content")) { content() }
                Tag.footer {
                    Tag.p {
                        "Times are UTC. Written at "
                        Tag.time(.datetime(Times.machine(nowMs))) { Times.second(nowMs) }
                        "."
                    }
                }
            }
        }
    }

    private var top: Node {
        Tag.header(.class("top")) {
            Tag.a(.class("brand"), .href(.fleet)) {
                Self.mark
                "Antiphase"
            }
            Tag.nav(.label("Pages")) {
                Tag.a(.href(.fleet), place == .fleet ? .currentPage : nil) { "Fleet" }
                Tag.a(.href(.workers), place == .workers ? .currentPage : nil) { "Workers" }
            }
            Tag.form(.role("search"), .action(.search)) {
                Tag.label(.class("unseen"), .forInput("q")) {
                    "Search customer, service or function"
                }
                Tag.input(
                    .id("q"), .type("search"), .name("q"), .value(search),
                    .placeholder("Customer, service or function"),
                    .maximumLength(Limits.searchCharacters))
                Tag.button(.type("submit")) { "Search" }
            }
        }
    }

    /// Two waves in antiphase.
    private static let mark = Tag.svg(
        .class("mark"), .svg("viewBox", "0 0 32 20"), .svg("width", "32"), .svg("height", "20"),
        .hidden
    ) {
        Tag.path(.class("curve self"), .svg("d", "M2 10C6 0 12 0 16 10S26 20 30 10"))
        Tag.path(.class("curve opposite"), .svg("d", "M2 10C6 20 12 20 16 10S26 0 30 10"))
    }
}

/// A card with a heading.
func card(
    _ title: String, id: String, class more: String = "", refreshes: Bool = false,
    @NodeBuilder _ content: () -> Node
) -> Node {
    Tag.section(
        .class("card \(more)"), .id(id), .labelledBy("\(id)-heading"),
        refreshes ? .data("refresh", id) : nil
    ) {
        Tag.h2(.id("\(id)-heading")) { title }
        content()
    }
}

/// A table that scrolls by itself where it is wider than the page.
func table(
    _ name: String, _ heads: [Head], body: Attribute? = nil, @NodeBuilder _ rows: () -> Node
) -> Node {
    Tag.div(.class("scroll"), .role("region"), .label(name), .focusable) {
        Tag.table {
            Tag.caption(.class("unseen")) { name }
            Tag.thead {
                Tag.tr {
                    for head in heads {
                        Tag.th(.scope("col"), head.isNumber ? .class("number") : nil) { head.text }
                    }
                }
            }
            Tag.tbody(body) { rows() }
        }
    }
}

struct Head: ExpressibleByStringLiteral {
    var text: String
    var isNumber = false

    init(stringLiteral text: String) { self.text = text }
    static func number(_ text: String) -> Head {
        var head = Head(stringLiteral: text)
        head.isNumber = true
        return head
    }
}

/// A name with its value, in a list of such.
func fact(_ name: String, @NodeBuilder _ value: () -> Node) -> Node {
    Tag.div {
        Tag.dt { name }
        Tag.dd { value() }
    }
}

func link(_ function: FunctionName) -> Node {
    Tag.a(.class("name"), .href(.function(function)), .title(function.text)) {
        Tag.span(.class("quiet")) {
            Names.brief(function.customer) + "/" + Names.brief(function.service) + "/"
        }
        Names.brief(function.function)
    }
}

/// A share as a bar; the number stands beside it.
func bar(_ share: Double, style: String) -> Node {
    Tag.svg(.class("bar"), .svg("width", "100%"), .svg("height", "10"), .hidden) {
        Tag.rect(.class("bar-room"), .svg("width", "100%"), .svg("height", "10"), .svg("rx", "2"))
        Tag.rect(
            .class("bar-fill \(style)"),
            .svg("width", coordinate(min(1, max(0, share)) * 100) + "%"), .svg("height", "10"),
            .svg("rx", "2"))
    }
}
