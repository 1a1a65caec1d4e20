-- What a released encoder says of its clusters, and which group of functions a size serves worst.

create table clusters (
    model_version int not null,
    cluster int not null,
    functions int not null,
    day_profile real[] not null,
    spread_mean real not null,
    spread_p90 real not null,
    success_prior real,
    success_functions int not null,
    released_at timestamptz not null default now(),
    primary key (model_version, cluster)
);
comment on table clusters is 'One row a cluster of a released encoder, kept for 30 days.';

-- Columns can only be appended: those before fitted_functions are what functions are now.
create or replace view dashboard.clusters as
with hours as (
    select r.model_version, r.cluster, u.hour, avg(u.share) as share
    from representations r, unnest(r.day_profile) with ordinality as u(share, hour)
    group by r.model_version, r.cluster, u.hour
), profiles as (
    select model_version, cluster, array_agg(share::real order by hour) as day_profile
    from hours group by model_version, cluster
), totals as (
    select model_version, cluster, count(*) as functions, sum(mean_milli_cpu) as milli_cpu,
           avg(predictability)::real as predictability
    from representations group by model_version, cluster
)
select model_version, cluster, totals.functions, milli_cpu, predictability, profiles.day_profile,
       fitted.functions as fitted_functions, fitted.day_profile as fitted_profile, spread_mean,
       spread_p90, success_prior, success_functions
from totals join profiles using (model_version, cluster)
    left join clusters fitted using (model_version, cluster);
comment on column dashboard.clusters.fitted_functions is 'How many functions of the fit were in it; nothing where the encoder was never released.';
comment on column dashboard.clusters.fitted_profile is 'Demand of each hour of the day, UTC, over the mean, averaged over those functions.';
comment on column dashboard.clusters.spread_mean is 'How far those lay from its centroid, on average: 1 less the cosine, 0 to 2.';
comment on column dashboard.clusters.spread_p90 is 'Nine of ten of those lay no further.';
comment on column dashboard.clusters.success_prior is 'Of an invocation of such a function, how likely it is to succeed, 0 to 1: the mean of its functions, shrunk to the fleet''s.';
comment on column dashboard.clusters.success_functions is 'How many functions of the cluster that rests on.';

alter table model_candidates add column worst_group_kind text;
alter table model_candidates add column worst_group text;

create or replace view dashboard.model_candidates as
select version, fitted_to, kernels, precision, encode_microseconds, bytes, recall_at_1, worst_gap,
       mean_gap, on_front, chosen, worst_group_kind, worst_group
from model_candidates;
comment on column dashboard.model_candidates.worst_gap is 'How much worse that is for the customer or trigger served worst than for all.';
comment on column dashboard.model_candidates.mean_gap is 'How far customers and triggers lie from all, on average.';
comment on column dashboard.model_candidates.worst_group_kind is 'What is served worst, a customer or a trigger; nothing where none is served worse than all.';
comment on column dashboard.model_candidates.worst_group is 'Which one.';
