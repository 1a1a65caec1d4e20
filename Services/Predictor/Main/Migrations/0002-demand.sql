-- Demand of the coming week by hour and of the coming four weeks by day, the chance to become
-- popular, and when each kind of service is busy.

alter table predictions
    add column invocations_by_day jsonb,
    add column week_of_year jsonb,
    add column popular_chance float8;

create table kind_demand (
    partition int not null,
    kind text not null,
    name text not null,
    season text not null,
    position int not null,
    invocations_per_hour float8 not null,
    services bigint not null,
    as_of timestamptz not null,
    primary key (partition, kind, name, season, position)
);
comment on table kind_demand is 'How busy the services of a trigger or cluster are together at each hour of the day, day of the week and week of the year: a row a partition, for 400 days of event time.';

create or replace view dashboard.predictions as
select customer, service, tier, trigger, memory_mb, deadline_ms, success_rate, success_low,
    success_high, success_samples, success_level, success_baseline, invocations_per_day,
    invocations_per_day_low, invocations_per_day_high, demand_samples, forecast_from,
    invocations_per_hour, milli_cpu, hour_of_day, day_of_week, canary_gain, canary_why, as_of,
    invocations_by_day, week_of_year, popular_chance
from predictions;
comment on column dashboard.predictions.invocations_per_hour is 'Invocations of the coming 168 hours: {"expected", "low", "high"}, a number an hour each, with the ends of 90 % intervals.';
comment on column dashboard.predictions.invocations_by_day is 'Invocations of the coming 28 days, of 24 hours each from forecast_from on, in the same form; null until it was foretold again.';
comment on column dashboard.predictions.week_of_year is 'How busy services of its trigger are in each week of the year beside the weeks before it: 53 numbers; null before a week was seen.';
comment on column dashboard.predictions.popular_chance is 'The chance to be among the busiest tenth of its trigger''s services in 28 days; null for services that are as old.';

create view dashboard.popular_kinds as
select kind, name, season, position, sum(invocations_per_hour) as invocations_per_hour,
    sum(services)::bigint as services,
    rank() over (
        partition by kind, season, position order by sum(invocations_per_hour) desc
    ) as rank,
    max(as_of) as as_of
from kind_demand group by kind, name, season, position;
comment on view dashboard.popular_kinds is 'Which kinds of service are busiest, by hour of the day, day of the week and week of the year.';
comment on column dashboard.popular_kinds.kind is 'trigger, or cluster of functions.';
comment on column dashboard.popular_kinds.name is 'The trigger, empty where nobody said; the cluster as model version/number.';
comment on column dashboard.popular_kinds.season is 'hour_of_day, day_of_week or week_of_year.';
comment on column dashboard.popular_kinds.position is 'The hour, UTC, from 0; the day from Monday = 0; the week from 0.';
comment on column dashboard.popular_kinds.invocations_per_hour is 'Invocations an hour of all its services together, at that hour, day or week.';
comment on column dashboard.popular_kinds.services is 'How many services that is.';
comment on column dashboard.popular_kinds.rank is '1 is the busiest kind there and then.';
comment on column dashboard.popular_kinds.as_of is 'Event time up to which is known.';

grant select on dashboard.popular_kinds to dashboard;
