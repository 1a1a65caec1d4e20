-- Fits of the encoder, those too that were worse than the model in force and led to no release.

create table trainings (
    version int not null,
    fitted_to timestamptz not null,
    reason text not null,
    released boolean not null,
    metrics jsonb not null,
    trained_at timestamptz not null default now(),
    primary key (version, fitted_to)
);
comment on table trainings is 'One row a fit of the encoder, kept for 30 days.';

create or replace view dashboard.trainings as
select version, fitted_to, reason, released, metrics, trained_at
from trainings;
comment on view dashboard.trainings is 'When the encoder was fitted in the last 30 days, why, and whether it was released.';
comment on column dashboard.trainings.version is 'The version that it was released as, or would have been.';
comment on column dashboard.trainings.fitted_to is 'Event time of the end of the last slot it was fitted on.';
comment on column dashboard.trainings.reason is 'Why it was time.';
comment on column dashboard.trainings.released is 'Whether it took the place of the model in force: it does unless it is worse.';
comment on column dashboard.trainings.metrics is 'What it scored, and what the model in force scored on the same functions.';
comment on column dashboard.trainings.trained_at is 'When it was fitted.';

create table model_candidates (
    version int not null,
    fitted_to timestamptz not null,
    kernels int not null,
    precision text not null,
    encode_microseconds double precision not null,
    bytes int not null,
    recall_at_1 double precision not null,
    worst_gap double precision not null,
    mean_gap double precision not null,
    on_front boolean not null,
    chosen boolean not null,
    primary key (version, fitted_to, kernels, precision),
    foreign key (version, fitted_to) references trainings on delete cascade
);
comment on table model_candidates is 'The sizes that a fit tried: accuracy against cost.';

create or replace view dashboard.model_candidates as
select version, fitted_to, kernels, precision, encode_microseconds, bytes, recall_at_1, worst_gap,
       mean_gap, on_front, chosen
from model_candidates;
comment on view dashboard.model_candidates is 'The sizes that fits of the encoder tried: accuracy against cost.';
comment on column dashboard.model_candidates.version is 'The version that the fit was released as, or would have been.';
comment on column dashboard.model_candidates.fitted_to is 'Event time of the end of the last slot it was fitted on.';
comment on column dashboard.model_candidates.kernels is 'Features that were asked for: kernels with their biases.';
comment on column dashboard.model_candidates.precision is 'How the projection is kept: float32, float16 or int8.';
comment on column dashboard.model_candidates.encode_microseconds is 'What a function''s week takes to encode on one core, by the passes over it.';
comment on column dashboard.model_candidates.bytes is 'The size of the model.';
comment on column dashboard.model_candidates.recall_at_1 is 'The share of functions, left out of the fit, that are recognised from another time.';
comment on column dashboard.model_candidates.worst_gap is 'How much worse that is for the customer served worst than for all.';
comment on column dashboard.model_candidates.mean_gap is 'How far customers lie from all, on average.';
comment on column dashboard.model_candidates.on_front is 'No other is as accurate, as fast and as small, and better in one.';
comment on column dashboard.model_candidates.chosen is 'The least that is within half a point of the best, within the budget.';

grant select on dashboard.trainings, dashboard.model_candidates to dashboard;
