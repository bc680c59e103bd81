-- Run once by PostgreSQL's image, as the owner of the tables to come, when compose.yaml makes the database. The server may
-- read and write what is in them and change nothing about them, so it cannot switch off the triggers that keep the trail.
\getenv password POSTGRES_SERVER_PASSWORD
create role ground_truth_server login password :'password';
alter default privileges grant select, insert, update, delete on tables to ground_truth_server;
