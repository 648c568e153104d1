-- Leases of seconds: worth nothing after a crash, so they cost no log.
ALTER TABLE agent_presence SET UNLOGGED;
ALTER TABLE conversation_presence SET UNLOGGED;
