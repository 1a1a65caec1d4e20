-- State is packed already: compressing it again costs more than what it saves. What is written over
-- and over finds room on its own page.

alter table state alter column value set storage external;
alter table state set (fillfactor = 50);
