import Postgres
import TestSupport

/// SQL that a process of ours never says.
enum Attempts {
    /// At every table, view, sequence, type and function of schemas that are not the role's.
    static func onOthers(of role: String, _ opened: consuming Session) throws -> [String] {
        var session = opened
        var attempts: [String] = []
        let relations = try session.execute(
            """
            select quote_ident(nspname) || '.' || quote_ident(relname), relkind::text,
                (select quote_ident(attname) from pg_attribute
                    where attrelid = c.oid and attnum = 1)
            from pg_class c join pg_namespace n on n.oid = relnamespace
            where nspname = any ($1) and nspname <> $2 and relkind in ('r', 'p', 'v', 'm', 'S')
                and not (nspname = 'dashboard' and (relowner = $2::regrole or $2 = 'dashboard'))
            order by 1
            """, .textArray(SeededTables.stages + ["dashboard"]), .text(role))
        for relation in relations {
            let (name, kind, column) = (
                relation[0] as String, relation[1] as String, relation[2] as String
            )
            attempts += [
                "select * from \(name)", "select \(column) from \(name) for update",
                "insert into \(name) default values", "update \(name) set \(column) = \(column)",
                "delete from \(name)", "comment on column \(name).\(column) is 'x'",
            ]
            let word = kind == "v" ? "view" : "table"
            attempts += [
                "drop \(word) \(name)", "alter \(word) \(name) rename to x",
                "alter \(word) \(name) set schema \(role)", "grant select on \(name) to \(role)",
            ]
            if kind == "v" {
                attempts.append("create or replace view \(name) as select 1")
            } else {
                attempts += [
                    "truncate \(name)", "alter table \(name) add column x int",
                    "create index on \(name) (\(column))", "lock table \(name)",
                    "create rule x as on insert to \(name) do nothing",
                    "alter table \(name) enable row level security",
                ]
            }
        }
        let functions = try session.execute(
            """
            select p.oid::regprocedure::text, quote_ident(nspname) || '.' || quote_ident(proname) || '(' ||
                array_to_string(array(select 'null::' || format_type(t, null)
                    from unnest(proargtypes) t), ', ') || ')'
            from pg_proc p join pg_namespace n on n.oid = pronamespace
            where nspname = any ($1) and nspname <> $2
            """, .textArray(SeededTables.stages), .text(role))
        for function in functions {
            attempts += [
                "select \(function[1] as String)", "drop function \(function[0] as String)",
                "alter function \(function[0] as String) security definer",
            ]
        }
        for schema in SeededTables.stages + ["public"] where schema != role {
            attempts += [
                "create table \(schema).x (i int)", "create view \(schema).x as select 1",
                "create sequence \(schema).x", "create type \(schema).x as (i int)",
                "create function \(schema).x() returns int language sql as 'select 1'",
                "drop schema \(schema) cascade", "alter schema \(schema) rename to x",
                "alter schema \(schema) owner to \(role)",
                "grant all on schema \(schema) to \(role)",
            ]
        }
        return attempts + [
            "drop schema dashboard cascade", "alter schema dashboard owner to \(role)",
            "create table public.x (i int)",
        ]
    }

    /// At secrets, files, programs, other roles and the server itself.
    static func onServer(by role: String) -> [String] {
        let other = role == "learner" ? "allocator" : "learner"
        return [
            "select * from pg_authid", "select * from pg_shadow",
            "select * from pg_catalog.pg_hba_file_rules", "select * from pg_file_settings",
            "select * from pg_statistic", "select * from pg_user_mapping",
            "select * from pg_config", "select * from pg_subscription",
            "select pg_read_file('/etc/passwd')", "select pg_read_binary_file('/etc/passwd')",
            "select pg_ls_dir('.')", "select pg_stat_file('PG_VERSION')", "select pg_ls_logdir()",
            "select lo_import('/etc/passwd')", "select lo_export(1, '/tmp/x')",
            "copy pg_class to '/tmp/x'", "copy (select 1) to '/tmp/x'",
            "copy (select 1) to program 'id'",
            "select pg_reload_conf()", "select pg_rotate_logfile()", "select pg_switch_wal()",
            "select pg_create_restore_point('x')", "select pg_promote()",
            "select pg_stat_reset()", "select pg_current_logfile()",
            "select pg_terminate_backend(pid) from pg_stat_activity "
                + "where usename <> current_user",
            "set role \(other)", "set role postgres", "set role pg_read_all_data",
            "set role pg_execute_server_program", "set session authorization \(other)",
            "set session_replication_role = replica", "set log_statement = none",
            "alter system set ssl = off", "alter role \(role) superuser",
            "alter role \(role) createrole", "alter role \(role) bypassrls",
            "alter role \(other) password 'x'", "alter role \(other) set search_path = x",
            "alter role postgres password 'x'", "grant \(other) to \(role)",
            "grant pg_read_all_data to \(role)", "create role x", "drop role \(other)",
            "create database x", "drop database postgres", "alter database antiphase rename to x",
            "create schema x", "create temp table x (i int)", "create extension dblink",
            "create extension file_fdw", "create tablespace x location '/tmp'",
            "create foreign data wrapper x", "create publication x for all tables",
            "create subscription x connection '' publication x",
            "create event trigger x on ddl_command_start execute function pg_notify()",
            "create cast (text as int) without function",
            "create access method x type table handler x",
            "load '/tmp/x.so'", "checkpoint",
            "create function c(int) returns int language c as '/tmp/x.so', 'c'",
            "create function i(int) returns int language internal as 'int4abs'",
            "drop owned by \(other)", "reassign owned by \(other) to \(role)",
        ]
    }
}
