-- What the predictor foretells, and how well it did. A service has one row; its history has one row
-- a day, by day, for 30 days of event time; scores have a row a day and partition, for 400 days.

create table predictions (
    customer text not null,
    service text not null,
    tier text not null,
    trigger text,
    memory_mb float8,
    deadline_ms float8,
    success_rate float8 not null,
    success_low float8 not null,
    success_high float8 not null,
    success_samples bigint not null,
    success_level text not null,
    success_baseline float8 not null,
    invocations_per_day float8 not null,
    invocations_per_day_low float8 not null,
    invocations_per_day_high float8 not null,
    demand_samples bigint not null,
    forecast_from timestamptz,
    invocations_per_hour jsonb not null,
    milli_cpu jsonb not null,
    hour_of_day jsonb not null,
    day_of_week jsonb not null,
    canary_gain float8,
    canary_why text,
    as_of timestamptz,
    primary key (customer, service)
);
comment on table predictions is 'What is foretold of each service now.';
comment on column predictions.invocations_per_hour is '{"expected", "low", "high"}: a number for each hour from forecast_from on.';
comment on column predictions.as_of is 'Event time up to which is known; null before any was.';

create table prediction_history (
    day date not null,
    customer text not null,
    service text not null,
    success_rate float8 not null,
    success_low float8 not null,
    success_high float8 not null,
    success_samples bigint not null,
    success_level text not null,
    success_baseline float8 not null,
    invocations_per_day float8 not null,
    invocations_per_day_low float8 not null,
    invocations_per_day_high float8 not null,
    demand_samples bigint not null,
    as_of timestamptz not null,
    primary key (day, customer, service)
) partition by range (day);
comment on table prediction_history is 'The last prediction of each service and day, for 30 days of event time.';

create table scores (
    day date not null,
    partition int not null,
    outcomes bigint not null,
    successes bigint not null,
    log_loss float8 not null,
    baseline_log_loss float8 not null,
    new_outcomes bigint not null,
    new_log_loss float8 not null,
    new_baseline_log_loss float8 not null,
    primary key (day, partition)
);
comment on table scores is 'How well outcomes of a day were foretold: sums in nats, for 400 days of event time.';

-- Makes the partitions that `days` need, drops those out of retention, and returns the first day
-- that is kept; rows before it are not to be written.
create function prepare_history(days date[]) returns date
language plpgsql as $$
declare
    retention constant int := 30;
    day date;
    newest date;
    part text;
begin
    perform pg_advisory_xact_lock(hashtextextended('antiphase.partitions.predictions', 0));
    select max(to_date(right(relname, 8), 'YYYYMMDD')) into newest
    from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'prediction_history'::regclass;
    select greatest(newest, max(d)) into newest from unnest(days) d;
    foreach day in array days loop
        part := 'prediction_history_' || to_char(day, 'YYYYMMDD');
        continue when day <= newest - retention or to_regclass(part) is not null;
        execute format(
            'create table %I partition of prediction_history for values from (%L) to (%L)',
            part, day, day + 1);
    end loop;
    for part in
        select relname from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = 'prediction_history'::regclass
            and to_date(right(relname, 8), 'YYYYMMDD') <= newest - retention
    loop
        execute format('drop table %I', part);
    end loop;
    return newest - retention + 1;
end
$$;

create or replace view dashboard.predictions as
select customer, service, tier, trigger, memory_mb, deadline_ms, success_rate, success_low,
    success_high, success_samples, success_level, success_baseline, invocations_per_day,
    invocations_per_day_low, invocations_per_day_high, demand_samples, forecast_from,
    invocations_per_hour, milli_cpu, hour_of_day, day_of_week, canary_gain, canary_why, as_of
from predictions;
comment on view dashboard.predictions is 'What is foretold of each service now.';
comment on column dashboard.predictions.customer is 'Who owns the service.';
comment on column dashboard.predictions.service is 'The service.';
comment on column dashboard.predictions.tier is 'What the customer bought: guaranteed, burstable or best_effort; the last where it was never announced.';
comment on column dashboard.predictions.trigger is 'What invokes it; null when nobody said.';
comment on column dashboard.predictions.memory_mb is 'Memory allotted to an execution, in MB.';
comment on column dashboard.predictions.deadline_ms is 'Within how many milliseconds an execution has to end.';
comment on column dashboard.predictions.success_rate is 'The share of invocations that is expected to succeed.';
comment on column dashboard.predictions.success_low is 'Lower end of the rate''s 90 % interval.';
comment on column dashboard.predictions.success_high is 'Upper end of the rate''s 90 % interval.';
comment on column dashboard.predictions.success_samples is 'Outcomes of its own that the rate rests on; the older, the less they weigh.';
comment on column dashboard.predictions.success_level is 'Whose evidence is most of it: fleet, trigger, customer or service.';
comment on column dashboard.predictions.success_baseline is 'What the trivial baseline says: the fleet''s success rate.';
comment on column dashboard.predictions.invocations_per_day is 'Invocations a day that are expected over the coming days.';
comment on column dashboard.predictions.invocations_per_day_low is 'Lower end of their 90 % interval.';
comment on column dashboard.predictions.invocations_per_day_high is 'Upper end of their 90 % interval.';
comment on column dashboard.predictions.demand_samples is 'Five-minute slots of its own that demand rests on.';
comment on column dashboard.predictions.forecast_from is 'Event time of the first hour foretold.';
comment on column dashboard.predictions.invocations_per_hour is 'Invocations of the coming 24 hours: {"expected", "low", "high"}, a number an hour each, with the ends of 90 % intervals.';
comment on column dashboard.predictions.milli_cpu is 'CPU of the coming 24 hours in thousandths of a core, in the same form.';
comment on column dashboard.predictions.hour_of_day is 'How busy it is at each hour of the day, UTC, over its mean: 24 numbers.';
comment on column dashboard.predictions.day_of_week is 'How busy it is on each day from Monday on, over its mean: 7 numbers.';
comment on column dashboard.predictions.canary_gain is 'By how much one more outcome is expected to lower the log-loss of a day''s invocations, in nats; null when by nothing.';
comment on column dashboard.predictions.canary_why is 'Why, in one sentence.';
comment on column dashboard.predictions.as_of is 'Event time up to which is known; null before any was.';

create or replace view dashboard.prediction_history as
select day, customer, service, success_rate, success_low, success_high, success_samples,
    success_level, success_baseline, invocations_per_day, invocations_per_day_low,
    invocations_per_day_high, demand_samples, as_of
from prediction_history;
comment on view dashboard.prediction_history is 'The last prediction of each service and day, for 30 days of event time.';
comment on column dashboard.prediction_history.day is 'The day of event time, UTC.';
comment on column dashboard.prediction_history.customer is 'Who owns the service.';
comment on column dashboard.prediction_history.service is 'The service.';
comment on column dashboard.prediction_history.success_rate is 'The share of invocations that was expected to succeed.';
comment on column dashboard.prediction_history.success_low is 'Lower end of the rate''s 90 % interval.';
comment on column dashboard.prediction_history.success_high is 'Upper end of the rate''s 90 % interval.';
comment on column dashboard.prediction_history.success_samples is 'Outcomes of its own that the rate rested on.';
comment on column dashboard.prediction_history.success_level is 'Whose evidence was most of it.';
comment on column dashboard.prediction_history.success_baseline is 'The fleet''s success rate.';
comment on column dashboard.prediction_history.invocations_per_day is 'Invocations a day that were expected.';
comment on column dashboard.prediction_history.invocations_per_day_low is 'Lower end of their 90 % interval.';
comment on column dashboard.prediction_history.invocations_per_day_high is 'Upper end of their 90 % interval.';
comment on column dashboard.prediction_history.demand_samples is 'Five-minute slots that demand rested on.';
comment on column dashboard.prediction_history.as_of is 'Event time up to which was known.';

create or replace view dashboard.prediction_scores as
select day, sum(outcomes)::bigint as outcomes,
    sum(successes)::float8 / nullif(sum(outcomes), 0)::float8 as success_rate,
    sum(log_loss) / nullif(sum(outcomes), 0)::float8 as log_loss,
    sum(baseline_log_loss) / nullif(sum(outcomes), 0)::float8 as baseline_log_loss,
    sum(new_outcomes)::bigint as new_outcomes,
    sum(new_log_loss) / nullif(sum(new_outcomes), 0)::float8 as new_log_loss,
    sum(new_baseline_log_loss) / nullif(sum(new_outcomes), 0)::float8 as new_baseline_log_loss
from scores group by day;
comment on view dashboard.prediction_scores is 'How well each day''s outcomes were foretold before they were known; lower is better.';
comment on column dashboard.prediction_scores.day is 'The day of event time, UTC.';
comment on column dashboard.prediction_scores.outcomes is 'Outcomes that were scored.';
comment on column dashboard.prediction_scores.success_rate is 'The share of them that were successes.';
comment on column dashboard.prediction_scores.log_loss is 'Mean log-loss of the rates foretold, in nats.';
comment on column dashboard.prediction_scores.baseline_log_loss is 'The same of the trivial baseline, the fleet''s running rate.';
comment on column dashboard.prediction_scores.new_outcomes is 'Of these, outcomes of services of which at most ten were known.';
comment on column dashboard.prediction_scores.new_log_loss is 'Mean log-loss over these.';
comment on column dashboard.prediction_scores.new_baseline_log_loss is 'The same of the baseline.';

grant select on dashboard.predictions, dashboard.prediction_history, dashboard.prediction_scores
    to dashboard;
