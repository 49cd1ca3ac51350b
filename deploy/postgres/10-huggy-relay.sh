#!/usr/bin/env bash
# Run once by the image of PostgreSQL, as its superuser: a role for the relays that is no superuser, and a database that is the role's own.
set -euo pipefail
password=$(cat /run/secrets/database-password)
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set password="$password" <<'SQL'
CREATE ROLE huggy_relay LOGIN PASSWORD :'password';
CREATE DATABASE huggy_relay OWNER huggy_relay ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE huggy_relay FROM PUBLIC;
SQL
