-- How well rates are calibrated, how far outcomes drift, and which outcomes to get next.

alter table scores add column calibration jsonb not null default '{"outcomes": [], "expected": [], "successes": []}';
alter table scores add column intervals_held float8 not null default 0;
alter table scores add column intervals float8 not null default 0;
alter table scores add column hardness float8 not null default 0;

create or replace view dashboard.prediction_scores as
select day, sum(outcomes)::bigint as outcomes,
    sum(successes)::float8 / nullif(sum(outcomes), 0)::float8 as success_rate,
    sum(log_loss) / nullif(sum(outcomes), 0)::float8 as log_loss,
    sum(baseline_log_loss) / nullif(sum(outcomes), 0)::float8 as baseline_log_loss,
    sum(new_outcomes)::bigint as new_outcomes,
    sum(new_log_loss) / nullif(sum(new_outcomes), 0)::float8 as new_log_loss,
    sum(new_baseline_log_loss) / nullif(sum(new_outcomes), 0)::float8 as new_baseline_log_loss,
    sum(intervals_held) / nullif(sum(intervals), 0) as interval_coverage,
    sum(hardness) / nullif(sum(outcomes), 0)::float8 as hardness
from scores group by day;
comment on column dashboard.prediction_scores.interval_coverage is 'The share of slots whose successes lay within the 90 % interval foretold; 0.9 is right.';
comment on column dashboard.prediction_scores.hardness is 'Mean log-odds against what came; the higher, the harder was the day to foretell.';

create or replace view dashboard.prediction_calibration as
select day, bin::int, sum(outcomes) as outcomes, sum(expected) / nullif(sum(outcomes), 0) as expected,
    sum(successes) / nullif(sum(outcomes), 0) as success_rate
from (
    select day, item.bin, item.outcomes::float8, (calibration -> 'expected' ->> (item.bin - 1)::int)::float8 as expected,
        (calibration -> 'successes' ->> (item.bin - 1)::int)::float8 as successes
    from scores, jsonb_array_elements_text(calibration -> 'outcomes') with ordinality as item (outcomes, bin)
) as bins
group by day, bin;
comment on view dashboard.prediction_calibration is 'Success rates foretold, in ten bins of equal width, beside what came.';
comment on column dashboard.prediction_calibration.day is 'The day of event time, UTC.';
comment on column dashboard.prediction_calibration.bin is 'Of rates up to a tenth, two tenths and so on: 1 to 10.';
comment on column dashboard.prediction_calibration.outcomes is 'Outcomes whose rate was foretold in it.';
comment on column dashboard.prediction_calibration.expected is 'The mean rate foretold; null without outcomes.';
comment on column dashboard.prediction_calibration.success_rate is 'The share of successes that came; null without outcomes.';

alter table predictions add column success_drift float8;
create or replace view dashboard.predictions as
select customer, service, tier, trigger, memory_mb, deadline_ms, success_rate, success_low,
    success_high, success_samples, success_level, success_baseline, invocations_per_day,
    invocations_per_day_low, invocations_per_day_high, demand_samples, forecast_from,
    invocations_per_hour, milli_cpu, hour_of_day, day_of_week, canary_gain, canary_why, as_of,
    invocations_by_day, week_of_year, popular_chance, success_drift
from predictions;
comment on column dashboard.predictions.success_drift is 'How much more its outcomes varied than chance explains; 1 where they did not.';

create table canaries (
    partition int not null,
    task text not null,
    rank int not null,
    customer text not null,
    service text not null,
    outcomes bigint not null,
    gain float8 not null,
    weight float8 not null,
    as_of timestamptz not null,
    primary key (partition, task, rank)
);
comment on table canaries is 'Which outcomes to get next: of each partition and task the twenty that would teach most.';

create or replace view dashboard.canaries as
select task, row_number() over (partition by task order by rank, gain desc, customer, service) as rank,
    customer, service, outcomes, gain, weight, as_of
from canaries;
comment on view dashboard.canaries is 'Which services to look at next, the most worth looking at first, for three tasks.';
comment on column dashboard.canaries.task is 'What the data is for: requests, money (CPU time by memory) or equal, all services the same.';
comment on column dashboard.canaries.rank is 'Counted from 1 in each task.';
comment on column dashboard.canaries.customer is 'Who owns the service.';
comment on column dashboard.canaries.service is 'The service.';
comment on column dashboard.canaries.outcomes is 'Outcomes of it that are known.';
comment on column dashboard.canaries.gain is 'By how much one more is expected to lower the task''s log-loss a day, in nats.';
comment on column dashboard.canaries.weight is 'Of the service in the task.';
comment on column dashboard.canaries.as_of is 'Event time up to which is known.';

grant select on dashboard.prediction_calibration, dashboard.canaries to dashboard;
