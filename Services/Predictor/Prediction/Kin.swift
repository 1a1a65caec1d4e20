internal import Foundation
internal import Topics

/// What is said of services before their outcomes: by services like them, and how such claims came out.
extension PredictorStage {
    /// A nearest service counts by `exp((score - 1) / kinWidth)` of a vote.
    private static let kinWidth = 0.1
    /// A cluster's services count as this many votes at most.
    private static let clusterVotesMax = 2.0

    /// Takes up what services like each say, and judges what was said of all by their outcomes.
    ///
    /// - Parameters:
    ///   - contribution: of this partition; how claims came out is added to it.
    ///   - parts: by service, of those that contribute.
    mutating func judgeClaims(
        _ contribution: inout PriorContribution, _ parts: [ServiceID: PriorContribution.Part]
    ) {
        let votes = parts.mapValues { contribution.success.vote(of: $0.success) }
        var all = others.mapValues(\.contribution)
        all[partition] = contribution
        let contributions = all.sorted { $0.key < $1.key }.map(\.value)
        var clusters: [Cluster: Votes] = [:]
        for part in contributions.flatMap(\.clusters) {
            clusters[part.cluster] = (clusters[part.cluster] ?? Votes()) + part.votes
        }
        let hierarchy = SuccessHierarchy(contributions.map(\.success))
        var records: [SuccessHierarchy.Group: ClaimRecord] = [:]
        for id in services.keys.sorted() {
            guard var service = services[id] else { continue }
            service.kin = kin(of: id, service, votes, clusters)
            service.claimed = ClaimRecord()
            if service.claims != Claims(), let part = parts[id], part.outcomesEver > 0 {
                service.claimed = ClaimRecord(
                    of: service.claims,
                    prior: hierarchy.prior(part.group, without: votes[id] ?? Votes()).distribution,
                    successes: part.successesEver, outcomes: part.outcomesEver)
                records[part.group] = (records[part.group] ?? ClaimRecord()) + service.claimed
            }
            guard service != services[id] else { continue }
            services[id] = service
            changed.insert(Self.key(of: id))
        }
        for i in contribution.success.customers.indices {
            let group = contribution.success.customers[i].group
            contribution.success.customers[i].claims = records[group] ?? ClaimRecord()
        }
    }

    private func kin(
        of id: ServiceID, _ service: ServiceState, _ votes: [ServiceID: Votes],
        _ clusters: [Cluster: Votes]
    ) -> Votes {
        guard !service.clusters.isEmpty else { return Votes() }
        var scores: [ServiceID: Float] = [:]
        for near in service.clusters.values.flatMap(\.nearest) where near.service != id {
            scores[near.service] = max(scores[near.service] ?? -1, near.score)
        }
        var kin = Votes()
        for (other, score) in scores.sorted(by: { $0.key < $1.key }) {
            guard let vote = votes[other] else { continue }
            kin = kin + vote.scaled(by: exp((Double(score) - 1) / Self.kinWidth))
        }
        if let cluster = service.cluster, let all = clusters[cluster] {
            let rest = all - (votes[id] ?? Votes())
            let most = min(1, Self.clusterVotesMax / max(rest.weight, 1e-9))
            kin = kin + rest.scaled(by: most)
        }
        return kin
    }
}
