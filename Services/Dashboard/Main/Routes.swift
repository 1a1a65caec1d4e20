internal import HTTP
internal import Pages
internal import Runtime
internal import Telemetry

/// From a request to its answer: pages, assets, the stream, and what operators' tools ask for.
struct Routes: Sendable {
    private let site: Site
    private let health: Health
    private let metrics: Metrics
    private let eventMs: Int
    private let assets: [String: Response]
    private let answered: Counter

    init(site: Site, health: Health, metrics: Metrics, eventMs: Int) {
        self.site = site
        self.health = health
        self.metrics = metrics
        self.eventMs = eventMs
        answered = metrics.counter(
            "dashboard_answers_total", "Requests answered, by status.", labels: ["status"])
        assets = Dictionary(
            uniqueKeysWithValues: Asset.all.map {
                ($0.name, Response.asset($0.bytes, contentType: $0.contentType))
            })
    }

    func answer(_ request: Request) -> Response {
        let response = response(to: request)
        answered.add(1, "\(response.status)")
        return response
    }

    private func response(to request: Request) -> Response {
        switch request.path {
        case "/health":
            let snapshot = health.snapshot
            return .json(snapshot.json, status: snapshot.live ? 200 : 503)
        case "/ready":
            let snapshot = health.snapshot
            return .json(snapshot.json, status: snapshot.ready ? 200 : 503)
        case "/metrics":
            return Response(contentType: Metrics.contentType, body: metrics.render())
        case "/events":
            let (site, eventMs) = (site, eventMs)
            return .events { stream in
                while stream.send(data: site.events), stream.wait(milliseconds: eventMs) {}
            }
        default: break
        }
        if request.segments.count == 2, request.segments[0] == "assets",
            let asset = assets[request.segments[1]]
        {
            return asset
        }
        let page = site.answer(
            request.segments, query: request.queryItems.map { ($0.name, $0.value) })
        var response = Response(
            status: page.status, contentType: page.contentType, body: page.body)
        if let name = page.fileName {
            response.headers.append(("Content-Disposition", "attachment; filename=\"\(name)\""))
        }
        return response
    }
}
