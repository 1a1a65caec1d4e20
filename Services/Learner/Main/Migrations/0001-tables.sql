-- What the learner knows of functions, and which models it released.

create table representations (
    customer text not null,
    service text not null,
    function text not null,
    model_version int not null,
    vector real[] not null,
    cluster int not null,
    predictability real not null,
    slots int not null,
    mean_milli_cpu double precision not null,
    day_profile real[] not null,
    nearest jsonb not null,
    opposite jsonb not null,
    as_of timestamptz not null,
    primary key (customer, service, function)
);
comment on table representations is 'One row a function: its newest representation.';
comment on column representations.day_profile is 'Demand of each hour of the day, UTC, over the mean.';
comment on column representations.as_of is 'Event time up to which the representation goes.';

-- By day of release. A day's partition is dropped 30 days later by keep_model_days; the release in
-- force is on topic models and in every partition's state.
create table models (
    name text not null,
    version int not null,
    digest text not null,
    metrics jsonb not null,
    seed bigint not null,
    fitted_from timestamptz not null,
    fitted_to timestamptz not null,
    parameters bytea not null,
    released_at timestamptz not null default now()
) partition by range (released_at);
comment on table models is 'Models that the learner released, kept for 30 days.';
comment on column models.seed is 'The 64 bits of the seed, read as signed.';
create index on models (name, version);

create function keep_model_days(retention_days int) returns void language plpgsql as $$
declare
    day date;
    old text;
begin
    for day in select current_date + i from generate_series(0, 1) i loop
        execute format(
            'create table if not exists %I partition of models for values from (%L) to (%L)',
            'models_' || to_char(day, 'YYYYMMDD'), day, day + 1);
    end loop;
    for old in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'models'::regclass
            and c.relname < 'models_' || to_char(current_date - retention_days, 'YYYYMMDD')
    loop
        execute format('drop table %I', old);
    end loop;
end
$$;
comment on function keep_model_days is 'Makes the partitions of today and tomorrow, drops old ones.';

create or replace view dashboard.representations as
select customer, service, function, cluster, model_version, vector, predictability, slots,
       mean_milli_cpu, day_profile, nearest, opposite, as_of
from representations;
comment on view dashboard.representations is 'What the learner knows of each function.';
comment on column dashboard.representations.customer is 'Who owns the service.';
comment on column dashboard.representations.service is 'The service that the function is part of.';
comment on column dashboard.representations.function is 'The function.';
comment on column dashboard.representations.cluster is 'The cluster of like functions that it is in.';
comment on column dashboard.representations.model_version is 'The encoder that made the vector; 0 is the one before any release.';
comment on column dashboard.representations.vector is 'The learned vector: 32 numbers of length one.';
comment on column dashboard.representations.predictability is 'How well yesterday tells today, 0 to 1: the share of variance explained.';
comment on column dashboard.representations.slots is 'Five-minute slots that it rests on, silent ones included.';
comment on column dashboard.representations.mean_milli_cpu is 'Mean CPU in use over those slots, in thousandths of a core.';
comment on column dashboard.representations.day_profile is 'Demand of each hour of the day, UTC, over the mean; 1 where it was not seen.';
comment on column dashboard.representations.nearest is 'The functions most alike, best first, each with its score.';
comment on column dashboard.representations.opposite is 'The functions in antiphase, best first, each with its score.';
comment on column dashboard.representations.as_of is 'Event time up to which it goes.';

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
select model_version, cluster, functions, milli_cpu, predictability, day_profile
from totals join profiles using (model_version, cluster);
comment on view dashboard.clusters is 'Groups of functions of like shape.';
comment on column dashboard.clusters.model_version is 'The encoder whose clusters these are.';
comment on column dashboard.clusters.cluster is 'The number of the cluster; it stays with its functions from release to release.';
comment on column dashboard.clusters.functions is 'How many functions are in it.';
comment on column dashboard.clusters.milli_cpu is 'The sum of their mean CPU in use, in thousandths of a core.';
comment on column dashboard.clusters.predictability is 'The mean of their predictability, 0 to 1.';
comment on column dashboard.clusters.day_profile is 'Demand of each hour of the day, UTC, over the mean, averaged over its functions.';

create or replace view dashboard.models as
select name, version, digest, metrics, seed, fitted_from, fitted_to,
       octet_length(parameters) as parameter_bytes, released_at
from models;
comment on view dashboard.models is 'Models that the learner released in the last 30 days.';
comment on column dashboard.models.name is 'What the model is for.';
comment on column dashboard.models.version is 'Rises with every release.';
comment on column dashboard.models.digest is 'Of its parameters, to tell a torn or swapped copy.';
comment on column dashboard.models.metrics is 'What it scored where it was judged.';
comment on column dashboard.models.seed is 'The seed it was fitted with: the same functions and seed give the same model.';
comment on column dashboard.models.fitted_from is 'Event time of the first slot it was fitted on.';
comment on column dashboard.models.fitted_to is 'Event time of the end of the last slot it was fitted on.';
comment on column dashboard.models.parameter_bytes is 'The size of its parameters, in bytes.';
comment on column dashboard.models.released_at is 'When it was released.';

grant select on dashboard.representations, dashboard.clusters, dashboard.models to dashboard;
