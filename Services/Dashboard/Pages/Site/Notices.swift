/// Pages that say why there is no other.
extension Page {
    static func notFound(_ segments: [String], nowMs: Int64) -> Page {
        notice(404, "There is nothing here", nowMs: nowMs) {
            Tag.p {
                "No page is at "
                Tag.code { "/" + segments.joined(separator: "/") }
                "."
            }
        }
    }

    static func unknown(function: FunctionName, nowMs: Int64) -> Page {
        notice(404, "No such function", nowMs: nowMs) {
            Tag.p {
                "Nothing is known of "
                Tag.code { function.text }
                ": it has not been invoked, or its name is another."
            }
        }
    }

    static func unknown(worker: String, nowMs: Int64) -> Page {
        notice(404, "No such worker", nowMs: nowMs) {
            Tag.p {
                "No worker that is ready or draining is called "
                Tag.code { worker }
                "."
            }
        }
    }

    /// PostgreSQL did not answer, or not what it should.
    static func away(_ live: Live, error: String?, nowMs: Int64) -> Page {
        guard let away = live.away else {
            guard let error else {
                return notice(503, "One moment", nowMs: nowMs) {
                    Tag.p { "The dashboard has just started and has read nothing yet." }
                }
            }
            return notice(503, "PostgreSQL could not be read", nowMs: nowMs) {
                Tag.p {
                    "It said: "
                    Tag.code { error }
                }
            }
        }
        return notice(
            503, away.sentence, nowMs: nowMs
        ) {
            Tag.p {
                "That is \(Times.ago(away.sinceMs, nowMs: nowMs)). The dashboard tries again every "
                    + "few seconds; stages wait for it and lose nothing."
            }
            Tag.p { Tag.code { away.reason } }
        }
    }

    /// A page for what the server refuses before anything is read.
    public static func refused(status: Int, nowMs: Int64) -> Page {
        notice(status, "This cannot be answered", nowMs: nowMs) {
            Tag.p { "The dashboard only shows pages." }
        }
    }

    private static func notice(
        _ status: Int, _ title: String, nowMs: Int64, @NodeBuilder _ content: () -> Node
    ) -> Page {
        let text = content()
        return .html(
            Layout(title: title, nowMs: nowMs).page {
                Tag.div(.class("title")) { Tag.h1 { title } }
                Tag.section(.class("card notice"), .label(title)) {
                    text
                    Tag.p { Tag.a(.href(.fleet)) { "The fleet now" } }
                }
            }, status: status)
    }
}
