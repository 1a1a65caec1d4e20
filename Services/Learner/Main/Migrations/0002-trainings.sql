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

grant select on dashboard.trainings to dashboard;
