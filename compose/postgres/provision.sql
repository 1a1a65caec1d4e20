-- Schemas and roles: one of each a stage, and a reader for the dashboard. Safe to run again, as the
-- database's owner who may also create roles, or as a superuser.
--
-- A stage's role owns its schema and may add views to schema `dashboard`; the role `dashboard` may
-- read those views. Nobody else has anything here, and no role is a member of another. They cannot
-- log in until provision.sh gives them passwords; a superuser can act as each of them.
--
-- set antiphase.member = on beforehand makes the role that runs this a member of all of them: for
-- trying it out with one login for all processes, each of which could then become any other.
do $$
declare
    stages constant text[] := array['featurizer', 'learner', 'predictor', 'allocator'];
    is_super constant boolean := (select rolsuper from pg_roles where rolname = current_user);
    stays_member constant boolean := coalesce(
        nullif(current_setting('antiphase.member', true), '')::boolean, false);
    role text;
begin
    perform pg_advisory_xact_lock(hashtextextended('antiphase.provision', 0));
    create schema if not exists dashboard;
    foreach role in array stages || 'dashboard'::text loop
        -- Roles belong to the whole server: another database may be provisioned at this moment.
        begin
            execute format('create role %I nologin', role);
        exception
            when duplicate_object or unique_violation then null;
        end;
        if exists (select from pg_roles where rolname = role and (rolsuper or rolcreaterole
            or rolcreatedb or rolreplication or rolbypassrls)) then
            raise exception 'role % exists and has rights that no process of ours may have', role;
        end if;
    end loop;

    -- Who is no superuser must be a member to hand over a schema; only for that.
    if not is_super then
        foreach role in array stages || 'dashboard'::text loop
            execute format('grant %I to %I', role, current_user);
        end loop;
    end if;
    foreach role in array stages loop
        execute format('create schema if not exists %I authorization %I', role, role);
    end loop;
    foreach role in array stages || 'dashboard'::text loop
        continue when stays_member or not exists (
            select from pg_auth_members m where m.roleid = role::regrole
                and m.member = current_user::regrole);
        execute format('revoke %I from %I', role, current_user);
    end loop;

    -- Nothing for everybody.
    begin
        execute format('revoke all on database %I from public', current_database());
        revoke all on schema public from public;
    exception
        when insufficient_privilege then
            raise warning 'the rights of PUBLIC stay, for % owns neither database nor schema public',
                current_user;
    end;
    foreach role in array stages || 'dashboard'::text loop
        execute format('grant connect on database %I to %I', current_database(), role);
        execute format('grant usage on schema dashboard to %I', role);
        -- For whoever logs in as the role without saying more; the processes say it themselves.
        execute format(
            'alter role %I in database %I set search_path = %I', role, current_database(), role);
        execute format(
            'alter role %I in database %I set statement_timeout = %L', role, current_database(),
            case role when 'dashboard' then '30s' else '60s' end);
        execute format(
            'alter role %I in database %I set idle_in_transaction_session_timeout = %L', role,
            current_database(), '30s');
    end loop;
    foreach role in array stages loop
        execute format('grant create on schema dashboard to %I', role);
    end loop;
    execute format(
        'alter role dashboard in database %I set default_transaction_read_only = on',
        current_database());
end
$$;
