-- What the runtime keeps for a stage: the same tables in every stage's schema.

create table checkpoints (
    partition int primary key,
    epoch bigint not null,
    owner text not null,
    positions jsonb not null default '{}',
    fences jsonb not null default '{}',
    lag_messages bigint not null default 0,
    claimed_at timestamptz not null default now(),
    checkpointed_at timestamptz
);
comment on table checkpoints is 'One row a partition: who owns it and how far it has been processed.';
comment on column checkpoints.epoch is 'Rises by one with every claim; a checkpoint of an older epoch is refused.';
comment on column checkpoints.positions is 'The next offset to read of each topic.';
comment on column checkpoints.fences is 'The highest epoch seen of each writer; messages of a lower one are ignored.';

create table state (
    partition int not null,
    key text not null,
    value bytea not null,
    primary key (partition, key)
);
comment on table state is 'The stage''s state, as of the checkpoint.';

create table rejections (
    partition int not null,
    topic text not null,
    reason text not null,
    messages bigint not null,
    last_detail text not null,
    last_offset bigint not null,
    last_rejected_at timestamptz not null default now(),
    primary key (partition, topic, reason)
);
comment on table rejections is 'How many messages were not taken, by reason; the messages are on topic rejections.';

do $$
declare
    stage text := current_schema();
    view text;
begin
    view := stage || '_checkpoints';
    execute format(
        'create view dashboard.%I as
         select partition, epoch, owner, lag_messages, claimed_at, checkpointed_at from %I.checkpoints',
        view, stage);
    execute format('comment on view dashboard.%I is %L', view, 'How far each partition of the stage is.');
    execute format('comment on column dashboard.%I.partition is %L', view, 'The partition number.');
    execute format('comment on column dashboard.%I.epoch is %L', view, 'How often the partition was claimed.');
    execute format('comment on column dashboard.%I.owner is %L', view, 'The process that claimed it last: host and process id.');
    execute format('comment on column dashboard.%I.lag_messages is %L', view, 'Messages waiting in its topics at the last checkpoint.');
    execute format('comment on column dashboard.%I.claimed_at is %L', view, 'When it was claimed last.');
    execute format('comment on column dashboard.%I.checkpointed_at is %L', view, 'When its owner last kept its state.');
    execute format('grant select on dashboard.%I to dashboard', view);

    view := stage || '_rejections';
    execute format(
        'create view dashboard.%I as
         select topic, reason, sum(messages)::bigint as messages,
                (array_agg(last_detail order by last_rejected_at desc))[1] as last_detail,
                max(last_rejected_at) as last_rejected_at
         from %I.rejections group by topic, reason',
        view, stage);
    execute format('comment on view dashboard.%I is %L', view, 'Messages that the stage did not take.');
    execute format('comment on column dashboard.%I.topic is %L', view, 'Where they were read.');
    execute format('comment on column dashboard.%I.reason is %L', view, 'Why they were not taken.');
    execute format('comment on column dashboard.%I.messages is %L', view, 'How many.');
    execute format('comment on column dashboard.%I.last_detail is %L', view, 'What was wrong with the last one.');
    execute format('comment on column dashboard.%I.last_rejected_at is %L', view, 'When the last one was read.');
    execute format('grant select on dashboard.%I to dashboard', view);
end
$$;
