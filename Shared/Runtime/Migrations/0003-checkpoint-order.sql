-- A checkpoint holds what changed since the one before, so it is worth nothing without that one.

alter table checkpoints add column checkpoint bigint not null default 0;
comment on column checkpoints.checkpoint is
    'Rises by one with every checkpoint; one that does not follow on the last that is here is refused.';
comment on column checkpoints.epoch is
    'Rises with every claim, and is at least its time in seconds since 1970; a checkpoint of an older epoch is refused.';
