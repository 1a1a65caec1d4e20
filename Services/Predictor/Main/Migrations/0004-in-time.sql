-- How often services succeed within their deadline.

alter table predictions
    add column success_in_time float8,
    add column success_in_time_low float8,
    add column success_in_time_high float8;

create or replace view dashboard.predictions as
select customer, service, tier, trigger, memory_mb, deadline_ms, success_rate, success_low,
    success_high, success_samples, success_level, success_baseline, invocations_per_day,
    invocations_per_day_low, invocations_per_day_high, demand_samples, forecast_from,
    invocations_per_hour, milli_cpu, hour_of_day, day_of_week, canary_gain, canary_why, as_of,
    invocations_by_day, week_of_year, popular_chance, success_drift, success_in_time,
    success_in_time_low, success_in_time_high
from predictions;
comment on column dashboard.predictions.success_in_time is 'The share of invocations that is expected to succeed and not to end after its deadline; null without a deadline, and before the fleet had one.';
comment on column dashboard.predictions.success_in_time_low is 'Lower end of that share''s 90 % interval.';
comment on column dashboard.predictions.success_in_time_high is 'Upper end of that share''s 90 % interval.';
